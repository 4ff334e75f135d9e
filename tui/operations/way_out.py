"""How a handler reaches Clickatell where that is not straight: a proxy, and certificates of one's own."""

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storage.records import Handler
from tui.operations.errors import Refused
from tui.operations.gateway_address import LONGEST

PROXY, PROXY_PASSWORD, CA_FILE = "Proxy", "Proxy Password", "CA File"
EXAMPLE = "http://proxy.example:3128"


def check_proxy(text: str) -> str | None:
    """The proxy's address, tidied; None for no proxy. Raises `Refused` naming the field and the remedy."""
    address = text.strip().rstrip("/")
    if not address:
        return None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Refused(f"{PROXY} is not an address: write it like {EXAMPLE}", PROXY) from None
    if parts.scheme not in ("http", "https") or not host:
        raise Refused(f"{PROXY} must begin with http:// or https:// and a host, like {EXAMPLE}", PROXY)
    if parts.password is not None:
        raise Refused(f"{PROXY} must hold no password: enter it as {PROXY_PASSWORD}", PROXY)
    if parts.path or parts.query or parts.fragment:
        raise Refused(f"{PROXY} ends after the port: write it like {EXAMPLE}", PROXY)
    if len(address) > LONGEST or not address.isprintable() or " " in address:
        raise Refused(f"{PROXY} is not an address: write it like {EXAMPLE}", PROXY)
    return address


def check_ca_file(text: str) -> str | None:
    """The path of a file of certificates, looked into; None for none. Raises `Refused`."""
    name = text.strip()
    if not name:
        return None
    path = Path(name).expanduser()
    if not path.is_absolute() or not name.isprintable():
        raise Refused(f"{CA_FILE} must be a whole path, like /etc/ssl/certs/own-ca.pem", CA_FILE)
    try:
        if not path.is_file():
            raise FileNotFoundError
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(str(path))
    except (OSError, ValueError):  # one sentence: it does not say what else lies on this machine
        raise Refused(f"{CA_FILE} {name} cannot be read as certificates in PEM form", CA_FILE) from None
    return str(path)


def check_way_out(proxy: str, password: str | None, ca_file: str, before: Handler | None) -> dict[str, Any]:
    """The columns to write. A kept password never goes to another proxy. Raises `Refused`.

    `password` None keeps the one that is there; `before` is the handler being edited, None for a new one.
    """
    address = check_proxy(proxy)
    if password and not address:
        raise Refused(f"{PROXY_PASSWORD} belongs to a {PROXY}: enter its address", PROXY)
    if password and not password.isprintable():
        raise Refused(f"{PROXY_PASSWORD} holds a line break or another control character", PROXY_PASSWORD)
    kept = before is not None and before.proxy_secret_hint is not None and password is None
    if kept and address and before is not None and address != before.proxy:
        raise Refused(f"{PROXY} changed: enter the {PROXY_PASSWORD} again", PROXY_PASSWORD)
    return {"proxy": address, "ca_file": check_ca_file(ca_file)}
