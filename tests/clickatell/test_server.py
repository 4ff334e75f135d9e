"""The server as a client sees it: connections, limits, stop, log, waits."""

import asyncio
import json
from decimal import Decimal

import httpx
import pytest

from demo_data.clickatell import Clickatell, Settings, ThreadedClickatell
from demo_data.clickatell.settings import SAMPLE_API_KEY
from tests.clickatell.helpers import HEADERS, call, document, text_to, xml_replies


async def post(client: httpx.AsyncClient, *messages: dict[str, object]) -> httpx.Response:
    return await client.post("/v1/message", headers=HEADERS, json={"messages": messages or [text_to()]})


async def test_both_apis_over_http(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    reply = await post(client)
    assert reply.status_code == 202 and reply.headers["content-type"] == "application/json"
    assert reply.json()["messages"][0]["apiMessageId"] == clickatell.inbox[0].gateway_id
    one = call("sendMsg", to="447700900123", text="two")
    xml = await client.post(clickatell.api_uri, data={"data": document(one)})
    assert xml.status_code == 200 and xml.headers["content-type"].startswith("text/xml")
    assert xml_replies(xml.text)[0][1]["apiMsgId"] == clickatell.inbox[1].gateway_id
    assert [each.api for each in clickatell.inbox] == ["one", "xml"]


async def test_connections_are_kept_alive(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await post(client)
    assert [each.connection for each in clickatell.calls] == [1, 1, 1]
    reply = await client.get("/v1/balance", headers=HEADERS | {"Connection": "close"})
    assert reply.headers["connection"] == "close"
    await clickatell.wait_until(lambda: clickatell.open_connections == 0)


async def test_an_idle_connection_is_closed() -> None:
    server = Clickatell(Settings(idle_limit=0.05))
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert await reader.read() == b""
    writer.close()
    await server.stop()


async def raw(clickatell: Clickatell, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", clickatell.port)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def test_pipelined_chunked_and_old_requests(clickatell: Clickatell) -> None:
    body = json.dumps({"messages": [text_to()]}).encode()
    chunked = b"POST /v1/message HTTP/1.1\r\nHost: x\r\nAuthorization: " + SAMPLE_API_KEY.encode()
    chunked += b"\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    chunked += b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    balance = b"GET /v1/balance HTTP/1.0\r\nAuthorization: " + SAMPLE_API_KEY.encode() + b"\r\n\r\n"
    answers = await raw(clickatell, chunked + balance)
    assert answers.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n")
    assert b"HTTP/1.1 200 OK" in answers and b"Connection: close" in answers
    assert len(clickatell.inbox) == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16777217\r\n\r\n" + b"x" * 16_777_217,
            b"413",
        ),
    ],
    ids=["nonsense", "no host", "too long"],
)
async def test_what_is_no_request_gets_an_answer(clickatell: Clickatell, data: bytes, status: bytes) -> None:
    assert (await raw(clickatell, data)).startswith(b"HTTP/1.1 " + status)


async def test_half_a_request_is_not_carried_out(clickatell: Clickatell) -> None:
    head = b"POST /v1/message HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    assert (await raw(clickatell, head)).startswith(b"HTTP/1.1 400")
    assert not clickatell.calls


async def test_150_calls_at_once(clickatell: Clickatell) -> None:
    clickatell.balance = "1000"
    limits = httpx.Limits(max_connections=150)
    async with httpx.AsyncClient(
        base_url=clickatell.base_url, limits=limits, timeout=60, trust_env=False
    ) as client:
        replies = await asyncio.gather(
            *(post(client, *[text_to(clientMessageId=f"{n}-{m}") for m in range(10)]) for n in range(150))
        )
    assert {each.status_code for each in replies} == {202}
    assert {each.client_message_id for each in clickatell.inbox} == {
        f"{n}-{m}" for n in range(150) for m in range(10)
    }
    assert clickatell.balance == Decimal(1000) - 1500 * Decimal("0.045")
    ids = [each["apiMessageId"] for reply in replies for each in reply.json()["messages"]]
    assert len(set(ids)) == 1500


async def test_stop_cuts_open_connections_and_hanging_calls() -> None:
    server = Clickatell()
    await server.start()
    server.faults.next("timeout-after")
    async with httpx.AsyncClient(base_url=server.base_url, timeout=60, trust_env=False) as client:
        hanging = asyncio.create_task(post(client))
        _, idle = await asyncio.open_connection("127.0.0.1", server.port)
        await server.wait_until(lambda: len(server.inbox) == 1 and server.open_connections == 2)
        async with asyncio.timeout(10):
            await server.stop()
        with pytest.raises(httpx.TransportError):
            await hanging
    assert server.open_connections == 0 and not server.listening
    idle.close()
    await server.stop()


