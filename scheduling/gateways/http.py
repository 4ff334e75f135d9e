"""One handler's connections to its gateway: a request goes out, a reply or a failure comes back.

The only module that knows the HTTP library; a fork of it can take its place in the import.
What it adds: an outer time limit, a limit on the answer's size, and the one question that
decides about a resend: had anything been written when it failed?
"""

import errno
import functools
import logging
import socket
import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

import certifi
import httpx

from scheduling import fault_points
from scheduling.clock import Clock
from scheduling.deadline import within
from scheduling.gateways.advice import Cause
from scheduling.gateways.outcome import HandlerConfig
from scheduling.gateways.reply import Failure, Reply
from scheduling.gateways.unpacking import TooLarge, unpacked
from scheduling.gateways.wording import outside_text
from storage.vocabulary import OutcomeKind

MOST_BODY_BYTES = 2_000_000
KEEPALIVE_SECONDS = 5.0  # under the gateway's own limit: a request on a dying connection ends as unknown
POOL_SECONDS = 5.0

# At DEBUG they log headers and addresses.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(slots=True)
class _Progress:
    """How far a request has come, told by the transport's trace events. Times are boot time."""

    clock: Clock
    begun: float = 0.0
    heard: float = 0.0  # when the last part of the answer came, or the request was whole
    written: bool = False
    is_sent: bool = False
    in_tls: bool = False
    asks_proxy: bool = False

    def __post_init__(self) -> None:
        self.begun = self.heard = self.clock.boottime()

    def hears(self) -> None:
        self.heard = self.clock.boottime()

    async def trace(self, event: str, info: Mapping[str, object]) -> None:
        # Asking a proxy for a tunnel writes headers too: nothing of the message is in them.
        if getattr(info.get("request"), "method", b"") == b"CONNECT":
            self.asks_proxy = True
        if self.asks_proxy and not event.endswith("start_tls.started"):
            return
        self.asks_proxy = False
        self.written = self.written or event.endswith("send_request_headers.started")
        if event.endswith("send_request_body.complete"):
            self.is_sent = True
            self.hears()
            fault_points.passing("after-request")
        self.in_tls = event.endswith("start_tls.started") or (self.in_tls and "start_tls" in event)


class _TooLarge(Exception):
    """The answer is longer than `MOST_BODY_BYTES`."""


