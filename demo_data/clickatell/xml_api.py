"""The legacy XML API: a request and the account in, an answer out."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from demo_data.clickatell.account import Account, Message
from demo_data.clickatell.errors import xml_fault
from demo_data.clickatell.exchange import XML, Answer, Judge, Request, XmlReply, plural
from demo_data.clickatell.message_life import STATUSES
from demo_data.clickatell.parts import as_gsm, count_parts
from demo_data.clickatell.xml_document import Call, DocumentError, form_data, read_document

_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_SENDER = re.compile(r"[0-9]{1,16}|(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}")
_LONGEST_DELAY = 10_080  # minutes


class Fault(Exception):
    """A call is refused with a code of the legacy table."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(xml_fault(code, detail))
        self.code = code


def is_path(request: Request, account: Account) -> bool:
    """Whether the request is for this API."""
    return request.path == account.settings.prefix + "/xml/xml"


def call_kind(request: Request) -> str:
    """`send` if a document holds any sendMsg, else `balance` or `status` (everything else)."""
    data = form_data(request)
    if "<sendMsg" in data:
        return "send"
    return "balance" if "<getBalance" in data else "status"


def answer(
    request: Request,
    account: Account,
    *,
    judge: Judge | None = None,
    refuse: str | None = None,
    keep: bool = True,
    detail: str = "",
) -> Answer:
    """Decide a document; always HTTP 200, each call judged by itself.

    `judge` may refuse single messages and `refuse` every call, with `detail` in the text. With `keep`
    false the answer is the same but no message is stored or charged.
    """
    if request.method not in ("GET", "POST"):
        return Answer(405, "method not allowed", body=b"Method Not Allowed\n", content_type="text/plain")
    try:
        calls = read_document(form_data(request))
    except DocumentError as error:
        return error_document(str(error))
    sends = sum(call.name == "sendMsg" for call in calls)
    work = _Work(account, request.peer, keep, judge, sends)
    replies = [work.reply(call, refuse, detail) for call in calls]
    return Answer(
        200, work.decision(replies), replies, content_type="text/xml; charset=utf-8", accepted=work.accepted
    )


def error_document(text: str) -> Answer:
    """`xmlErrorResp`, whose fault has no number."""
    replies = [XmlReply("xmlErrorResp", [("fault", text)])]
    return Answer(200, "xmlErrorResp", replies, content_type="text/xml; charset=utf-8")


