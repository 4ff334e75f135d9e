"""Reading the One API's answers: which result belongs to which message, and what it says.

Pure: bytes in, values out; nothing in an answer makes these functions raise.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from scheduling.gateways.amount import money
from scheduling.gateways.one_api.codes import CODES
from scheduling.gateways.outcome import Balance, DeliveryStatus, DeliveryVerdict, Outcome, OutgoingMessage
from scheduling.gateways.pairing import pair, told_apart
from scheduling.gateways.reply import Reply
from scheduling.gateways.verdict import by_code, by_status, retry_after
from scheduling.gateways.wording import gateway_id, outside_text, said
from storage.vocabulary import WITHDRAWN, OutcomeKind

_DELIVERED = frozenset({"DEVICE_ACK", "READ"})
_UNDELIVERED = frozenset(
    {
        "EXPIRED",
        "STOPPED_BY_USER",
        "STOPPED_BY_ADMIN",
        "DELIVERY_FAILURE",
        "EMULATED",  # a test: final, and nobody received it
        "INSUFFICIENT_ACCOUNT_BALANCE",
        "VOLUME_LIMIT",
        "VOLUME_LIMIT_DAILY",
        "VOLUME_LIMIT_MONTHLY",
        "RECIPIENT_DOES_NOT_EXIST",
        "ROUTING_ERROR",
        "STOP_MARKETING_MESSAGES",
        "EXCESSIVE_MESSAGES_TO_RECIPIENT",
    }
)
MOST_ECHO = 60  # characters of a `to` that are looked at
# Families of failures whose members are not all documented.
_UNDELIVERED_FAMILIES = ("ENCRYPTION_", "MEDIA_", "WHATSAPP_", "ANONYMOUS_USER_ID_")


class Answer:
    """One answer, read as far as it can be.

    `refusal` is set where the whole call was refused or nothing can be told from the body;
    otherwise `results` holds what it says of single messages.
    """

    def __init__(self, reply: Reply, now: datetime, secrets: Collection[str] = ()) -> None:
        self.reply = reply
        self.body = read_json(reply.body)
        self._secrets = secrets
        self._retry_at = retry_after(reply.headers, now)

    @property
    def results(self) -> list[Any]:
        """The entries of `messages`; empty where there are none."""
        found = self.body.get("messages") if isinstance(self.body, dict) else None
        return found if isinstance(found, list) else []

    @property
    def refusal(self) -> Outcome:
        """What the answer as a whole says: by its top-level code, else by its HTTP status."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        outcome = self._by_error(error, self.body, single=False)
        if outcome is not None:
            return outcome
        note = "the answer is not understood" if self.reply.status < 300 else ""
        return by_status(self.reply.status, retry_at=self._retry_at, note=note)

    def of(self, result: Any) -> Outcome:
        """What one entry of `messages` says of its message.

        `accepted` decides. An accepted message without a usable `apiMessageId` is accepted
        all the same, with no gateway id: the refusal of what was accepted is a second SMS.
        """
        if not isinstance(result, dict):
            return self._not_told()
        known = gateway_id(result.get("apiMessageId"), self._secrets)
        error = self._by_error(result.get("error"), result, single=True)
        accepted = result.get("accepted")
        if accepted is True or (accepted is None and error is None and known):
            return Outcome(
                OutcomeKind.ACCEPTED,
                known,
                http_status=self.reply.status,
                warning=f"accepted, with an error beside it: {said(error.code, error.error)}"
                if error
                else None,
            )
        if error is not None:
            return error
        if accepted is False:
            kind = OutcomeKind.BUSY if self.reply.status >= 500 else OutcomeKind.REJECTED
            return Outcome(kind, error="refused without a reason", http_status=self.reply.status)
        return self._not_told()

    def _not_told(self) -> Outcome:
        """An entry that says nothing: the top-level error counts if there is one."""
        whole = self.refusal
        return whole if whole.code is not None else unpaired(self.reply.status)

    def _by_error(self, error: Any, holder: Any, *, single: bool) -> Outcome | None:
        """The outcome of an error object; also of the older platform's plain string and `errorCode`."""
        if not error:
            return None
        if isinstance(error, dict):
            code, text = error_code(error.get("code")), error.get("description")
        else:
            code, text = error_code(holder.get("errorCode")), error
        words = outside_text(text, self._secrets) if isinstance(text, str) else ""
        if code is None:
            return self._without_code(words, single)
        refused = single and holder.get("accepted") is False
        row = CODES.get(code)
        if row is None:
            return self._unknown_code(outside_text(code, self._secrets)[:20], words, refused)
        kind = OutcomeKind.BUSY if code == "18" and refused else None
        status = self.reply.status
        return by_code(row, code, words, status=status, retry_at=self._retry_at, kind=kind)

    def _unknown_code(self, code: str, words: str, refused: bool) -> Outcome:
        outcome = self._by_class(refused)
        if code.casefold() == WITHDRAWN:  # our own mark stands in this column: no answer can set it
            return replace(outcome, error=f"{code}: {words}" if words else code)
        error = words or "an error code that is not in the One API errors table"
        return replace(outcome, code=code, error=error)

    def _without_code(self, words: str, single: bool) -> Outcome | None:
        if not single or not words:
            return None
        return replace(self._by_class(refused=True), error=words)

    def _by_class(self, refused: bool) -> Outcome:
        """An unlisted refusal: by HTTP class; what is said to be refused may be tried again at worst."""
        status = self.reply.status
        if status == 429:
            kind = OutcomeKind.BUSY
        elif refused:
            kind = OutcomeKind.BUSY if status >= 500 else OutcomeKind.REJECTED
        else:
            kind = OutcomeKind.REJECTED if 400 <= status < 500 else OutcomeKind.UNKNOWN
        advice = "See Clickatell's One API errors table for this code"
        return Outcome(kind, http_status=status, retry_at=self._retry_at, advice=advice)


