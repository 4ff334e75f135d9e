"""Who is let in: pure decisions about one request, made before anything else is done with it.

Three things are needed to get in, and each meets another attack. The *place* is a random first
part of every path: browsers send cookies to every port of a host, but only below the path that
set them, so a server on another port never sees ours. The *token* opens the first page, once it
is in an address that a person was given; the *cookie* that this page sets opens the rest. Host
and Origin keep out pages of other sites, whatever name they give this machine.
"""

import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK_NAMES = ("127.0.0.1", "localhost")
USED_UP_AFTER = 30.0  # seconds in which a browser may ask again for a page whose token counts once


def _random() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Asked:
    """What a request says of itself. `page` is the address of the console, `token` its query's."""

    method: str
    path: str
    host: str | None = None
    origin: str | None = None
    fetch_site: str | None = None
    cookie: str | None = None
    token: str | None = None
    websocket: bool = False


@dataclass
class Keys:
    """The secrets of one server. With `once` the token is used up soon after its first use."""

    once: bool = False
    now: Callable[[], float] = time.monotonic
    place: str = field(default_factory=_random)
    token: str = field(default_factory=_random)
    cookie: str = field(default_factory=_random)
    _first_used: float | None = None

    @property
    def cookie_name(self) -> str:
        return f"commsdesk-{self.place[:8]}"

    def opens(self, token: str | None) -> bool:
        """Whether the token lets somebody in at this moment."""
        if not same(token, self.token):
            return False
        if not self.once:
            return True
        if self._first_used is None:
            self._first_used = self.now()
        return self.now() - self._first_used < USED_UP_AFTER


@dataclass(frozen=True)
class Guard:
    """The rules of one server.

    `hosts` and `origins` are what the browser may call this server by. With `any_host` it stands
    behind a proxy that has asked people who they are and whose name is not known here: then Host
    may be anything, and Origin must be the same.
    """

    keys: Keys
    hosts: frozenset[str]
    origins: frozenset[str]
    any_host: bool = False

    @classmethod
    def at(cls, port: int, keys: Keys, public_url: str | None = None, *, any_host: bool = False) -> "Guard":
        """For a server on this port of loopback, which people may also reach by `public_url`."""
        hosts = {f"{name}:{port}" for name in LOOPBACK_NAMES}
        origins = {f"http://{host}" for host in hosts}
        if public_url is not None:
            parts = urlsplit(public_url)
            hosts.add(parts.netloc.lower())
            origins.add(f"{parts.scheme}://{parts.netloc}".lower())
        return cls(keys, frozenset(hosts), frozenset(origins), any_host)

    def refusal(self, asked: Asked) -> str | None:
        """Why the request is refused; None lets it in. Nothing of the request is in the sentence."""
        if asked.method != "GET":
            return "its method is not GET"
        host = (asked.host or "").lower()
        if not host or not (self.any_host or host in self.hosts):
            return "its Host is not an address of this server (--public-url names another)"
        if asked.origin is None:
            if asked.websocket:
                return "a websocket without an Origin"
        elif not self._is_ours(asked.origin, host):
            return "its Origin is another site"
        place, _, rest = asked.path.removeprefix("/").partition("/")
        page = not rest and asked.path.endswith("/") and not asked.websocket
        if not page and asked.fetch_site not in (None, "same-origin", "none"):
            return "another site's page has asked for it"
        if not same(place, self.keys.place):
            return "its path is not an address of this server"
        if same(asked.cookie, self.keys.cookie) or (page and self.keys.opens(asked.token)):
            return None
        return "it has neither the token nor the cookie"

    def _is_ours(self, origin: str, host: str) -> bool:
        if not self.any_host:
            return origin.lower() in self.origins
        try:
            parts = urlsplit(origin.lower())
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc == host


def same(given: str | None, secret: str) -> bool:
    """Compared in a time that tells nothing about the secret."""
    return hmac.compare_digest((given or "").encode("utf-8", "replace"), secret.encode())


def headers(framed_by: Iterable[str] = ()) -> dict[str, str]:
    """What every answer says to the browser: nothing from elsewhere, in no other site's frame.

    `framed_by` are origins whose pages may hold the console, besides its own.
    """
    others = tuple(framed_by)
    ancestors = " ".join(["'self'", *others])
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}"
    )
    found = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Server": "commsdesk",
    }
    if not others:
        found["X-Frame-Options"] = "SAMEORIGIN"
    return found