@dataclass(slots=True)
class _Work:
    """One document on its way through the account."""

    account: Account
    peer: str
    keep: bool
    forced: Judge | None
    sends: int
    index: int = 0
    accepted: int = 0

    def reply(self, call: Call, refuse: str | None, detail: str) -> XmlReply:
        action = _ACTIONS.get(call.name)
        if action is None:
            return XmlReply("xmlErrorResp", [("fault", f"XML error: unknown call {call.name}")])
        try:
            if refuse is not None:
                raise Fault(refuse, detail)
            children = action(self, call)
        except Fault as fault:
            children = [("fault", str(fault))]
        sequence = call.get("sequence_no")
        if sequence or self.account.settings.empty_sequence_no:
            children.append(("sequence_no", sequence))
        return XmlReply(call.name + "Resp", children)

    def decision(self, replies: list[XmlReply]) -> str:
        faults = [value[:3] for reply in replies for name, value in reply.children if name == "fault"]
        said = f"{plural(len(replies), 'call')}: {len(replies) - len(faults)} ok"
        return said + (f", {len(faults)} refused ({', '.join(sorted(set(faults)))})" if faults else "")

    def auth(self, call: Call) -> list[tuple[str, str]]:
        self._check_credentials(call)
        return [("session_id", self.account.open_session())]

    def ping(self, call: Call) -> list[tuple[str, str]]:
        self._authenticate(call)
        return [("ok", "")]

    def get_balance(self, call: Call) -> list[tuple[str, str]]:
        self._authenticate(call)
        return [("ok", f"{self.account.credits:.3f}")]

    def query(self, call: Call) -> list[tuple[str, str]]:
        message = self._find(call)
        return [("apiMsgId", message.gateway_id), ("status", self._status(message))]

    def charge(self, call: Call) -> list[tuple[str, str]]:
        message = self._find(call)
        charge = f"{message.price.normalize():f}"
        return [("apiMsgId", message.gateway_id), ("charge", charge), ("status", self._status(message))]

    def coverage(self, call: Call) -> list[tuple[str, str]]:
        self._authenticate(call)
        if not _NUMBER.fullmatch(call.get("msisdn")):
            raise Fault("105")
        charge = f"{self.account.settings.credit_price.normalize():f}"
        return [
            ("ok", "This prefix is currently supported. Messages sent will be routed."),
            ("charge", charge),
        ]

    def send(self, call: Call) -> list[tuple[str, str]]:
        forced = self.forced(self.index, self.sends) if self.forced else None
        self.index += 1
        self._authenticate(call)
        message, starts = _draft(call, self.account)
        if not self.account.within_rate(1):
            raise Fault("130", str(int(self.account.now().timestamp()) + 2))
        if forced is not None:
            raise Fault(str(forced))
        if self.account.credits < message.price:
            raise Fault("301")
        cap = _decimal(call.get("max_credits"))
        if cap is not None and cap < message.price:
            raise Fault("302")
        if self.keep:
            self.account.accept(message, message.at + starts)
        self.accepted += 1
        return [("apiMsgId", message.gateway_id)]

    def _authenticate(self, call: Call) -> None:
        session = call.get("session_id")
        if session:
            if not self.account.use_session(session):
                raise Fault("003")
            self._check_account()
        elif "session_id" in call.fields and not call.get("user", "password", "api_id"):
            raise Fault("005")
        else:
            self._check_credentials(call)

    def _check_credentials(self, call: Call) -> None:
        settings = self.account.settings
        given = (call.get("user"), call.get("password"), call.get("api_id"))
        known = (settings.xml_user, settings.xml_password, settings.xml_api_id)
        if not all(given):
            raise Fault("001")
        if settings.keys_refused or given != known:
            raise Fault(settings.wrong_credentials_fault)
        self._check_account()

    def _check_account(self) -> None:
        if not self.account.settings.account_active:
            raise Fault("004")
        if not self.account.ip_allowed(self.peer):
            raise Fault("007")

    def _find(self, call: Call) -> Message:
        self._authenticate(call)
        gateway_id, client_id = call.get("apiMsgId"), call.get("cliMsgId", "climsgid")
        if not gateway_id and not client_id:
            raise Fault("109")
        if gateway_id:
            message = self.account.find(gateway_id)
            if message is None:
                raise Fault("103")
            return message
        message = self.account.find_by_client_id(XML, client_id)
        if message is None:
            raise Fault("104")
        return message

    def _status(self, message: Message) -> str:
        now = self.account.now()
        if now - message.at < timedelta(seconds=self.account.settings.reporting_lag):
            return STATUSES["UNKNOWN"][1]
        return STATUSES[message.status(now).status][1]


_ACTIONS: dict[str, Callable[[_Work, Call], list[tuple[str, str]]]] = {
    "auth": _Work.auth,
    "ping": _Work.ping,
    "sendMsg": _Work.send,
    "queryMsg": _Work.query,
    "getBalance": _Work.get_balance,
    "getMsgCharge": _Work.charge,
    "routeCoverage": _Work.coverage,
}


def _draft(call: Call, account: Account) -> tuple[Message, timedelta]:
    """The message of a sendMsg, and for how long it is to wait. Raises `Fault`."""
    settings = account.settings
    to = call.get("to")
    if not _NUMBER.fullmatch(to):
        raise Fault("105")
    text = _text(call)
    parts = count_parts(text, unicode=call.get("unicode") == "1")
    if parts > _whole(call.get("concat"), settings.most_parts, "101", 1, 35):
        raise Fault("113")
    sender = call.get("from")
    if sender and (
        not _SENDER.fullmatch(sender)
        or (settings.xml_senders is not None and sender not in settings.xml_senders)
    ):
        raise Fault(settings.wrong_sender_fault)
    if to in settings.opted_out:
        raise Fault("122")
    delay = timedelta(minutes=_whole(call.get("deliv_time"), 0, "120", 0, _LONGEST_DELAY))
    message = Message(
        gateway_id=account.new_id(),
        api=XML,
        channel="sms",
        to=to,
        text=text,
        sender=sender,
        client_message_id=call.get("cliMsgId", "climsgid"),
        parts=parts,
        price=parts * settings.credit_price,
        at=account.now(),
    )
    return message, delay


def _text(call: Call) -> str:
    """What the phone shows. Raises fault 107 for none and 116 for bad hex."""
    text = call.fields.get("text", "")
    if not text:
        raise Fault("107")
    if call.get("unicode") != "1":
        return as_gsm(text.replace("\r\n", "\n"))
    text = text.strip()
    if len(text) % 4 or not re.fullmatch("[0-9A-Fa-f]+", text):
        raise Fault("116")
    return bytes.fromhex(text).decode("utf-16-be", "replace")


def _whole(text: str, preset: int, fault: str, least: int, most: int) -> int:
    if not text:
        return preset
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise Fault(fault)
    return int(text)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise Fault("101") from None
