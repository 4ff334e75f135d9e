"""Reading the XML API's answers: which reply belongs to which call, and what it says.

Pure: bytes in, values out; nothing in an answer makes these functions raise.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from xml.etree import ElementTree

from scheduling.gateways.amount import money
from scheduling.gateways.outcome import (
    Balance,
    DeliveryStatus,
    DeliveryVerdict,
    Outcome,
    QueryAnswer,
    QueryVerdict,
)
from scheduling.gateways.pairing import exact, pair, told_apart
from scheduling.gateways.reply import Reply
from scheduling.gateways.verdict import believed, by_code, by_status, retry_after
from scheduling.gateways.wording import gateway_id, outside_text, said
from scheduling.gateways.xml_api.codes import CODES
from scheduling.gateways.xml_api.reading import read_document, tag_of
from storage.vocabulary import OutcomeKind

_UNIX_TIME = re.compile(r"(?<!\d)\d{9,11}(?!\d)")
_UNKNOWN_MESSAGE_ID = "103"
_UNKNOWN_CLIENT_ID = "104"
_REPORTING_IS_LATE = "001"
_DELIVERED = frozenset({"004"})
_UNDELIVERED = frozenset({"005", "006", "007", "009", "010", "012", "014"})
# Message status codes of Clickatell's legacy APIs.
_STATUS_TEXTS = {
    "001": "Message unknown",
    "002": "Message queued",
    "003": "Delivered to gateway",
    "004": "Received by recipient",
    "005": "Error with message",
    "006": "User cancelled message delivery",
    "007": "Error delivering message",
    "008": "OK",
    "009": "Routing error",
    "010": "Message expired",
    "011": "Message queued for later delivery",
    "012": "Out of credit",
    "014": "Maximum MT limit exceeded",
}


@dataclass(frozen=True, slots=True)
class _Fault:
    """A fault: `NNN, text`, or a text alone."""

    code: str | None
    text: str


class Answer:
    """One answer, read as far as it can be."""

    def __init__(self, reply: Reply, now: datetime, secrets: Collection[str] = ()) -> None:
        self.reply = reply
        self._secrets = secrets
        self._now = now
        self._retry_at = retry_after(reply.headers, now)
        self._root = read_document(reply.body)

    def replies(self, name: str) -> list[dict[str, str]]:
        """The reply elements of that name, each as its children's texts by lower-case name."""
        if self._root is None:
            return []
        return [_texts(child) for child in self._root if tag_of(child) == name.lower()]

    @property
    def refusal(self) -> Outcome:
        """What the answer as a whole says where it holds no reply to a call.

        An `xmlErrorResp` refuses the document as unreadable, the fault of an `authResp` refuses
        the login: nothing was accepted. So does a fault in any other reply element.
        """
        text = next(self._faults(), None)
        if text is not None:
            return self._of_fault(text)
        note = "the answer is not understood" if self.reply.status < 300 else ""
        return by_status(self.reply.status, retry_at=self._retry_at, note=note)

    def _faults(self) -> Iterator[str]:
        if self._root is None:
            return
        entries = [*self.replies("xmlErrorResp"), *self.replies("authResp"), _texts(self._root)]
        for entry in [*entries, *(_texts(child) for child in self._root)]:
            if entry.get("fault"):
                yield entry["fault"]

    def of(self, entry: dict[str, str]) -> Outcome:
        """What one `sendMsgResp` says: an id, or a fault; both or neither leave it open."""
        fault, named = entry.get("fault", ""), entry.get("apimsgid", "")
        if fault and not named:
            return self._of_fault(fault)
        if named and not fault:
            known = gateway_id(named, self._secrets)
            return Outcome(OutcomeKind.ACCEPTED, known, http_status=self.reply.status)
        return self.unpaired()

    def unpaired(self) -> Outcome:
        """The outcome of a message of which the answer says nothing that can be relied on."""
        return Outcome(
            OutcomeKind.UNKNOWN,
            error="the answer says nothing of this message",
            http_status=self.reply.status,
            advice="Look the message up in the Clickatell account",
        )

    def balance(self) -> Balance | None:
        """The credits in a `getBalanceResp`; None where there are none."""
        for entry in self.replies("getBalanceResp"):
            amount = money(entry.get("ok", "").rpartition(":")[2])
            if amount is not None:
                return Balance(amount, "credits")
        return None

    def query(self) -> QueryAnswer:
        """What a `queryMsgResp` says of a client message id.

        Fault 104 and status 001 mean that Clickatell does not know it, or not yet.
        """
        for entry in self.replies("queryMsgResp"):
            fault = _fault(entry.get("fault", ""))
            status, named = entry.get("status", ""), entry.get("apimsgid", "")
            if fault.code == _UNKNOWN_CLIENT_ID or (not fault.text and _three(status) == _REPORTING_IS_LATE):
                return QueryAnswer(QueryVerdict.NOT_KNOWN, status=_three(status))
            if not fault.text and (named or _three(status)):
                known = gateway_id(named, self._secrets)
                return QueryAnswer(QueryVerdict.ACCEPTED, known, _three(status))
        return QueryAnswer(QueryVerdict.NO_ANSWER, error=_reason(self.call_error("queryMsgResp")))

    def delivery(self) -> DeliveryStatus:
        """What a `queryMsgResp` says of a message's delivery.

        An unlisted status and an id that is not known (fault 103, or not yet) are pending.
        """
        for entry in self.replies("queryMsgResp"):
            status = _three(entry.get("status", ""))
            if _fault(entry.get("fault", "")).code == _UNKNOWN_MESSAGE_ID:
                return DeliveryStatus(DeliveryVerdict.PENDING, _reason(self._of_fault(entry["fault"])))
            if status is None or entry.get("fault"):
                continue
            verdict = DeliveryVerdict.PENDING
            if status in _DELIVERED:
                verdict = DeliveryVerdict.DELIVERED
            elif status in _UNDELIVERED:
                verdict = DeliveryVerdict.UNDELIVERED
            return DeliveryStatus(verdict, f"{status} {_STATUS_TEXTS.get(status, '')}".strip())
        return DeliveryStatus(DeliveryVerdict.NO_ANSWER, _reason(self.call_error("queryMsgResp")))

    def call_error(self, name: str) -> Outcome:
        """Why a call that sends nothing has no result: its reply's fault, else the whole answer's."""
        for entry in self.replies(name):
            if entry.get("fault"):
                return self._of_fault(entry["fault"])
        return self.refusal

    def _of_fault(self, raw: str) -> Outcome:
        fault = _fault(raw)
        words = outside_text(fault.text, self._secrets)
        status = self.reply.status
        row = CODES.get(fault.code or "")
        if row is None or fault.code is None:
            advice = "See the error codes of Clickatell's XML API"
            outcome = Outcome(OutcomeKind.REJECTED, http_status=status, advice=advice)
            return replace(outcome, code=fault.code, error=words or "refused without a reason")
        retry_at = _unix_time(fault.text, self._now) if fault.code == "130" else None
        return by_code(row, fault.code, words, status=status, retry_at=retry_at or self._retry_at)


