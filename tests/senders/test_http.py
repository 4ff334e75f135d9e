"""What a handler's connection makes of every way in which a network can fail."""

import asyncio
import socket
import ssl
from dataclasses import replace

import httpx
import pytest

from scheduling.clock import SystemClock
from scheduling.senders.advice import CAUSES, Cause
from scheduling.senders.http import Connection, Failure, Reply
from scheduling.senders.outcome import OutcomeKind
from tests.senders.raw_server import Visit, raw_server, unused_port
from tests.senders.support import ONE

QUICK = replace(ONE, connect_timeout=0.3, read_timeout=0.3, total_timeout=2.0)
GOOD = b'{"messages":[]}'


async def post(url: str, cfg=QUICK, content: bytes = b"x" * 300, **options) -> Reply | Failure:
    connection = Connection(cfg, SystemClock(), **options)
    try:
        return await connection.request("POST", url, headers={"Accept": b"*/*"}, content=content)
    finally:
        await connection.aclose()


async def test_a_complete_answer_comes_back_whole():
    async def act(visit: Visit) -> None:
        await visit.request()
        await visit.write(b"HTTP/1.1 207 Multi\r\nRetry-AFTER: 7\r\nContent-Length: 2\r\n\r\nok")

    async with raw_server(act) as server:
        reply = await post(server.url)
    assert reply == Reply(207, {"retry-after": "7", "content-length": "2"}, b"ok")


async def _reset_after(visit: Visit) -> None:
    await visit.request()
    visit.reset()


async def _close_after(visit: Visit) -> None:
    await visit.request()


async def _reset_at_once(visit: Visit) -> None:
    await visit.reader.readexactly(1)
    visit.reset()


async def _hang(visit: Visit) -> None:
    await visit.hang()


async def _half_body(visit: Visit) -> None:
    await visit.request()
    await visit.answer(GOOD, length=1000)


async def _half_headers(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"HTTP/1.1 202 Accepted\r\nContent-Le")


