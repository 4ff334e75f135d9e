"""Whether an address is on this machine: the local Clickatell neither serves nor calls any other."""

import ipaddress
from urllib.parse import SplitResult, urlsplit


def is_loopback(host: str) -> bool:
    """True for `localhost` and the loopback addresses of IPv4 and IPv6."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def loopback_url(url: str) -> SplitResult:
    """The parts of a plain HTTP URL on this machine. Raises `ValueError` for any other."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or "") or parts.port == 0:
        raise ValueError(f"{url!r} is not an http:// URL with a loopback address.")
    return parts
