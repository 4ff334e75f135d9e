"""What faults do to an answer: other answers, refused messages, results out of shape."""

import json
import random
from collections.abc import Callable
from typing import Any

from demo_data.clickatell.exchange import ONE, Answer, Document, Judge, XmlReply, to_json
from demo_data.clickatell.xml_document import write_document

Instead = Callable[[float], Answer]
Reshape = Callable[[Document, float, random.Random], Document | bytes]
Refuse = Callable[[str, float], int | str]
Judging = Callable[[str, float], Judge]

_PROXY_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n"
)


def page(status: int, title: str) -> Instead:
    """An HTML page of a proxy."""
    body = _PROXY_PAGE.format(f"{status} {title}").encode()
    return lambda value: Answer(status, f"HTML {status}", body=body, content_type="text/html")


def plain(status: int, text: str) -> Instead:
    """A plain text answer without any code."""
    body = text.encode()
    return lambda value: Answer(status, f"plain {status}", body=body, content_type="text/plain")


def too_many_requests(value: float) -> Answer:
    """429; with Retry-After in seconds where the value is not negative."""
    headers = (("Retry-After", f"{value:.0f}"),) if value >= 0 else ()
    return Answer(429, "429", body=b"Too Many Requests\n", content_type="text/plain", headers=headers)


def redirect(value: float) -> Answer:
    """307 to another path of the same server."""
    return Answer(307, "redirect", headers=(("Location", "/v1/moved"),), content_type="text/plain")


def xml_error(value: float) -> Answer:
    """`xmlErrorResp` whatever was asked."""
    replies = [XmlReply("xmlErrorResp", [("fault", "XML error: no element found at line 1")])]
    return Answer(200, "xmlErrorResp", replies, content_type="text/xml; charset=utf-8")


def code(one: int, xml: str) -> Refuse:
    """A fixed code of each API."""
    return lambda api, value: one if api == ONE else xml


def any_code(api: str, value: float) -> int | str:
    """The value itself as a code."""
    return int(value) if api == ONE else f"{int(value):03d}"


def every_message(refusal: Refuse) -> Judging:
    """All messages of the call are refused."""
    return lambda api, value: lambda index, count: refusal(api, value)


def later_half(refusal: Refuse) -> Judging:
    """Messages from the middle of the call on; a single one too."""
    return lambda api, value: lambda index, count: refusal(api, value) if index >= count // 2 else None


def every_other(refusal: Refuse) -> Judging:
    """The second, fourth... message of the call, or a single one."""
    return lambda api, value: (
        lambda index, count: refusal(api, value) if index % 2 == 1 or count == 1 else None
    )


def shuffled(document: Document, value: float, rng: random.Random) -> Document:
    """The results in another order; with two or more never the order of the request."""
    results = _results(document)
    if len(results) < 2:
        return document
    order = list(range(len(results)))
    while order == sorted(order):
        rng.shuffle(order)
    return _with_results(document, [results[index] for index in order])


def one_missing(document: Document, value: float, rng: random.Random) -> Document:
    """Any one of the results is left out."""
    results = _results(document)
    if not results:
        return document
    gone = rng.randrange(len(results))
    return _with_results(document, results[:gone] + results[gone + 1 :])


def extra_fields(document: Document, value: float, rng: random.Random) -> Document:
    """Fields that no document describes, everywhere."""
    if isinstance(document, list):
        return [XmlReply(reply.name, [("traceId", "0"), *reply.children]) for reply in document]
    extra = {"traceId": "0", "links": [{"rel": "self"}]}
    return {**extra, **document, "messages": [{**extra, **each} for each in _results(document)]}


def _spelt(spell: Callable[[str], str]) -> Reshape:
    """Every `to` of the One API in another spelling."""

    def reshape(document: Document, value: float, rng: random.Random) -> Document:
        results = _results(document)
        return _with_results(document, [{**each, "to": spell(str(each.get("to", "")))} for each in results])

    return reshape


to_plus = _spelt(lambda number: f"+{number}")
to_00 = _spelt(lambda number: f"00{number}")
to_spaced = _spelt(lambda number: f"+{number[:2]} {number[2:6]} {number[6:]}")
to_digit = _spelt(lambda number: f"{number[:2]}9{number[2:]}")
to_other = _spelt(lambda number: "15550100")