async def test_pause_and_resume_listening(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    await post(client)
    await clickatell.pause_listening()
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            await post(client)
    with pytest.raises(httpx.ConnectError):
        await post(client)
    await clickatell.resume_listening()
    assert (await post(client)).status_code == 202
    assert len(clickatell.inbox) == 2


async def test_run_time_switches(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    clickatell.refuse_key()
    assert (await post(client)).status_code == 401
    clickatell.refuse_key(False)
    clickatell.balance = "0.05"
    assert (await post(client)).status_code == 202
    assert (await post(client)).status_code == 402
    clickatell.settings.max_per_call = 1
    assert (await post(client, text_to(), text_to())).json()["error"]["code"] == 22


async def test_reset_forgets_everything_but_what_was_given() -> None:
    server = Clickatell(Settings(balance="7", seed=5), faults=["reset:100"])
    await server.start()
    async with httpx.AsyncClient(base_url=server.base_url, trust_env=False) as client:
        first = (await post(client)).json()
        server.faults.every("close:1")
        server.faults.next("reset")
        server.refuse_key()
        server.reset()
        assert (server.inbox, server.calls, server.faults.pending()) == ([], [], [])
        assert (server.balance, server.faults.rules()) == (Decimal(7), ["reset-after:100"])
        assert (await post(client)).json() == first
    await server.stop()


async def test_the_log_holds_what_happened_without_secrets(
    clickatell: Clickatell, client: httpx.AsyncClient
) -> None:
    await post(client, text_to(content=f"my key is {SAMPLE_API_KEY}"), text_to("x"))
    await client.get("/v1/balance", headers={"Authorization": f"Bearer {SAMPLE_API_KEY}"})
    form = {"data": document(call("sendMsg", to="447700900123", text="x"), call("ping", session_id="a" * 32))}
    await client.post("/xml/xml", data=form)
    await client.get("/xml/xml", params={"data": "<clickAPI><Password >simulator"})
    first, second, third, fourth = clickatell.calls
    assert (first.method, first.path, first.status, first.accepted, first.connection) == (
        "POST",
        "/v1/message",
        207,
        1,
        1,
    )
    assert first.decision == "2 messages: 1 accepted, 1 refused (25)"
    assert first.headers["authorization"] == "••••MQ==" and '"to":"447700900123"' in first.body
    assert second.headers["authorization"] == "Bearer ••••MQ==" and second.decision == "refused (1)"
    assert third.decision == "2 calls: 1 ok, 1 refused (003)"
    assert "<user>plant7</user><password>••••</password>" in third.body
    assert "<session_id>••••</session_id>" in third.body
    assert fourth.path == "/xml/xml?data=<clickAPI><Password >••••"
    said = (
        repr(clickatell.calls) + repr(clickatell.settings) + "".join(each.line() for each in clickatell.calls)
    )
    assert SAMPLE_API_KEY not in said and "simulator" not in said


async def test_a_line_of_the_log_is_safe_for_a_terminal(clickatell: Clickatell) -> None:
    heard: list[str] = []
    clickatell.on_call(lambda each: heard.append(each.line()))
    await raw(clickatell, b"GET /%1b]52;c;x%07%e2%80%ae HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert len(heard) == 1 and heard[0].isprintable() and "→ 401 refused (1)" in heard[0]


async def test_the_oldest_calls_go_first() -> None:
    server = Clickatell(Settings(keep_calls=2))
    await server.start()
    for path in (b"1", b"2", b"3"):
        await raw(server, b"GET /" + path + b" HTTP/1.0\r\n\r\n")
    assert [(each.number, each.path) for each in server.calls] == [(2, "/2"), (3, "/3")]
    await server.stop()


async def test_latency_is_added() -> None:
    server = Clickatell(Settings(latency=0.05))
    await server.start()
    async with httpx.AsyncClient(base_url=server.base_url, trust_env=False) as client:
        assert (await post(client)).elapsed.total_seconds() >= 0.05
    await server.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
async def test_it_serves_this_machine_only(host: str) -> None:
    with pytest.raises(ValueError, match="not a loopback address"):
        await Clickatell().start(host=host)


async def test_a_port_in_use_is_an_error(clickatell: Clickatell) -> None:
    with pytest.raises(OSError):
        await Clickatell().start(port=clickatell.port)


def test_on_a_thread_of_its_own() -> None:
    with ThreadedClickatell(Settings(latency=0.01)) as threaded, httpx.Client(trust_env=False) as client:
        threaded.clickatell.faults.next("http-503")
        payload = {"messages": [text_to()]}
        for expected in (503, 202):
            reply = client.post(threaded.base_url + "/v1/message", headers=HEADERS, json=payload)
            assert reply.status_code == expected
        threaded.wait_until(lambda each: len(each.inbox) == 1)
        assert threaded.api_uri == threaded.base_url + "/xml/xml"
        threaded.pause_listening()
        with pytest.raises(httpx.ConnectError):
            httpx.get(threaded.base_url, trust_env=False)
        threaded.resume_listening()
        threaded.reset()
        assert threaded.clickatell.inbox == []
        with pytest.raises(TimeoutError):
            threaded.wait_until(lambda each: len(each.inbox) == 1, seconds=0.01)
    threaded.stop()


def test_a_thread_that_cannot_listen_ends() -> None:
    with ThreadedClickatell() as first:
        second = ThreadedClickatell(port=first.clickatell.port)
        with pytest.raises(OSError):
            second.start()
        assert not second._thread.is_alive()