async def _cut_chunk(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{")


async def _garbage(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"220 mail.example ESMTP\r\n\r\n")


async def _endless_headers(visit: Visit) -> None:
    await visit.request()
    await visit.write(b"HTTP/1.1 202 Accepted\r\n" + b"X-Pad: " + b"y" * 300_000)


@pytest.mark.parametrize(
    ("act", "words", "cause"),
    [
        (_reset_after, "connection closed after the request was sent", Cause.LOST),
        (_close_after, "connection closed after the request was sent", Cause.LOST),
        (_reset_at_once, "connection closed after the request was sent", Cause.LOST),
        (_hang, "no answer within 0.3 s", Cause.NO_ANSWER),
        (_half_body, "the answer was cut off", Cause.LOST),
        (_half_headers, "connection closed after the request was sent", Cause.LOST),
        (_cut_chunk, "the answer was cut off", Cause.LOST),
        (_garbage, "the answer is not HTTP", Cause.UNREADABLE),
        (_endless_headers, "the answer is not HTTP", Cause.UNREADABLE),
    ],
)
async def test_whatever_fails_after_writing_is_unknown(act, words, cause):
    async with raw_server(act) as server:
        result = await post(server.url)
    assert result == Failure(OutcomeKind.UNKNOWN, words, cause)
    assert result.advice == CAUSES[cause].check


async def test_a_slow_drip_meets_the_total_limit():
    async def drip(visit: Visit) -> None:
        await visit.request()
        await visit.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
        while not visit.writer.transport.is_closing():
            await visit.write(b"x")
            await asyncio.sleep(0.05)  # the pace of this gateway: each read ends well within its own limit

    async with raw_server(drip) as server:
        result = await post(server.url, replace(QUICK, total_timeout=0.6))
    assert result == Failure(OutcomeKind.UNKNOWN, "no complete answer within 0.6 s", Cause.NO_ANSWER)


async def test_an_enormous_answer_is_not_read_to_its_end():
    written = 0
    gone = asyncio.Event()

    async def act(visit: Visit) -> None:
        nonlocal written
        await visit.request()
        await visit.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 50000000\r\n\r\n")
        try:
            for _ in range(500):
                await visit.write(b"x" * 100_000)
                written += 100_000
        finally:
            gone.set()

    async with raw_server(act) as server:
        result = await post(server.url)
        await asyncio.wait_for(gone.wait(), 10)
    assert result == Failure(OutcomeKind.UNKNOWN, "the answer is larger than 2 MB", Cause.UNREADABLE)
    assert written < 40_000_000


async def test_a_packed_answer_is_not_asked_for_and_not_unpacked():
    async def act(visit: Visit) -> None:
        assert b"accept-encoding: identity" in (await visit.request()).lower()
        await visit.write(
            b"HTTP/1.1 202 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\0\0"
        )

    async with raw_server(act) as server:
        result = await post(server.url)
    assert isinstance(result, Reply)
    assert result.body == b"\x1f\x8b\0\0"


async def test_a_peer_that_never_reads_leaves_it_unknown():
    stop = asyncio.Event()

    async def act(visit: Visit) -> None:
        visit.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        visit.writer.transport.pause_reading()
        await stop.wait()

    async with raw_server(act) as server:
        cfg = replace(QUICK, read_timeout=5.0, total_timeout=0.6)
        result = await post(server.url, cfg, content=b"x" * 30_000_000)
        stop.set()
    assert isinstance(result, Failure)
    assert result.kind is OutcomeKind.UNKNOWN


async def test_a_refused_connection_is_not_sent():
    port = unused_port()
    result = await post(f"http://127.0.0.1:{port}")
    assert result == Failure(OutcomeKind.NOT_SENT, f"connection refused by 127.0.0.1:{port}", Cause.REFUSED)


async def test_an_unknown_name_is_not_sent(monkeypatch):
    def no_name(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    result = await post("https://gateway.example/v1/message")
    assert result == Failure(OutcomeKind.NOT_SENT, "DNS name not found: gateway.example", Cause.DNS)


async def test_a_gateway_that_speaks_no_tls_is_not_sent():
    async def act(visit: Visit) -> None:
        await visit.reader.read(100)
        await visit.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw_server(act) as server:
        result = await post(server.url.replace("http:", "https:"))
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.TLS)
    assert result.error.startswith("TLS failed: ")


@pytest.mark.parametrize("act", [_hang, _close_after, _reset_at_once])
async def test_a_tls_handshake_that_ends_early_is_not_sent(act):
    async with raw_server(act) as server:
        result = await post(server.url.replace("http:", "https:"))
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.TLS)


async def test_an_untrusted_certificate_is_named(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    async with raw_server(_close_after, ssl=context) as server:
        result = await post(server.url.replace("http:", "https:"))
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.TLS)
    assert result.error.startswith("TLS failed: self-signed certificate (127.0.0.1:")


def _self_signed(folder) -> str:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    path = folder / "server.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)


async def test_a_full_backlog_is_not_sent():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        port = sock.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        result = await post(f"http://127.0.0.1:{port}")
        for filler in fillers:
            filler.close()
    assert result == Failure(
        OutcomeKind.NOT_SENT, f"no connection to 127.0.0.1:{port} within 0.3 s", Cause.NO_CONNECTION
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999/x",
        "http://[::1/x",
        "ftp://127.0.0.1/x",
        "http://",
        "",
        "not an address",
        "http://127.0.0.1:1/\r\nX: y",
        "http://" + "a" * 300 + ".example/",
        "http://xn--/",
        "http://\ud800.example/",
        "http://a..b/",
    ],
)
async def test_an_unusable_address_is_not_sent(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _no_network(socket.getaddrinfo))
    result = await post(url)
    assert isinstance(result, Failure)
    assert result.kind is OutcomeKind.NOT_SENT
    assert result.error
    assert "\n" not in result.error
    result.error.encode("utf-8")


