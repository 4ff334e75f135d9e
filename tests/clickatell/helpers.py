"""Requests and accounts for the tests of the local Clickatell."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from demo_data.clickatell.account import Account
from demo_data.clickatell.exchange import Request
from demo_data.clickatell.settings import SAMPLE_API_KEY, Settings

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HEADERS = {"Authorization": SAMPLE_API_KEY, "Accept": "application/json"}
CREDENTIALS = {"api_id": "3000001", "user": "plant7", "password": "simulator"}


class Now:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def account(**settings: Any) -> Account:
    return Account(Settings(**settings), Now())


def text_to(number: str = "447700900123", content: str = "Pump 2 stopped", **more: Any) -> dict[str, Any]:
    return {"channel": "sms", "to": number, "content": content, **more}


def send_request(
    *messages: dict[str, Any], key: str | None = SAMPLE_API_KEY, body: bytes | None = None
) -> Request:
    payload = json.dumps({"messages": list(messages)}).encode() if body is None else body
    headers = {"content-type": "application/json"} | ({} if key is None else {"authorization": key})
    return Request("POST", "/v1/message", "", headers, payload)


def get_request(path: str, key: str = SAMPLE_API_KEY, method: str = "GET") -> Request:
    return Request(method, path, "", {"authorization": key}, b"")


def call(name: str, **fields: str) -> str:
    """One XML call with the sample credentials, unless `credentials=""`."""
    given = {**({} if fields.pop("credentials", None) == "" else CREDENTIALS), **fields}
    if "sender" in given:
        given["from"] = given.pop("sender")
    return f"<{name}>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in given.items()) + f"</{name}>"


def document(*calls: str) -> str:
    return "<clickAPI>" + "".join(calls) + "</clickAPI>"


def xml_request(*calls: str, method: str = "POST", data: str | None = None) -> Request:
    form = urlencode({"data": document(*calls) if data is None else data})
    if method == "GET":
        return Request("GET", "/xml/xml", form, {}, b"")
    return Request(
        method, "/xml/xml", "", {"content-type": "application/x-www-form-urlencoded"}, form.encode()
    )


def xml_replies(body: bytes | str) -> list[tuple[str, dict[str, str]]]:
    """Name and children of each reply element; the texts are stripped."""
    root = ElementTree.fromstring(body)
    assert root.tag == "clickAPI"
    return [(reply.tag, {child.tag: (child.text or "").strip() for child in reply}) for reply in root]