def sequence(document: Document, value: float, rng: random.Random) -> Document:
    """Every reply numbered otherwise than it was asked for."""
    if isinstance(document, dict):
        return document
    return [
        XmlReply(
            reply.name,
            [*(each for each in reply.children if each[0] != "sequence_no"), ("sequence_no", f"{place}")],
        )
        for place, reply in enumerate(document, start=100)
    ]


def in_utf16(document: Document, value: float, rng: random.Random) -> bytes:
    """The document in UTF-16, which it declares and marks."""
    return _as_text(document).replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16")


def with_doctype(document: Document, value: float, rng: random.Random) -> bytes:
    """A declaration with an entity that grows, and one from elsewhere."""
    declared = (
        '<!DOCTYPE clickAPI SYSTEM "http://127.0.0.1:9/x.dtd"'
        ' [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///dev/zero">]>'
    )
    return _as_text(document).replace("?>", f"?>\n{declared}", 1).encode()


def with_auth(document: Document, value: float, rng: random.Random) -> Document:
    """The reply to a login that nobody asked for, before the others."""
    if isinstance(document, dict):
        return document
    return [XmlReply("authResp", [("session_id", "0123456789abcdef0123456789abcdef")]), *document]


def auth_fault(document: Document, value: float, rng: random.Random) -> Document:
    """Only that the login was refused."""
    if isinstance(document, dict):
        return document
    return [XmlReply("authResp", [("fault", "001, Authentication failed")])]


def bare_ampersand(document: Document, value: float, rng: random.Random) -> bytes:
    """Faults whose text XML would have escaped."""
    return _as_text(document).replace("</fault>", ": Tom & Jerry</fault>").encode()


def _as_text(document: Document) -> str:
    return write_document(document if isinstance(document, list) else []).decode()


def messages_null(document: Document, value: float, rng: random.Random) -> Document:
    """`messages` is null."""
    return {**document, "messages": None} if isinstance(document, dict) else document


def messages_missing(document: Document, value: float, rng: random.Random) -> Document:
    """There is no `messages`."""
    if isinstance(document, list):
        return document
    return {name: each for name, each in document.items() if name != "messages"}


def messages_empty(document: Document, value: float, rng: random.Random) -> Document:
    """`messages` is an empty array."""
    return {**document, "messages": []} if isinstance(document, dict) else document


def code_as_text(document: Document, value: float, rng: random.Random) -> Document:
    """Codes of message errors as strings."""
    results = [
        {**each, "error": {**each["error"], "code": str(each["error"]["code"])}}
        if each.get("error")
        else each
        for each in _results(document)
    ]
    return _with_results(document, results)


def wrong_json(document: Document, value: float, rng: random.Random) -> bytes:
    """Sound JSON of another form."""
    return to_json(["ok", len(_results(document))])


def not_json(document: Document, value: float, rng: random.Random) -> bytes:
    """JSON with a comma lost in the middle."""
    text = json.dumps(document)
    middle = text.find(",", len(text) // 2)
    return (text[:middle] + text[middle + 1 :] if middle > 0 else text[:-1]).encode()


def nothing(document: Document, value: float, rng: random.Random) -> bytes:
    """An empty body."""
    return b""


def no_answer_element(document: Document, value: float, rng: random.Random) -> Document:
    """Replies that hold neither an id nor a fault."""
    return _keep_children(document, lambda name: name == "sequence_no")


def no_sequence(document: Document, value: float, rng: random.Random) -> Document:
    """Replies without `sequence_no`."""
    return _keep_children(document, lambda name: name != "sequence_no")


def _keep_children(document: Document, wanted: Callable[[str], bool]) -> Document:
    if isinstance(document, dict):
        return document
    return [XmlReply(reply.name, [each for each in reply.children if wanted(each[0])]) for reply in document]


def _results(document: Document) -> list[Any]:
    return document if isinstance(document, list) else document.get("messages") or []


def _with_results(document: Document, results: list[Any]) -> Document:
    return results if isinstance(document, list) else {**document, "messages": results}