def _no_network(resolve):
    def getaddrinfo(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name == "127.0.0.1":
            return resolve(host, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    return getaddrinfo


async def test_no_route_is_named(monkeypatch):
    async def no_route(*args, **kwargs):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", no_route)
    result = await post("http://192.0.2.1/")
    assert result == Failure(
        OutcomeKind.NOT_SENT, "network unreachable: no route to 192.0.2.1:80", Cause.UNREACHABLE
    )


async def test_a_redirect_is_not_followed():
    other = []

    async def act(visit: Visit) -> None:
        other.append(await visit.request())
        await visit.write(b"HTTP/1.1 307 T\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async with raw_server(act) as server:
        result = await post(server.url)
    assert isinstance(result, Reply)
    assert result.status == 307
    assert len(other) == 1


async def test_a_connection_is_kept_and_replaced_when_the_peer_closed_it():
    closed = asyncio.Event()

    async def act(visit: Visit) -> None:
        await visit.request()
        await visit.answer(GOOD)
        if visit.number == 0:
            await visit.request()
            await visit.answer(GOOD)
            visit.writer.close()
            await visit.writer.wait_closed()
            closed.set()
        else:
            await visit.hang()

    async with raw_server(act) as server:
        connection = Connection(QUICK, SystemClock())
        for _ in range(2):
            assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        assert server.visits == 1
        await closed.wait()
        assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        assert server.visits == 2
        await connection.aclose()


async def test_cancelling_is_seen_as_cancelling_and_frees_the_connection():
    arrived = asyncio.Event()

    async def act(visit: Visit) -> None:
        await visit.request()
        arrived.set()
        if visit.number == 0:
            await visit.hang()
        else:
            await visit.answer(GOOD)

    async with raw_server(act) as server:
        connection = Connection(replace(QUICK, max_connections=1, read_timeout=5), SystemClock())
        call = asyncio.create_task(connection.request("POST", server.url, headers={}, content=b"a"))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert call.cancelled()
        assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        await connection.aclose()


async def test_cancelling_together_with_the_answer_is_seen_too():
    class Late(SystemClock):
        async def wait_for(self, awaitable, seconds):
            result = await awaitable
            call.cancel()
            return result

    connection = Connection(QUICK, Late(), transport=httpx.MockTransport(lambda _: httpx.Response(202)))
    call = asyncio.create_task(connection.request("POST", "http://127.0.0.1/", headers={}))
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_calls_that_run_out_of_time_leave_no_connection_taken():
    async def act(visit: Visit) -> None:
        await visit.request()
        if visit.number < 6:
            await visit.hang()
        else:
            await visit.answer(GOOD)

    async with raw_server(act) as server:
        cfg = replace(QUICK, max_connections=2, total_timeout=0.1, read_timeout=5)
        connection = Connection(cfg, SystemClock())
        for _ in range(3):
            pair = [connection.request("POST", server.url, headers={}, content=b"a") for _ in range(2)]
            assert {result.kind for result in await asyncio.gather(*pair)} == {OutcomeKind.UNKNOWN}
        connection._cfg = replace(cfg, total_timeout=2.0)
        assert isinstance(await connection.request("POST", server.url, headers={}, content=b"a"), Reply)
        await connection.aclose()


async def test_running_out_of_time_before_anything_was_written_is_not_sent(monkeypatch):
    async def never(*args, **kwargs):
        await asyncio.Future()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    result = await post("http://gateway.example:81/", replace(QUICK, connect_timeout=9, total_timeout=0.1))
    assert result == Failure(
        OutcomeKind.NOT_SENT, "no connection to gateway.example:81 within 0.1 s", Cause.NO_CONNECTION
    )


async def test_when_all_connections_are_taken_nothing_is_sent(monkeypatch):
    monkeypatch.setattr("scheduling.senders.http.POOL_SECONDS", 0.1)
    arrived = asyncio.Event()

    async def act(visit: Visit) -> None:
        await visit.request()
        arrived.set()
        await visit.hang()

    async with raw_server(act) as server:
        connection = Connection(replace(QUICK, max_connections=1, read_timeout=5), SystemClock())
        first = asyncio.create_task(connection.request("POST", server.url, headers={}, content=b"a"))
        await arrived.wait()
        second = await connection.request("POST", server.url, headers={}, content=b"a")
        first.cancel()
        await connection.aclose()
    assert isinstance(second, Failure)
    assert (second.kind, second.cause) == (OutcomeKind.NOT_SENT, Cause.ALL_BUSY)


async def test_after_closing_nothing_is_sent():
    connection = Connection(QUICK, SystemClock())
    await connection.aclose()
    result = await connection.request("POST", "http://127.0.0.1:1/", headers={})
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.CLOSED_HERE)


async def test_neither_proxies_of_the_environment_nor_credentials_in_the_address_are_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    heads = []

    async def act(visit: Visit) -> None:
        heads.append(await visit.request())
        await visit.answer(GOOD)

    async with raw_server(act) as server:
        connection = Connection(QUICK, SystemClock())
        address = server.url.replace("//", "//someone:hidden@")
        await connection.request("POST", address, headers={"Authorization": b"the-key"}, content=b"a")
        await connection.aclose()
    assert b"authorization: the-key\r\n" in heads[0].lower()


def test_every_cause_has_its_advice():
    assert set(CAUSES) == set(Cause)
    assert all(advice.means and advice.check for advice in CAUSES.values())
