"""One call and its answer, as plain values between the sockets and the two APIs."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

ONE = "one"
XML = "xml"


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived. Header names are in lower case; `path` has no query string."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    peer: str = "127.0.0.1"

    def query_fields(self) -> dict[str, str]:
        """The fields of the query string; of a repeated name the last."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


class XmlReply(NamedTuple):
    """One reply element: its name and its children in order."""

    name: str
    children: list[tuple[str, str]]


# A JSON object for the One API, a list of reply elements for XML.
Document = dict[str, Any] | list[XmlReply]

# Given the index of a message and how many the call holds: the code that refuses it, or None.
Judge = Callable[[int, int], int | str | None]


@dataclass(slots=True)
class Answer:
    """What goes back. `document` is what `body` will be made from, where the API made it.

    `decision` says in a few words what was decided, for the call log.
    """

    status: int
    decision: str
    document: Document | None = None
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    accepted: int = 0


def to_json(value: object) -> bytes:
    """JSON in UTF-8; a lone surrogate becomes `?`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def plural(count: int, noun: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
