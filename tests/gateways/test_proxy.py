"""A proxy as the only way out, and certificates of one's own: what was sent, and what was not."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from scheduling.gateways import http
from scheduling.gateways.advice import Cause
from scheduling.gateways.reply import Failure, Reply
from storage.vocabulary import OutcomeKind
from tests.gateways.network import CALM, GOOD, close_after, post
from tests.gateways.raw_server import Visit, raw_server, unused_port
from tests.gateways.test_tls import certificate, serving  # noqa: F401  (a fixture)

SECRET = "pa:ss w0rd/+="


class Proxy:
    """Opens tunnels and forwards plain requests; asks for a login where it has one."""

    def __init__(self, login: str | None, refuses: str | None) -> None:
        self.login, self.refuses = login, refuses
        self.asked: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(reader, writer, 0)
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        if self.login is not None and f"basic {self._token()}".lower() not in head.decode().lower():
            await visit.answer(b"", "407 Proxy Authentication Required")
        elif self.refuses is not None:
            await visit.answer(b"", self.refuses)
        elif head.startswith(b"CONNECT "):
            host, _, port = head.split()[1].decode().rpartition(":")
            await self._carry(
                reader, writer, host, int(port), b"HTTP/1.1 200 Connection established\r\n\r\n", b""
            )
        else:
            host, _, port = head.split()[1].decode().split("/")[2].rpartition(":")
            await self._carry(reader, writer, host, int(port), b"", head)
        writer.close()

    def _token(self) -> str:
        return base64.b64encode((self.login or "").encode()).decode()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        host: str,
        port: int,
        answer: bytes,
        first: bytes,
    ) -> None:
        there, back = await asyncio.open_connection(host, port)
        writer.write(answer)
        back.write(first)
        await asyncio.gather(_pour(reader, back), _pour(there, writer))


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            into.write(data)
            await into.drain()
    except ConnectionError:
        pass
    into.close()


@asynccontextmanager
async def proxy(login: str | None = None, refuses: str | None = None) -> AsyncIterator[Proxy]:
    found = Proxy(login, refuses)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()


async def good(visit: Visit) -> None:
    await visit.request()
    await visit.answer(GOOD)


def secure(url: str) -> str:
    return url.replace("http:", "https:")


async def test_a_secure_call_goes_through_a_tunnel_and_the_proxy_sees_nothing(certificate: str) -> None:  # noqa: F811
    async with raw_server(good, ssl=serving(certificate)) as server, proxy() as way:
        cfg = replace(CALM, proxy=way.url, ca_file=certificate)
        result = await post(secure(server.url), cfg)
    assert isinstance(result, Reply) and result.body == GOOD
    (asked,) = way.asked
    assert asked.startswith(b"CONNECT 127.0.0.1:") and b"xxx" not in asked


async def test_a_plain_call_is_forwarded() -> None:
    async with raw_server(good) as server, proxy() as way:
        result = await post(f"{server.url}/v1", replace(CALM, proxy=way.url))
    assert isinstance(result, Reply) and way.asked[0].startswith(b"POST http://127.0.0.1:")


async def test_the_proxy_s_user_and_password_are_given_to_it_alone(certificate: str) -> None:  # noqa: F811
    seen: list[bytes] = []

    async def act(visit: Visit) -> None:
        seen.append(await visit.request())
        await visit.answer(GOOD)

    async with raw_server(act, ssl=serving(certificate)) as server, proxy(f"ana@site:{SECRET}") as way:
        cfg = replace(CALM, ca_file=certificate, proxy_password=SECRET)
        named = way.url.replace("//", "//ana%40site@")
        assert isinstance(await post(secure(server.url), replace(cfg, proxy=named)), Reply)
    assert b"authorization" not in seen[0].lower()


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("password", ["", "wrong"])
async def test_a_proxy_that_wants_a_login_is_not_sent(certificate: str, tls: bool, password: str) -> None:  # noqa: F811
    async with raw_server(good, ssl=serving(certificate) if tls else None) as server, proxy("ana:x") as way:
        cfg = replace(CALM, proxy=way.url, ca_file=certificate, proxy_password=password)
        result = await post(secure(server.url) if tls else server.url, cfg)
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.PROXY)
    assert "407 Proxy Authentication Required" in result.error and "Proxy Password" in result.advice
    assert server.visits == 0


@pytest.mark.parametrize("status", ["403 Forbidden", "502 Bad Gateway", "200 Hidden wrong"])
async def test_a_proxy_that_opens_no_tunnel_is_not_sent(certificate: str, status: str) -> None:  # noqa: F811
    async with raw_server(good, ssl=serving(certificate)) as server, proxy(refuses=status) as way:
        result = await post(secure(server.url), replace(CALM, proxy=way.url, ca_file=certificate))
    assert isinstance(result, Failure) and result.kind is OutcomeKind.NOT_SENT
    assert result.cause in (Cause.PROXY, Cause.TLS)


async def test_a_proxy_that_is_not_there_is_named_not_the_gateway() -> None:
    port = unused_port()
    result = await post("https://platform.clickatell.com", replace(CALM, proxy=f"http://127.0.0.1:{port}"))
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.REFUSED)
    assert result.error == f"connection refused by 127.0.0.1:{port}"


async def test_what_is_lost_behind_a_tunnel_is_unknown(certificate: str) -> None:  # noqa: F811
    async with raw_server(close_after, ssl=serving(certificate)) as server, proxy() as way:
        result = await post(secure(server.url), replace(CALM, proxy=way.url, ca_file=certificate))
    assert isinstance(result, Failure) and result.kind is OutcomeKind.UNKNOWN


async def test_the_environment_s_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    async with raw_server(good) as server:
        assert isinstance(await post(server.url), Reply)


# Certificates


async def test_certificates_of_one_s_own_are_trusted_by_that_handler_alone(certificate: str) -> None:  # noqa: F811
    async with raw_server(good, ssl=serving(certificate)) as server:
        assert isinstance(await post(secure(server.url), replace(CALM, ca_file=certificate)), Reply)
        other = await post(secure(server.url))
    assert isinstance(other, Failure) and other.cause is Cause.TLS


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
async def test_a_file_that_holds_no_certificate_is_not_sent_and_named(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "own.pem"
    if content is not None:
        path.write_bytes(content)
    async with raw_server(good) as server:
        result = await post(server.url, replace(CALM, ca_file=str(path)))
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.CA_FILE)
    assert str(path) in result.error and "CA File" in result.advice


async def test_a_place_for_session_keys_that_cannot_be_written_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/at/all")
    http.forget_certificates()
    try:
        async with raw_server(good) as server:
            assert isinstance(await post(server.url), Reply)
        assert http._tls_context().keylog_filename is None
    finally:
        http.forget_certificates()
