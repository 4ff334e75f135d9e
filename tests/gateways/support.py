"""Handlers, messages and gateways made up for the sender tests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs
from xml.etree import ElementTree

import httpx

from scheduling.clock import SystemClock
from scheduling.gateways.http import Connection
from scheduling.gateways.one_api.sender import OneApiSender
from scheduling.gateways.outcome import HandlerConfig, OutgoingMessage
from scheduling.gateways.xml_api.sender import XmlApiSender
from tests.generic_http.description import HEADERS
from tests.generic_http.sender import GenericHttpSender
from tests.handler_values import changed, made

KEY = "c2VjcmV0LWtleS1mb3ItdGVzdHM9PQ=="
PASSWORD = "hush & <hush> 100%"
ONE = made(HandlerConfig, 1, "One", "one", KEY, base_url="http://127.0.0.1:9")
XML = made(
    HandlerConfig,
    2,
    "Xml",
    "xml",
    PASSWORD,
    api_uri="http://127.0.0.1:9/xml/xml",
    user_name="plant7",
    api_id="3000001",
    batch_size=50,
)
HTTP = made(
    HandlerConfig,
    3,
    "Http",
    "http",
    KEY,
    batch_size=1,
    url="http://127.0.0.1:9/v1/message",
    check_url="http://127.0.0.1:9/v1/balance",
    method="POST",
    headers=HEADERS,
    body=(
        '{"messages": [{"channel": "sms", "to": "{digits}", "content": "{text}", "clientMessageId": "{id}"}]}'
    ),
    accepted='"accepted": true',
    id_name="apiMessageId",
)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

Handler = Callable[[httpx.Request], httpx.Response]


class StoppedClock(SystemClock):
    """A clock that stands at `NOW`; its time limits are real."""

    def now(self) -> datetime:
        return NOW


def messages(count: int, text: str = "Pump 2 stopped") -> list[OutgoingMessage]:
    return [OutgoingMessage(f"{n:032x}", f"+4477009{n:05}", text) for n in range(count)]


def one_sender(handler: Handler, **changes) -> OneApiSender:
    cfg = changed(ONE, **changes)
    return OneApiSender(cfg, StoppedClock(), connection(cfg, handler))


def xml_sender(handler: Handler, **changes) -> XmlApiSender:
    cfg = changed(XML, **changes)
    return XmlApiSender(cfg, StoppedClock(), connection(cfg, handler))


def http_sender(handler: Handler, **changes) -> GenericHttpSender:
    cfg = changed(HTTP, **changes)
    return GenericHttpSender(cfg, StoppedClock(), connection(cfg, handler))


def connection(cfg: HandlerConfig, handler: Handler) -> Connection:
    def streamed(request: httpx.Request) -> httpx.Response:
        # The library has read such a response already; a sender reads it as it comes.
        response = handler(request)
        return httpx.Response(response.status_code, headers=response.headers, stream=_Body(response.content))

    return Connection(cfg, StoppedClock(), secrets=[cfg.secret], transport=httpx.MockTransport(streamed))


class _Body(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self):
        yield self._content


def sent_entries(request: httpx.Request) -> list[dict]:
    return json.loads(request.content)["messages"]


def accepted(entry: dict, number: int = 0) -> dict:
    return {"apiMessageId": f"{number:032x}", "accepted": True, "to": entry["to"], "error": None}


def refused(to: str, code: object, text: str = "said by the gateway") -> dict:
    return {
        "apiMessageId": None,
        "accepted": False,
        "to": to,
        "error": {"code": code, "description": text},
    }


def accept_all(request: httpx.Request) -> httpx.Response:
    results = [accepted(entry, n) for n, entry in enumerate(sent_entries(request))]
    return httpx.Response(202, json={"messages": results, "error": None})


def document(request: httpx.Request) -> ElementTree.Element:
    """The `clickAPI` element of a form that was posted."""
    [data] = parse_qs(request.content.decode("ascii"), strict_parsing=True)["data"]
    return ElementTree.fromstring(data)


def click_api(*replies: str) -> httpx.Response:
    return httpx.Response(
        200, text='<?xml version="1.0"?>\n<clickAPI>\n' + "\n".join(replies) + "\n</clickAPI>\n"
    )


def sent_reply(number: int | str, gateway_id: str = "0c5d9be1f7a24c0f8b6e3d2a19475860") -> str:
    return (
        f"<sendMsgResp>\n  <apiMsgId> {gateway_id} </apiMsgId>\n"
        f"  <sequence_no>{number}</sequence_no>\n</sendMsgResp>"
    )


def fault_reply(number: int | str, fault: str) -> str:
    return f"<sendMsgResp><fault>{fault}</fault><sequence_no>{number}</sequence_no></sendMsgResp>"


def whole(code: object, status: int, **more) -> httpx.Response:
    """A One API answer that refuses the whole call."""
    return httpx.Response(status, json={"error": {"code": code, "description": "words"}, **more})


XML_ERROR = "<xmlErrorResp>\n<fault>XML error: no element found at line 1</fault>\n</xmlErrorResp>"