def unpaired(status: int) -> Outcome:
    """The outcome of a message of which the answer says nothing that can be relied on."""
    return Outcome(
        OutcomeKind.UNKNOWN,
        error="the answer says nothing of this message",
        http_status=status,
        advice="Look the message up in the Clickatell portal",
    )


def outcomes_of(answer: Answer, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
    """What the results of an answer say of each message of a batch (see `pairing`)."""
    results = answer.results
    found = pair([digits(message.to) for message in batch], [_echo(result) for result in results])
    told = told_apart(found, [answer.of(result) for result in results])
    return [unpaired(answer.reply.status) if outcome is None else outcome for outcome in told]


def read_balance(reply: Reply, secrets: Collection[str] = ()) -> Balance | None:
    """The balance in an answer: a number, or a string that holds one; None where there is none."""
    body = read_json(reply.body)
    if not 200 <= reply.status < 300 or not isinstance(body, dict):
        return None
    amount = money(body.get("balance"))
    currency = body.get("currency")
    words = outside_text(currency, secrets)[:10] if isinstance(currency, str) else ""
    return None if amount is None else Balance(amount, words)


def read_delivery(reply: Reply, secrets: Collection[str] = ()) -> DeliveryStatus | None:
    """The delivery state in an answer (One API message status table), which is an open list.

    A name that is not in the table, and a message that Clickatell does not know, are pending.
    """
    body = read_json(reply.body)
    if not 200 <= reply.status < 300 or not isinstance(body, dict):
        return None
    entries = [body.get("sms"), body.get("whatsapp"), *body.values(), body]
    entry = next((e for e in entries if isinstance(e, dict) and isinstance(e.get("status"), str)), None)
    if entry is None:
        return None
    name = outside_text(entry["status"], secrets).upper()
    if name in _DELIVERED:
        verdict = DeliveryVerdict.DELIVERED
    elif name in _UNDELIVERED or name.startswith(_UNDELIVERED_FAMILIES):
        verdict = DeliveryVerdict.UNDELIVERED
    else:
        verdict = DeliveryVerdict.PENDING
    return DeliveryStatus(verdict, name, _moment(entry.get("timestamp")))


def read_json(body: bytes) -> Any:
    """The value in a body, with fractions as `Decimal`; None where it is not JSON."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        return None


def error_code(value: Any) -> str | None:
    """An error code as text: `25` for 25, "25" and "025"; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, Decimal):
        return str(int(value)) if value.is_finite() and 0 <= value < 10**6 and value == int(value) else None
    text = value.strip() if isinstance(value, str) else str(value) if 0 <= value < 10**6 else ""
    if text.isascii() and text.isdigit() and len(text) <= 6:
        return str(int(text))
    return text or None


def digits(number: str) -> str:
    """A telephone number as both APIs want it: digits with the country code, no `+`."""
    return number.strip().removeprefix("+")


def _echo(result: Any) -> str:
    to = result.get("to") if isinstance(result, dict) else None
    if isinstance(to, str):
        return digits(to)[:MOST_ECHO]
    if isinstance(to, bool) or not isinstance(to, int | Decimal):
        return ""
    whole = 0 <= to < 10**20 and to == int(to)
    return str(int(to)) if whole else ""


def _moment(milliseconds: Any) -> datetime | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | Decimal):
        return None
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if 0 < milliseconds < 10**14 else None
    except (ValueError, OverflowError, OSError):
        return None
