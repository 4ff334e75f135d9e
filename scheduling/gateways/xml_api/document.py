"""Writing the XML API's requests: a `clickAPI` document in the form field `data`.

Every call carries its own credentials, so that there is no session to lose. No XML
declaration: Clickatell has been seen to refuse it. Names are case-sensitive.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from scheduling.gateways.outcome import HandlerConfig, OutgoingMessage

MOST_MESSAGES = 50  # in a document; Clickatell names no figure

Elements = Iterable[tuple[str, str]]


def send_document(cfg: HandlerConfig, batch: Sequence[OutgoingMessage]) -> bytes:
    """One `sendMsg` per message, numbered from 1 in `sequence_no`."""
    calls = (_send_elements(cfg, message, number) for number, message in enumerate(batch, start=1))
    return _form(cfg, (("sendMsg", elements) for elements in calls))


def query_document(cfg: HandlerConfig, key: str, value: str) -> bytes:
    """`queryMsg` by `key`: `cliMsgId` (ours) or `apiMsgId` (Clickatell's)."""
    return _form(cfg, [("queryMsg", [(key, value), ("sequence_no", "1")])])


def balance_document(cfg: HandlerConfig) -> bytes:
    """`getBalance`."""
    return _form(cfg, [("getBalance", [("sequence_no", "1")])])


def _send_elements(cfg: HandlerConfig, message: OutgoingMessage, number: int) -> Elements:
    # Loaded here: the module with the alphabets is only needed where something is sent.
    from scheduling.sms_text import xml_text

    unicode_flag, text = xml_text(message.text)
    yield "to", message.to.strip().removeprefix("+")
    if sender_id := cfg.text("sender_id"):
        yield "from", sender_id.removeprefix("+")
    yield "concat", str(max(1, cfg.most_parts))
    if unicode_flag:
        yield "unicode", "1"
    yield "cliMsgId", message.client_message_id
    yield "text", text
    yield "sequence_no", str(number)


def _form(cfg: HandlerConfig, calls: Iterable[tuple[str, Elements]]) -> bytes:
    login = [("api_id", cfg.text("api_id")), ("user", cfg.text("user_name")), ("password", cfg.secret)]
    parts = ["<clickAPI>"]
    for name, elements in calls:
        inner = "".join(f"<{tag}>{_escaped(value)}</{tag}>" for tag, value in [*login, *elements])
        parts.append(f"<{name}>{inner}</{name}>")
    return urlencode({"data": "".join([*parts, "</clickAPI>"])}).encode("ascii")


def _escaped(value: str) -> str:
    return escape(value, {'"': "&quot;", "'": "&apos;"})
