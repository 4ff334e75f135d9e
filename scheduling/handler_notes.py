"""What a call shows of its handler: that it works, or that its account or its limit is spent."""

from collections.abc import Sequence
from datetime import datetime

from scheduling import handler_state, lifecycle, system_alerts
from scheduling.call_result import Result
from scheduling.gateways import registry
from scheduling.gateways.codes import Recovery, limits_all, recovery
from scheduling.gateways.outcome import Outcome
from scheduling.gateways.verdict import as_gateway_error
from scheduling.handler_state import NO_PAUSE, WELL
from scheduling.lifecycle import Step
from storage import due, handlers, message_history, outbox
from storage.database import Transaction
from storage.records import Handler, HandlerStatus, ReviewEntry
from storage.vocabulary import Category, EntryKind, HandlerState, Level, OutcomeKind, Pause


def note(
    tx: Transaction, handler: Handler, results: Sequence[Result], steps: dict[int, Step], now: datetime
) -> None:
    """Last accepted, pauses and warnings, from what this call came to."""
    by_kind: dict[OutcomeKind, list[Result]] = {}
    for result in results:
        by_kind.setdefault(result.outcome.kind, []).append(result)
    found = handlers.status_of(tx, handler.id)
    codes = registry.of(handler.api_type).codes
    limited = [each for each in by_kind.get(OutcomeKind.BUSY, []) if limits_all(codes, each.outcome)]
    account = by_kind.get(OutcomeKind.ACCOUNT, [])
    refused = [each for each in account if not _is_only_dear(tx, found, handler, each)]
    if accepted := by_kind.get(OutcomeKind.ACCEPTED):
        _note_accepted(tx, handler, found, accepted, bool(refused or limited), now)
    if OutcomeKind.NOT_SENT in by_kind and found.not_sent_at is None:
        handlers.set_status(tx, handler.id, not_sent_at=now)
    if refused:
        _pause_for_account(tx, handler, refused[0].outcome, now)
        system_alerts.after_check(tx, handler, now)
    elif limited:
        _pause_while_busy(tx, handler, limited, steps, now)
    warnings = dict.fromkeys(result.outcome.warning for result in results if result.outcome.warning)
    for warning in filter(None, warnings):
        tx.review(now, handler_entry(handler, warning, Level.WARNING, kind=EntryKind.NOTE))


def _is_only_dear(tx: Transaction, found: HandlerStatus, handler: Handler, result: Result) -> bool:
    """Whether too little money for this message says nothing of others.

    It was refused for that before, and another has been accepted since: what is left pays for that one and
    not for this one. Pausing again would let one message through for each Retry Rate.
    """
    codes, outcome = registry.of(handler.api_type).codes, result.outcome
    if recovery(codes, outcome.code, outcome.http_status) is not Recovery.BALANCE_ROSE:
        return False
    if found.last_accepted_at is None or result.message.attempts < 2:
        return False
    before = [
        each
        for each in message_history.attempts_of(tx.connection, result.message.id)
        if each.id != result.message.attempt_id and each.outcome is OutcomeKind.ACCOUNT
    ]
    return any(each.finished_at and each.finished_at <= found.last_accepted_at for each in before[-1:])


def _note_accepted(
    tx: Transaction,
    handler: Handler,
    found: HandlerStatus,
    accepted: Sequence[Result],
    stopped: bool,
    now: datetime,
) -> None:
    """When a message was last accepted, and what that shows of a pause or of an error.

    `stopped`: the same call met something that concerns the whole account.
    """
    handlers.note_accepted(tx, handler.id, now)
    sent = [result.message.attempt_id for result in accepted if not result.outcome.found_earlier]
    if not stopped and handler_state.shows_recovery(found, [each for each in sent if each], now):
        well = WELL if found.pause == Pause.ACCOUNT else {}
        handlers.set_status(tx, handler.id, **NO_PAUSE, **well)
        free_again(tx, handler, now)
        said = "a message was accepted again: sending goes on"
        tx.review(now, handler_entry(handler, said, kind=EntryKind.RESUMED))
        system_alerts.after_check(tx, handler, now)
    elif found.status == HandlerState.ERROR and found.pause is None:
        # The account answered, whatever the last check met: look again now.
        handlers.set_status(tx, handler.id, checked_revision=None)
    if not stopped and found.not_sent_at is not None:
        free_again(tx, handler, now)