def outcomes_of(answer: Answer, count: int, replies: Sequence[dict[str, str]]) -> list[Outcome]:
    """What the replies say of each of `count` calls, numbered from 1.

    `sequence_no` decides. Replies without one are taken in order, where there are as many
    replies as calls and the numbers that are there agree with their places. Numbers that were never
    asked for say nothing at all. For the rest see `pairing`.
    """
    wanted = [str(number) for number in range(1, count + 1)]
    numbers = [_number(entry.get("sequence_no", "")) for entry in replies]
    if len(numbers) == count and all(n in ("", w) for n, w in zip(numbers, wanted, strict=True)):
        numbers = wanted
    elif len(numbers) <= count and any(number not in ("", *wanted) for number in numbers):
        numbers = [""] * len(numbers)  # numbered in some other way: none of them can be relied on
    told = told_apart(pair(wanted, numbers, [exact]), [answer.of(entry) for entry in replies])
    return [answer.unpaired() if outcome is None else outcome for outcome in told]


def _reason(outcome: Outcome) -> str:
    """Why a query has no result, as the one text that it gives."""
    return said(outcome.code, outcome.error)


def _number(text: str) -> str:
    """A sequence number however it is written: `007` is `7`."""
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= 6 else text


def _texts(element: ElementTree.Element) -> dict[str, str]:
    texts: dict[str, str] = {}
    for child in element:
        texts.setdefault(tag_of(child), "".join(child.itertext()).strip())
    return texts


def _fault(raw: str) -> _Fault:
    head, _, tail = raw.partition(",")
    code = _three(head)
    return _Fault(code, tail.strip()) if code else _Fault(None, raw.strip())


def _three(text: str) -> str | None:
    """A code as three digits with its leading zeros, or None."""
    text = text.strip()
    return text.zfill(3) if text.isascii() and text.isdigit() and len(text) <= 3 else None


def _unix_time(text: str, now: datetime) -> datetime | None:
    found = _UNIX_TIME.search(text)
    return believed(datetime.fromtimestamp(int(found.group()), UTC), now) if found else None
