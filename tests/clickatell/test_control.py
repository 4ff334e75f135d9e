"""The paths for people and tests."""

import httpx
import pytest

from demo_data.clickatell import Clickatell
from tests.clickatell.helpers import HEADERS, call, document, text_to


async def send(client: httpx.AsyncClient, *messages: dict[str, object]) -> httpx.Response:
    return await client.post("/v1/message", headers=HEADERS, json={"messages": list(messages)})


async def test_the_inbox(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    await send(client, text_to(clientMessageId="a1"), text_to("61400000000", "two\nlines \x1b[31m"))
    one = call("sendMsg", to="447700900123", text="03A9", unicode="1", sender="Plant7")
    await client.post("/xml/xml", data={"data": document(one)})
    records = (await client.get("/_inbox")).json()
    assert [(each["to"], each["text"], each["from"], each["api"]) for each in records] == [
        ("447700900123", "Pump 2 stopped", "", "one"),
        ("61400000000", "two\nlines \x1b[31m", "", "one"),
        ("447700900123", "Ω", "Plant7", "xml"),
    ]
    assert records[0].items() >= {"client_message_id": "a1", "status": "QUEUED", "parts": 1}.items()
    assert records[0]["gateway_id"] == clickatell.inbox[0].gateway_id
    for number in ("+447700900123", "447700900123"):
        assert len((await client.get("/_inbox", params={"to": number})).json()) == 2
    assert [each["text"] for each in (await client.get("/_inbox?limit=1")).json()] == ["Ω"]
    text = (await client.get("/_inbox?format=text&to=61400000000")).text
    assert text.rstrip("\n").isprintable() and text.endswith("to +61400000000 (1 part): two⏎lines �[31m\n")


async def test_the_calls_and_the_status(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    await send(client, text_to())
    (recorded,) = (await client.get("/_calls")).json()
    assert (
        recorded["headers"]["authorization"] == "••••MQ==" and recorded["decision"] == "1 message: 1 accepted"
    )
    assert "1 message: 1 accepted" in (await client.get("/_calls?format=text")).text
    assert (await client.get("/_status")).json() == {
        "balance": 99.955,
        "currency": "EUR",
        "credits": 500.0,
        "messages": 1,
        "inbox": 1,
        "calls": 1,
        "connections": 1,
        "listening": True,
        "faults": {"next": [], "every": []},
    }
    assert len(clickatell.calls) == 1


async def test_faults_are_set_all_or_none(client: httpx.AsyncClient) -> None:
    good = {"next": ["html-502", "reset"], "every": ["delay=1:10"]}
    expected = {"next": ["html-502-before", "reset-after"], "every": ["delay-after=1:10"]}
    assert (await client.post("/_faults", json=good)).json() == expected
    for bad in (
        {"next": ["reset", "resett"]},
        {"next": ["reset"], "every": ["reset"]},
        {"next": "reset"},
        {"now": []},
    ):
        reply = await client.post("/_faults", json={**bad, "clear": True} if "now" not in bad else bad)
        assert reply.status_code == 400 and reply.json()["error"]
    assert (await client.get("/_faults")).json() == expected
    assert (await send(client, text_to())).status_code == 502
    cleared = await client.post("/_faults", json={"clear": True, "next": ["close"]})
    assert cleared.json() == {"next": ["close-after"], "every": []}


async def test_settings_and_money_are_set(clickatell: Clickatell, client: httpx.AsyncClient) -> None:
    changed = await client.post("/_settings", json={"max_per_call": 1, "opted_out": ["447700900123"]})
    assert changed.json().items() >= {"max_per_call": 1, "opted_out": ["447700900123"]}.items()
    assert changed.json()["api_keys"] == changed.json()["xml_password"] == "••••"
    assert (await send(client, text_to())).json()["messages"][0]["error"]["code"] == 26
    assert (
        await client.post("/_settings", json={"max_per_call": 0, "keys_refused": True})
    ).status_code == 400
    assert not clickatell.settings.keys_refused
    money = await client.post("/_balance", json={"balance": "0.01", "credits": 2})
    assert money.json() == {"balance": 0.01, "currency": "EUR", "credits": 2.0}
    for bad in (
        {"balance": "lots"},
        {"balance": True},
        {"credits": "nan"},
        {"euros": 1},
        {"credits": 1, "balance": []},
    ):
        assert (await client.post("/_balance", json=bad)).status_code == 400
    assert (await client.get("/_balance")).json()["credits"] == 2.0
    await client.post("/_reset")
    assert (await client.get("/_balance")).json()["balance"] == 100.0
    assert clickatell.settings.max_per_call == 100 and clickatell.calls == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/_outbox", b"", 404),
        ("POST", "/_inbox", b"{}", 405),
        ("GET", "/_reset", b"", 405),
        ("POST", "/_faults", b"{", 400),
        ("POST", "/_faults", b"[]", 400),
        ("POST", "/_settings", b'{"nonsense":1}', 400),
        ("GET", "/_inbox?limit=few", b"", 400),
    ],
)
async def test_wrong_use_is_explained(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    reply = await client.request(method, path, content=body)
    assert reply.status_code == status and reply.json()["error"]