class Connection:
    """The connections of one handler, kept open between calls; used from one event loop.

    `transport` takes the network's place in tests.
    """

    def __init__(
        self,
        cfg: HandlerConfig,
        clock: Clock,
        *,
        secrets: Collection[str] = (),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._cfg = cfg
        self._clock = clock
        self._secrets = (*secrets, cfg.proxy_password) if cfg.proxy_password else tuple(secrets)
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, bytes], content: bytes | None = None
    ) -> Reply | Failure:
        """The answer to one request, within the handler's total time limit.

        Raises nothing for what a network or a gateway does; a cancellation passes through.
        """
        if self._closed:
            return Failure(OutcomeKind.NOT_SENT, "the handler has been stopped", Cause.CLOSED_HERE)
        progress = _Progress(self._clock)
        exchange = self._exchange(method, url, headers, content, progress)
        try:
            return await within(self._clock, exchange, lambda: self._limit(progress))
        except TimeoutError:
            return self._out_of_time(url, progress)

    def _limit(self, progress: "_Progress") -> float:
        """The boot time until which there must be an answer, as things stand.

        Until all is sent it is never further off than a silence may last: it is asked again only when it
        has passed, and the silence may begin at any moment.
        """
        ends = progress.begun + self._cfg.total_timeout
        heard = progress.heard if progress.is_sent else self._clock.boottime()
        return min(ends, heard + self._cfg.read_timeout)

    async def aclose(self) -> None:
        """Close every connection; later requests fail as not sent."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def __repr__(self) -> str:
        return f"Connection({self._cfg!r})"

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=_tls_context(self._cfg.ca_file),
                transport=self._transport,
                proxy=self._proxy(),
                limits=httpx.Limits(
                    max_connections=self._cfg.max_connections,
                    max_keepalive_connections=self._cfg.max_connections,
                    keepalive_expiry=KEEPALIVE_SECONDS,
                ),
                timeout=httpx.Timeout(
                    connect=self._cfg.connect_timeout,
                    # Ours (`_limit`): the library's own counts also where we stood still, and throws
                    # away the answer that lies complete in the socket.
                    read=None,
                    write=None,
                    pool=POOL_SECONDS,
                ),
                follow_redirects=False,
                trust_env=False,
                # Credentials in an address would otherwise replace the Authorization header.
                auth=lambda request: request,
                headers={"User-Agent": "commsdesk", "Accept-Encoding": "identity"},
            )
        return self._client

    def _proxy(self) -> httpx.Proxy | None:
        if self._cfg.proxy is None:
            return None
        parts = urlsplit(self._cfg.proxy)
        user, password = unquote(parts.username or ""), self._cfg.proxy_password
        address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
        return httpx.Proxy(
            address,
            auth=(user, password) if user or password else None,
            ssl_context=_tls_context(self._cfg.ca_file) if parts.scheme == "https" else None,
        )

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, bytes], content: bytes | None, progress: _Progress
    ) -> Reply | Failure:
        try:
            request = self._open().build_request(
                method,
                url,
                headers=[(name.encode("ascii"), value) for name, value in headers.items()],
                content=content,
                extensions={"trace": progress.trace},
            )
            response = await self._open().send(request, stream=True)
            progress.written = True  # whatever becomes of the body
            try:
                progress.hears()
                if self._cfg.proxy is not None and response.status_code == _PROXY_WANTS_LOGIN:
                    return self._refused_by_proxy(f"{response.status_code} {response.reason_phrase}")
                return Reply(response.status_code, dict(response.headers), await _read(response, progress))
            finally:
                await response.aclose()
        # A port beyond 65535 comes as an ExceptionGroup, a bad host name as a ValueError.
        except Exception as error:
            return self._failure(error, url, progress)

    def _failure(self, error: Exception, url: str, progress: _Progress) -> Failure:
        if isinstance(error, httpx.ProxyError):
            return self._refused_by_proxy(str(error))
        kind = OutcomeKind.UNKNOWN if progress.written else OutcomeKind.NOT_SENT
        if progress.written:
            cause, sentence = self._after_writing(error)
        else:
            cause, sentence = self._before_writing(error, self._met_first(url, progress), progress)
        return Failure(kind, outside_text(sentence, self._secrets), cause)

    def _met_first(self, url: str, progress: _Progress) -> str:
        """Who did not answer: the proxy, until it has let us through."""
        return _place(self._cfg.proxy if self._cfg.proxy and not progress.in_tls else url)

    def _refused_by_proxy(self, said: str) -> Failure:
        """Nothing reached the gateway: the proxy answered in its place."""
        sentence = f"the proxy {_place(self._cfg.proxy or '')} refused: {said.strip()}"
        return Failure(OutcomeKind.NOT_SENT, outside_text(sentence, self._secrets), Cause.PROXY)

    def _before_writing(self, error: Exception, place: str, progress: _Progress) -> tuple[Cause, str]:
        """Why nothing was written; the roots are looked at, as the library's own texts are vague."""
        roots = list(_roots(error))
        if isinstance(error, BadCaFile):
            return Cause.CA_FILE, str(error)
        if isinstance(error, httpx.PoolTimeout):
            return Cause.ALL_BUSY, f"all {self._cfg.max_connections} connections of the handler are in use"
        if isinstance(error, httpx.ConnectTimeout):
            stage = "TLS failed: no answer from" if progress.in_tls else "no connection to"
            cause = Cause.TLS if progress.in_tls else Cause.NO_CONNECTION
            return cause, f"{stage} {place} within {self._cfg.connect_timeout:g} s"
        if any(isinstance(root, socket.gaierror) for root in roots):
            return Cause.DNS, f"DNS name not found: {place.rpartition(':')[0]}"
        for root in roots:
            if isinstance(root, ssl.SSLCertVerificationError):
                return Cause.TLS, f"TLS failed: {root.verify_message or 'certificate refused'} ({place})"
            if isinstance(root, ssl.SSLError):
                reason = (root.reason or "no secure connection").replace("_", " ").lower()
                return Cause.TLS, f"TLS failed: {reason} ({place})"
        if progress.in_tls:
            return Cause.TLS, f"TLS failed: connection closed by {place}"
        if any(isinstance(root, ConnectionRefusedError) for root in roots):
            return Cause.REFUSED, f"connection refused by {place}"
        if any(isinstance(root, OSError) and root.errno in _NO_ROUTE for root in roots):
            return Cause.UNREACHABLE, f"network unreachable: no route to {place}"
        if isinstance(error, httpx.ConnectError | httpx.ReadError | httpx.WriteError):
            return Cause.NO_CONNECTION, f"no connection to {place}: {roots[-1]}"
        if isinstance(error, _ADDRESS_ERRORS) or any(isinstance(root, OverflowError) for root in roots):
            return Cause.BAD_ADDRESS, f"the gateway's address is not usable: {roots[-1]}"
        return Cause.OTHER, f"request failed before it was sent: {roots[-1] or type(roots[-1]).__name__}"

    def _after_writing(self, error: Exception) -> tuple[Cause, str]:
        if isinstance(error, _TooLarge):
            return Cause.UNREADABLE, f"the answer is larger than {MOST_BODY_BYTES // 1_000_000} MB"
        if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
            if "without sending complete" in str(error) or "incomplete" in str(error):
                return Cause.LOST, "the answer was cut off"
            return Cause.UNREADABLE, "the answer is not HTTP"
        if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
            return Cause.LOST, "connection closed after the request was sent"
        return Cause.OTHER, f"request failed after it was sent: {error or type(error).__name__}"

    def _out_of_time(self, url: str, progress: _Progress) -> Failure:
        seconds = f"{self._cfg.total_timeout:g} s"
        if self._limit(progress) < progress.begun + self._cfg.total_timeout:
            silent = f"no answer within {self._cfg.read_timeout:g} s"
            return Failure(OutcomeKind.UNKNOWN, silent, Cause.NO_ANSWER)
        if progress.written:
            return Failure(OutcomeKind.UNKNOWN, f"no complete answer within {seconds}", Cause.NO_ANSWER)
        return Failure(
            OutcomeKind.NOT_SENT,
            f"no connection to {self._met_first(url, progress)} within {seconds}",
            Cause.NO_CONNECTION,
        )


