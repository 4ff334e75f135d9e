"""Reading an XML answer as far as it can be read, with nothing of it resolved.

Pure: bytes in, an element tree or None out. No entity is expanded and nothing outside is looked
up: a document type declaration is cut out before the parser sees it.
"""

import codecs
import re
from collections.abc import Iterator
from xml.etree import ElementTree

MOST_DECLARATION = 16_384  # characters

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)
_DECLARATION_PARTS = re.compile(r"""<!--.*?-->|<\?.*?\?>|"[^"]*"|'[^']*'|[\[\]>]""", re.DOTALL)
_AMPERSAND = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}))?(;?)")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z_:][\w.:-]*;")
_BARE_LESS_THAN = re.compile(r"<(?![A-Za-z_/!?])")
_NO_XML_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_document(body: bytes) -> ElementTree.Element | None:
    """The root `clickAPI` of an answer; None for anything else.

    The encoding is told by the bytes: a byte order mark, UTF-16 by its zeros, UTF-8, else Latin-1.
    A document type declaration is passed over; one whose entities the text uses leaves it unread.
    A document that is not well-formed is read once more with bare `&` and `<` taken as text. A
    single reply without its `clickAPI` around it is taken as one in it.
    """
    whole = _decoded(body)
    text = _without_doctype(whole).strip()
    if len(text) < len(whole.strip()) and _ENTITY.search(text):
        return None  # what the declaration says of it is not looked at, so the text is not known
    root = next((found for found in map(_parsed, _readings(text)) if found is not None), None)
    if root is None or tag_of(root) == "clickapi":
        return root
    if not tag_of(root).endswith("resp"):
        return None
    around = ElementTree.Element("clickAPI")
    around.append(root)
    return around


def tag_of(element: ElementTree.Element) -> str:
    """An element's name in lower case, without its namespace."""
    return element.tag.rpartition("}")[2].lower()


def _decoded(body: bytes) -> str:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    for start, encoding in _UNMARKED:
        if body.startswith(start):
            return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _without_doctype(text: str) -> str:
    """The text without its document type declarations, internal subsets included.

    Nothing is left of a text whose declaration does not end within `MOST_DECLARATION`.
    """
    kept = []
    place = 0
    while begin := _DOCTYPE.search(text, place):
        kept.append(text[place : begin.start()])
        end = _end_of_declaration(text, begin.end())
        if end is None:
            return ""
        place = end
    return "".join([*kept, text[place:]])


def _end_of_declaration(text: str, start: int) -> int | None:
    depth = 0
    for part in _DECLARATION_PARTS.finditer(text, start, start + MOST_DECLARATION):
        depth += {"[": 1, "]": -1}.get(part.group(), 0)
        if part.group() == ">" and depth <= 0:
            return part.end()
    return None


def _readings(text: str) -> Iterator[str]:
    yield text
    plain = _BARE_LESS_THAN.sub("&lt;", _AMPERSAND.sub(_reference, text))
    yield _NO_XML_CHARACTER.sub(" ", plain)


def _reference(found: re.Match[str]) -> str:
    """A reference that XML knows as it is; any other `&` as the character itself."""
    named, decimal, hexadecimal, end = found.groups()
    if end and named:
        return found.group()
    if end and (decimal or hexadecimal):
        number = int(decimal) if decimal else int(hexadecimal, 16)
        if number < 0x110000 and not _NO_XML_CHARACTER.match(chr(number)):
            return found.group()
    return "&amp;" + found.group()[1:]


def _parsed(text: str) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError, LookupError):
        return None
