"""The record of all calls, with keys and passwords masked before anything is kept."""

import re
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, unquote_plus

from demo_data.clickatell.exchange import Request
from demo_data.clickatell.settings import Settings

_MASK = "••••"
_SECRET_ELEMENT = re.compile(r"(<(password|session_id)\b[^>]*>).*?(?=</\2\b|$)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `body` is text (form-decoded for XML), `fault` the scripted fault that fell on it.

    `status` is the HTTP status that was decided on, None where the call was not decided; with a fault on
    the wire the client may not have seen it.
    """

    number: int
    at: datetime
    connection: int
    api: str
    method: str
    path: str
    headers: dict[str, str]
    body: str
    decision: str
    status: int | None
    accepted: int
    fault: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, the time in ISO 8601."""
        return {**asdict(self), "at": self.at.isoformat()}

    def line(self) -> str:
        """One line for people; control characters are replaced."""
        key = self.headers.get("authorization")
        words = [
            f"{self.at.astimezone():%H:%M:%S}.{self.at.microsecond // 1000:03d}",
            f"#{self.connection}",
            self.method,
            self.path[:80],
            *([f"key {key}"] if key else []),
            f"→ {self.status or 'no answer'}",
            self.decision,
            *([f"[fault {self.fault}]"] if self.fault else []),
        ]
        return "".join(each if each.isprintable() else "�" for each in " ".join(words))


class CallLog:
    """The newest calls, oldest first, and how many there were."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._calls: deque[Call] = deque(maxlen=settings.keep_calls)
        self.count = 0

    def add(self, call: Call) -> None:
        """Append; beyond the limit the oldest goes."""
        self.count += 1
        self._calls.append(call)

    def calls(self) -> list[Call]:
        """A copy, safe from any thread."""
        return list(self._calls)

    def clear(self) -> None:
        """Start anew."""
        self._calls = deque(maxlen=self._settings.keep_calls)
        self.count = 0


def mask_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers with the key shown as its scheme, if it has one, and its last four characters."""
    if "authorization" not in headers:
        return headers
    scheme, _, key = headers["authorization"].rpartition(" ")
    shown = _MASK + (key[-4:] if len(key) >= 12 else "")
    if scheme in ("Bearer", "Basic"):
        shown = f"{scheme} {shown}"
    return {**headers, "authorization": shown}


def mask_body(request: Request, settings: Settings) -> str:
    """The body, or the query string's document, as text without secrets."""
    text = request.body.decode("utf-8", "replace")
    if "form-urlencoded" in request.headers.get("content-type", ""):
        text = unquote_plus(text)
    return _without_secrets(text, settings)


def mask_path(request: Request, settings: Settings) -> str:
    """The path with its query string, decoded, without secrets."""
    query = "?" + unquote_plus(request.query) if request.query else ""
    return _without_secrets(unquote(request.path) + query, settings)


def _without_secrets(text: str, settings: Settings) -> str:
    if "<" in text:
        text = _SECRET_ELEMENT.sub(rf"\1{_MASK}", text)
    for key in settings.api_keys:
        text = text.replace(key, _MASK)
    return text