_PROXY_WANTS_LOGIN = 407  # no gateway's own status
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_ADDRESS_ERRORS = (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError)


async def _read(response: httpx.Response, progress: _Progress) -> bytes:
    parts: list[bytes] = []
    length = 0
    # Raw, so that the limit holds before and after unpacking.
    async for part in response.aiter_raw():
        progress.hears()
        length += len(part)
        if length > MOST_BODY_BYTES:
            raise _TooLarge
        parts.append(part)
    try:
        return unpacked(b"".join(parts), response.headers.get("content-encoding", ""), MOST_BODY_BYTES)
    except TooLarge:
        raise _TooLarge from None


def _roots(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that lie behind it, the outermost first."""
    waiting, known = [error], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in known:
            continue
        known.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
        waiting.extend(behind for behind in (current.__cause__, current.__context__) if behind is not None)


def _place(url: str) -> str:
    """`HOST:PORT` of an address: never its credentials, path or query."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "the gateway's address"
    host = parts.hostname or "?"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def forget_certificates() -> None:
    """Let the next connection read the machine's roots anew."""
    _tls_context.cache_clear()


class BadCaFile(Exception):
    """The handler's own file of certificates cannot be used."""


@functools.cache
def _tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """One for the process and file (building it takes 20 ms): the library's roots, the machine's own
    (SSL_CERT_FILE and SSL_CERT_DIR name others), and those of `ca_file`. Raises `BadCaFile`.

    Not `ssl.create_default_context`: that writes session keys to SSLKEYLOGFILE, and fails where it cannot.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    context.load_default_certs()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:  # SSLError: what it holds is no certificate
            raise BadCaFile(f"CA File {ca_file} cannot be used: {_why(error)}") from None
    return context


def _why(error: OSError) -> str:
    return "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or "unreadable"