def free_again(tx: Transaction, handler: Handler, now: datetime) -> int:
    """The handler is well again: alarms that it could not send get one attempt at once, besides the plan.

    For when it turns from Error, or from refusing connections, to Running. Gives how many.
    """
    handlers.set_status(tx, handler.id, not_sent_at=None)
    freed = due.free_again(tx, handler.id, now)
    if freed:
        said = (
            f"the way is free again: {freed:,} waiting {'alarm goes' if freed == 1 else 'alarms go'} at once"
        )
        tx.review(now, handler_entry(handler, said, kind=EntryKind.RESUMED))
    return freed


def _pause_for_account(tx: Transaction, handler: Handler, outcome: Outcome, now: datetime) -> None:
    found = handlers.status_of(tx, handler.id)
    error = lifecycle.reason_of(outcome)
    what = as_gateway_error(outcome).advice
    handlers.set_status(
        tx,
        handler.id,
        status=HandlerState.ERROR,
        code=outcome.code,
        error=outcome.error,
        advice=what,
        pause=Pause.ACCOUNT,
        pause_code=outcome.code,
        pause_ends=str(recovery(registry.of(handler.api_type).codes, outcome.code, outcome.http_status)),
        paused_until=None,
        paused_revision=handler.revision,
        paused_attempt=outbox.newest_attempt(tx),
        balance_at_refusal=found.balance,
        probe_at=now + max(handler.retry_rate, handler_state.SHORTEST_PROBE),
    )
    if found.pause != Pause.ACCOUNT or found.pause_code != outcome.code:
        text = f"{error}: its messages wait. {what}"
        tx.review(now, handler_entry(handler, text, Level.ERROR, kind=EntryKind.PAUSED))


def _pause_while_busy(
    tx: Transaction, handler: Handler, busy: Sequence[Result], steps: dict[int, Step], now: datetime
) -> None:
    """Until the time that the gateway named, else until the next planned attempt of what it refused."""
    found = handlers.status_of(tx, handler.id)
    if found.pause == Pause.ACCOUNT:
        return
    lasts = handler_state.pause_of(found, now) is not None
    asked = max((each.outcome.retry_at for each in busy if each.outcome.retry_at), default=None)
    planned = [
        step.next_attempt_at
        for result in busy
        if (step := steps.get(result.message.id)) and step.next_attempt_at is not None
    ]
    # Where no attempt is left it is as long as to the next one: the messages behind must not all meet it.
    until = asked or min(planned, default=now + max(handler.retry_rate, handler_state.SHORTEST_PROBE))
    named = asked is not None
    if lasts and not named and found.paused_until is not None:
        until = max(until, found.paused_until)
        named = handler_state.ends(found) is Recovery.AT_TIME
    if until <= now:
        return
    by_alarm = any(result.message.lane == outbox.ALERT_LANE for result in busy)
    handlers.set_status(
        tx,
        handler.id,
        pause=Pause.BUSY,
        pause_code=busy[0].outcome.code,
        pause_ends=str(Recovery.AT_TIME if named else Recovery.TIME_OR_ACCEPTED),
        paused_until=until,
        paused_attempt=outbox.newest_attempt(tx),
        probe_at=now + handler_state.ALARM_EVERY if by_alarm else found.probe_at if lasts else None,
    )
    if not lasts:
        reason = lifecycle.reason_of(busy[0].outcome)
        said = f"{reason}: busy, paused until {lifecycle.at(until)}; an alarm may try meanwhile"
        tx.review(now, handler_entry(handler, said, Level.WARNING, kind=EntryKind.PAUSED))


def handler_entry(handler: Handler, text: str, level: Level = Level.INFO, *, kind: EntryKind) -> ReviewEntry:
    return ReviewEntry(
        Category.HANDLER,
        f"{handler.name}: {text}",
        level,
        handler_id=handler.id,
        handler=handler.name,
        kind=kind,
    )
