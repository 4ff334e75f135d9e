"""The table of fault kinds. Help, documentation and the plan are all made from it."""

from dataclasses import dataclass

from demo_data.clickatell import fault_effects as effect
from demo_data.clickatell.exchange import ONE, XML

BOTH = frozenset({ONE, XML})
ONE_ONLY = frozenset({ONE})
XML_ONLY = frozenset({XML})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    `accepts` tells whether the call is carried out all the same; where `either` is true, a `-before` or
    `-after` behind the name chooses. `value` is the preset of a number that may follow the name, in the
    unit `unit`. The last five say what happens; `wire` is a name known to the transport.
    """

    name: str
    explains: str
    accepts: bool = False
    either: bool = False
    apis: frozenset[str] = BOTH
    value: float | None = None
    unit: str = ""
    instead: effect.Instead | None = None
    refuse: effect.Refuse | None = None
    judge: effect.Judging | None = None
    reshape: effect.Reshape | None = None
    wire: str | None = None


def _wire(name: str, explains: str, value: float | None = None, unit: str = "", either: bool = True) -> Kind:
    return Kind(name, explains, True, either, value=value, unit=unit, wire=name)


_TABLE = [
    # What happens on the wire
    _wire("delay", "the answer comes late; -before: what is late is the decision", 5, "seconds"),
    _wire("timeout", "no answer, the connection stays open"),
    _wire("reset", "the connection is reset instead of an answer"),
    _wire("close", "the connection is closed without an answer"),
    _wire("half-answer", "half of the body, then the connection is closed"),
    _wire("long-content-length", "Content-Length is 100 bytes more than comes"),
    _wire("slow-drip", "the body comes in 20 pieces over so long", 10, "seconds"),
    _wire("big-body", "the body is padded with blanks", 50, "megabytes"),
    _wire("garbage", "bytes that are no HTTP"),
    _wire("gzip", "the body in gzip, which nobody asked for", either=False),
    _wire("deflate", "the body in deflate, which nobody asked for", either=False),
    _wire("gzip-cut", "a body in gzip whose stream has no end"),
    _wire("zip-bomb", "a body in gzip that unpacks to so much", 100, "megabytes"),
    _wire("brotli", "a body in brotli"),
    _wire("idle-close", "a good answer; then the connection is closed unannounced", either=False),
    _wire("stale-connection", "a good answer; the connection's next call is reset unread", either=False),
    Kind(
        "refuse-connection",
        "reset; nobody listens for so long and other connections are cut",
        value=2,
        unit="seconds",
        wire="refuse-connection",
    ),
    # Another answer altogether
    Kind("html-502", "502, HTML of a proxy", either=True, instead=effect.page(502, "Bad Gateway")),
    Kind(
        "html-504",
        "504, HTML of a proxy",
        either=True,
        instead=effect.page(504, "Gateway Time-out"),
    ),
    Kind("http-500", "500 in plain text", either=True, instead=effect.plain(500, "Internal Server Error\n")),
    Kind("http-503", "503 in plain text", either=True, instead=effect.plain(503, "Service Unavailable\n")),
    Kind("rate-429", "429 without Retry-After", value=-1, instead=effect.too_many_requests),
    Kind("rate-429-after", "429 with Retry-After", value=7, unit="seconds", instead=effect.too_many_requests),
    Kind("redirect", "307 to another path", instead=effect.redirect),
    Kind("xml-error", "xmlErrorResp, without a number", apis=XML_ONLY, instead=effect.xml_error),
    # The whole call refused
    Kind("unauthorized", "401 with code 1; fault 001", refuse=effect.code(1, "001")),
    Kind("ip-blocked", "401 with code 7; fault 007", refuse=effect.code(7, "007")),
    Kind("account-frozen", "400 with code 2; fault 004", refuse=effect.code(2, "004")),
    Kind("error-18", "500 with code 18, top level", either=True, apis=ONE_ONLY, refuse=effect.code(18, "")),
    Kind("error-19", "503 with code 19, top level", apis=ONE_ONLY, refuse=effect.code(19, "")),
    Kind("rate-400", "400 with code 43, top level", apis=ONE_ONLY, refuse=effect.code(43, "")),
    Kind("error", "any code, top level", apis=ONE_ONLY, value=19, unit="code", refuse=effect.any_code),
    Kind("xml-901", "fault 901, internal error", apis=XML_ONLY, refuse=effect.code(0, "901")),
    Kind(
        "xml-130",
        "fault 130, limit exceeded until so much later",
        apis=XML_ONLY,
        value=60,
        unit="seconds",
        refuse=effect.code(0, "130"),
    ),
    Kind("xml-301", "fault 301, no credit left", apis=XML_ONLY, refuse=effect.code(0, "301")),
    Kind("xml-fault", "any fault", apis=XML_ONLY, value=901, unit="code", refuse=effect.any_code),
    # Some messages refused
    Kind(
        "message-18",
        "each message refused with 18; fault 901",
        judge=effect.every_message(effect.code(18, "901")),
    ),
    Kind(
        "message-19",
        "each message refused with 19; fault 901",
        judge=effect.every_message(effect.code(19, "901")),
    ),
    Kind(
        "message-error",
        "each message refused with any code",
        value=25,
        unit="code",
        judge=effect.every_message(effect.any_code),
    ),
    Kind(
        "no-money",
        "code 20 or fault 301 from the middle of the call on",
        accepts=True,
        judge=effect.later_half(effect.code(20, "301")),
    ),
    Kind(
        "partial-207",
        "every other message refused with code 19; fault 901",
        accepts=True,
        judge=effect.every_other(effect.code(19, "901")),
    ),
    Kind(
        "unknown-code",
        "each message refused with a code that no table lists",
        value=977,
        unit="code",
        judge=effect.every_message(effect.any_code),
    ),
    # The answer out of shape
    Kind("shuffled", "results in another order", True, reshape=effect.shuffled),
    Kind("missing-result", "the result of one message is left out", True, reshape=effect.one_missing),
    Kind("to-plus", "every number comes back with a +", True, apis=ONE_ONLY, reshape=effect.to_plus),
    Kind("to-00", "every number comes back with 00", True, apis=ONE_ONLY, reshape=effect.to_00),
    Kind("to-spaced", "every number comes back with spaces", True, apis=ONE_ONLY, reshape=effect.to_spaced),
    Kind(
        "to-digit",
        "every number comes back with another digit behind its country code",
        True,
        apis=ONE_ONLY,
        reshape=effect.to_digit,
    ),
    Kind("to-other", "every number comes back as one other", True, apis=ONE_ONLY, reshape=effect.to_other),
    Kind("xml-other-sequence", "replies numbered from 100", True, apis=XML_ONLY, reshape=effect.sequence),
    Kind("xml-utf16", "the document in UTF-16", True, apis=XML_ONLY, reshape=effect.in_utf16),
    Kind(
        "xml-doctype",
        "a document type declaration with entities before it",
        True,
        apis=XML_ONLY,
        reshape=effect.with_doctype,
    ),
    Kind("xml-auth", "an authResp before the replies", True, apis=XML_ONLY, reshape=effect.with_auth),
    Kind(
        "xml-auth-fault",
        "an authResp with fault 001 instead of the replies",
        apis=XML_ONLY,
        reshape=effect.auth_fault,
    ),
    Kind(
        "xml-ampersand",
        "each message refused with 105 and a bare & in the text",
        apis=XML_ONLY,
        judge=effect.every_message(effect.code(0, "105")),
        reshape=effect.bare_ampersand,
    ),
    Kind("extra-fields", "fields that no document describes", True, reshape=effect.extra_fields),
    Kind("messages-null", "messages: null", True, True, ONE_ONLY, reshape=effect.messages_null),
    Kind(
        "messages-missing", "no messages in the answer", True, True, ONE_ONLY, reshape=effect.messages_missing
    ),
    Kind("messages-empty", "messages: []", True, True, ONE_ONLY, reshape=effect.messages_empty),
    Kind(
        "code-as-text",
        'each message refused with the code as a string, "25"',
        apis=ONE_ONLY,
        judge=effect.every_message(effect.code(25, "")),
        reshape=effect.code_as_text,
    ),
    Kind("wrong-json", "JSON of another form", True, True, ONE_ONLY, reshape=effect.wrong_json),
    Kind("not-json", "JSON with a comma missing", True, True, ONE_ONLY, reshape=effect.not_json),
    Kind("empty-202", "the body is empty", True, True, reshape=effect.nothing),
    Kind(
        "xml-no-answer-element",
        "replies with neither an id nor a fault",
        True,
        True,
        XML_ONLY,
        reshape=effect.no_answer_element,
    ),
    Kind("xml-no-sequence", "replies without sequence_no", True, apis=XML_ONLY, reshape=effect.no_sequence),
]

KINDS: dict[str, Kind] = {kind.name: kind for kind in _TABLE}


def explain_kinds() -> list[tuple[str, str]]:
    """For each kind how it may be written, and one line on what it does."""
    return [(_written(kind), _explained(kind)) for kind in KINDS.values()]


def _written(kind: Kind) -> str:
    side = ("[-before]" if kind.accepts else "[-after]") if kind.either else ""
    return kind.name + side + (f"[={kind.value:g}]" if kind.unit else "")


def _explained(kind: Kind) -> str:
    notes = [kind.unit] if kind.unit else []
    if kind.apis != BOTH:
        notes.append("One API" if ONE in kind.apis else "XML API")
    return kind.explains + (f" ({', '.join(notes)})" if notes else "")
