"""Reading and writing the XML of the legacy API."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from demo_data.clickatell.exchange import Request, XmlReply


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a document: its case-sensitive name and its children's text."""

    name: str
    fields: dict[str, str]

    def get(self, *names: str) -> str:
        """The first field that is there, stripped; empty if none is."""
        return next((self.fields[name].strip() for name in names if name in self.fields), "")


class DocumentError(ValueError):
    """The document cannot be read; the text is the fault, which has no number."""


def form_data(request: Request) -> str:
    """The form field `data` of a POST or a GET; empty if there is none."""
    if request.method == "GET":
        return request.query_fields().get("data", "")
    if not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return ""
    pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(pairs).get("data", "")


def read_document(data: str) -> list[Call]:
    """The calls of a document in order. Raises `DocumentError` with the text of the fault."""
    # Entities have no place here, and nested ones can fill the memory.
    if re.search(r"<!(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise DocumentError("XML error: document type declarations are not supported at line 1")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        reason, line = str(error).partition(":")[0], error.position[0]
        raise DocumentError(f"XML error: {reason} at line {line}") from None
    except ValueError:
        raise DocumentError("XML error: not well-formed (invalid token) at line 1") from None
    if root.tag != "clickAPI":
        raise DocumentError("XML error: the root element must be clickAPI")
    calls = [Call(child.tag, {part.tag: "".join(part.itertext()) for part in child}) for child in root]
    if not calls:
        raise DocumentError("XML error: no call in the document")
    return calls


def write_document(replies: list[XmlReply]) -> bytes:
    """A reply document, pretty-printed as the gateway does."""
    lines = ['<?xml version="1.0"?>', "<clickAPI>"]
    for reply in replies:
        lines.append(f"  <{reply.name}>")
        lines += [f"    <{name}>{escape(value)}</{name}>" for name, value in reply.children]
        lines.append(f"  </{reply.name}>")
    lines.append("</clickAPI>")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")
