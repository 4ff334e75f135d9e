"""Addresses of the gateway as operators type them: which are refused, and which are only warned of."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from tui.operations.errors import Refused

LONGEST = 500


def check_address(text: str, field: str, example: str, *, preset: str = "", allow_plain_http: bool) -> str:
    """The address, tidied. Raises `Refused` naming the field and the remedy.

    Plain http is let through to this machine itself, and elsewhere only when allowed.
    """
    address = text.strip().rstrip("/")
    example = preset or example
    if not address:
        raise Refused(f"{field} is empty: {'the preset is' if preset else 'write it like'} {example}", field)
    if len(address) > LONGEST or not address.isprintable() or " " in address:
        raise Refused(f"{field} is not an address: write it like {example}", field)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Refused(f"{field} is not an address: write it like {example}", field) from None
    if parts.scheme not in ("http", "https") or not host:
        raise Refused(f"{field} must begin with https:// and a host: write it like {example}", field)
    if parts.username or parts.password:
        raise Refused(f"{field} must hold no user name or password: enter them in their own fields", field)
    if parts.query or parts.fragment:
        raise Refused(f"{field} must hold no ? or #: write it like {example}", field)
    if parts.scheme == "http" and not is_loopback(host) and not allow_plain_http:
        raise Refused(
            f"{field} is plain http, over which anyone on the way can read the secret:"
            " use https, or allow it",
            field,
            hint="--allow-plain-http",
        )
    return address


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, so that nothing leaves it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def plain_http_warning(address: str | None) -> str | None:
    """What to show on a handler whose secret crosses a network in clear."""
    if not address:
        return None
    parts = urlsplit(address)
    if parts.scheme != "http" or is_loopback(parts.hostname or ""):
        return None
    return f"plain http to {parts.hostname}: anyone on the way can read the secret and the messages"
