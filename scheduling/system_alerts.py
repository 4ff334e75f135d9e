"""Alerts that the program raises itself: handler in error, balance low, message failed.

Each is off until an operator enables it. They are raised in the transaction that writes down
their cause, and only by the holder of the lease. An alert that cannot be raised never stops
the recording of its cause.

The first two last as long as their cause: they are raised once, sent again while nobody could be
told of them, restored by themselves when the cause is gone, and one that an operator has finalised
meanwhile is not raised again before the cause has been gone. The third is raised per handler and
counts until an operator ends it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from scheduling import alerting, sms_text
from scheduling.gateways import wording
from storage import alerts, handlers, occurrences, outbox
from storage.alerts import Alert
from storage.database import Transaction
from storage.occurrences import Occurrence
from storage.records import Handler, HandlerStatus, Message
from storage.savepoint import on_its_own
from storage.vocabulary import HandlerState, MessageState, Stage

HANDLER_IN_ERROR = "handler in error"
BALANCE_LOW = "balance low"
MESSAGE_FAILED = "message failed"

CAUSE_GONE = "Cause gone"  # the event that lets a finalised occurrence be followed by a new one
ENDED_BADLY = frozenset(
    {MessageState.FAILED, MessageState.EXPIRED, MessageState.UNDELIVERED, MessageState.UNKNOWN}
)
_NAMED = 60  # characters of a message's text that the alert shows
_CUT = "..."  # the ellipsis is no character of GSM


def after_check(tx: Transaction, handler: Handler, now: datetime) -> None:
    """Raise or restore what depends on the handler's status and balance, as they are now kept."""
    found = handlers.status_of(tx.connection, handler.id)
    with on_its_own(tx, HANDLER_IN_ERROR):
        _follow(
            tx,
            HANDLER_IN_ERROR,
            handler.name,
            found.status == HandlerState.ERROR,
            _error_given(handler, found),
            now,
        )
    with on_its_own(tx, BALANCE_LOW):
        _follow(tx, BALANCE_LOW, handler.name, is_low(handler, found), _balance_given(handler, found), now)


def is_low(handler: Handler, found: HandlerStatus) -> bool:
    """Whether the last known balance lies below the handler's low-balance mark. No mark: never."""
    if handler.low_balance is None or found.balance is None:
        return False
    return found.balance < handler.low_balance


def messages_ended(tx: Transaction, states: Mapping[int, MessageState], now: datetime) -> None:
    """Raise for messages that have just ended badly; `states` are their new states by id.

    Messages that system alerts have sent themselves are left out, or one would lead to the next.
    """
    bad = [message_id for message_id, state in states.items() if state in ENDED_BADLY]
    if not bad:
        return
    with on_its_own(tx, MESSAGE_FAILED):
        wanted = [alert for alert in alerts.for_system(tx, MESSAGE_FAILED) if alert.enabled]
        if wanted:
            _raise_for_messages(tx, wanted, bad, now)


def _raise_for_messages(
    tx: Transaction, wanted: Sequence[Alert], bad: Collection[int], now: datetime
) -> None:
    own = alerts.system_ids(tx)
    by_handler: dict[str, list[Message]] = {}
    for message in outbox.current(tx, bad).values():
        if message.alert_id not in own:
            by_handler.setdefault(message.handler, []).append(message)
    for handler, messages in by_handler.items():
        for alert in wanted:
            alerting.raise_alert(tx, alert, handler, _messages_given(messages), now, times=len(messages))


def _follow(
    tx: Transaction, system: str, key: str, holds: bool, given: Mapping[str, str], now: datetime
) -> None:
    """Bring the occurrences of this cause into line with whether it holds now."""
    for alert in alerts.for_system(tx, system):
        latest = occurrences.latest_with_key(tx, alert.id, key)
        if holds:
            if alert.enabled and (latest is None or _is_over(tx, latest)):
                alerting.raise_alert(tx, alert, key, given, now)
            elif alert.enabled and latest is not None and latest.active:
                alerting.send_again_if_nobody_told(tx, alert, latest, now)
        elif latest is not None and latest.active:
            alerting.enter(tx, alert, latest, Stage.RESTORED, now)
        elif latest is not None and not _is_over(tx, latest):
            occurrences.add_event(tx, latest.id, CAUSE_GONE, now)


def _is_over(tx: Transaction, occurrence: Occurrence) -> bool:
    """Whether its cause has been gone since: restored, or finalised and the cause gone after that."""
    if occurrence.active:
        return False
    if occurrence.stage == Stage.RESTORED:
        return True
    lived = {event.what for event in occurrences.events_of(tx.connection, occurrence.id)}
    return bool(lived & {Stage.RESTORED, CAUSE_GONE})


def _error_given(handler: Handler, found: HandlerStatus) -> dict[str, str]:
    return {
        "Handler": handler.name,
        "Error": sms_text.gsm_signs(wording.said(found.code, found.error)),
        "Advice": sms_text.gsm_signs(found.advice or ""),
    }


def _balance_given(handler: Handler, found: HandlerStatus) -> dict[str, str]:
    return {"Handler": handler.name, "Balance": f"{found.currency or ''} {found.balance}".strip()}


def _messages_given(messages: Sequence[Message]) -> dict[str, str]:
    first, others = messages[0], len(messages) - 1
    more = f" and {others} {'other' if others == 1 else 'others'}" if others else ""
    text = " ".join(first.text.split())
    return {
        "Recipient": f"{first.recipient}{more}",
        "Text": text if len(text) <= _NAMED else f"{text[: _NAMED - len(_CUT)].rstrip()}{_CUT}",
        "Error": sms_text.gsm_signs(wording.said(first.error_code, first.error) or str(first.state)),
    }
