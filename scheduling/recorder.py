"""Writes down what attempts came to: attempts, messages, the handler's state and the review, at once.

Blocks on the database: its methods are called in the store's thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scheduling import fault_points, hanging, lifecycle, system_alerts
from scheduling.handler_state import probes_by_message
from scheduling.lifecycle import Step
from scheduling.senders.outcome import Outcome, OutcomeKind
from scheduling.senders.verdict import as_gateway_error
from storage import handlers, outbox
from storage.database import Database, Transaction
from storage.records import Category, Handler, Level, Message, MessageState, ReviewEntry


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt. `message` is as it was claimed: its `attempt_id` is the attempt."""

    message: Message
    outcome: Outcome


class Recorder:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, handler: Handler, results: Sequence[Result], now: datetime) -> list[Message]:
        """Keep the results; gives the messages that now wait after an unknown outcome."""
        with self._database.write() as tx:
            unsure = record(tx, handler, results, now)
            fault_points.passing("before-commit")
        fault_points.passing("after-commit")
        return unsure


def record(tx: Transaction, handler: Handler, results: Sequence[Result], now: datetime) -> list[Message]:
    present = outbox.current(tx, [result.message.id for result in results])
    steps: dict[int, Step] = {}
    unsure: list[Message] = []
    for result in results:
        step = _step(present[result.message.id], result, handler, now)
        if step is not None:
            steps[result.message.id] = step
            if step.query_first and result.outcome.kind is OutcomeKind.UNKNOWN:
                unsure.append(present[result.message.id])
    outbox.finish_attempts(tx, [_attempt_result(result, now) for result in results])
    apply(tx, steps, now)
    _note_on_handler(tx, handler, results, steps, now)
    return unsure


def apply(tx: Transaction, steps: dict[int, Step], now: datetime) -> None:
    """Write steps and what they say."""
    outbox.change(tx, {key: _columns(step) for key, step in steps.items()})
    tx.review(now, *(entry for step in steps.values() for entry in step.review))
    hanging.answered(tx, steps, now)
    system_alerts.messages_ended(tx, {key: step.state for key, step in steps.items()}, now)


def _columns(step: Step) -> dict[str, Any]:
    values = {name: getattr(step, name) for name in outbox.CHANGEABLE}
    values["state"] = str(step.state)
    return values


def _step(present: Message, result: Result, handler: Handler, now: datetime) -> Step | None:
    """The message's next state, or None when a newer attempt or a person has taken over."""
    if present.attempt_id != result.message.attempt_id:
        return None
    outcome = result.outcome
    can_query = handler.api_type == "xml"
    if present.state is MessageState.SENDING:
        return lifecycle.after_attempt(
            present, outcome, now, on_unknown=handler.on_unknown, can_query=can_query
        )
    if present.state not in (MessageState.UNKNOWN, MessageState.QUEUED) or not present.unknowns:
        return None
    if outcome.kind is OutcomeKind.UNKNOWN:
        return None
    # A late answer to an attempt that had been written down as unknown: now it is known.
    before = replace(
        present, unknowns=present.unknowns - 1, may_arrive_twice=present.unknowns > 1, query_first=False
    )
    return lifecycle.after_attempt(before, outcome, now, on_unknown=handler.on_unknown, can_query=can_query)


def _attempt_result(result: Result, now: datetime) -> outbox.AttemptResult:
    assert result.message.attempt_id is not None
    outcome = result.outcome
    return outbox.AttemptResult(
        result.message.attempt_id,
        str(outcome.kind),
        now,
        outcome.http_status,
        outcome.code,
        outcome.error,
        outcome.gateway_id,
    )


def _note_on_handler(
    tx: Transaction, handler: Handler, results: Sequence[Result], steps: dict[int, Step], now: datetime
) -> None:
    """Last accepted, pauses and warnings, from what this call came to."""
    by_kind: dict[OutcomeKind, list[Result]] = {}
    for result in results:
        by_kind.setdefault(result.outcome.kind, []).append(result)
    found = handlers.status_of(tx.connection, handler.id)
    if OutcomeKind.ACCEPTED in by_kind:
        handlers.set_status(tx, handler.id, last_accepted_at=now)
        if probes_by_message(found) and OutcomeKind.ACCOUNT not in by_kind:
            handlers.set_status(tx, handler.id, **NO_PAUSE, **WELL)
            tx.review(now, _said(handler, "a message was accepted again: sending goes on"))
            system_alerts.after_check(tx, handler, now)
    if OutcomeKind.ACCOUNT in by_kind:
        _pause_for_account(tx, handler, by_kind[OutcomeKind.ACCOUNT][0].outcome, now)
        system_alerts.after_check(tx, handler, now)
    elif OutcomeKind.BUSY in by_kind:
        _pause_while_busy(tx, handler, by_kind[OutcomeKind.BUSY], steps, now)
    warnings = dict.fromkeys(result.outcome.warning for result in results if result.outcome.warning)
    tx.review(now, *(_said(handler, warning, Level.WARNING) for warning in warnings if warning))


NO_PAUSE: dict[str, None] = dict.fromkeys(
    ("pause", "pause_code", "paused_until", "paused_revision", "balance_at_refusal", "probe_at")
)

WELL: dict[str, str | None] = {"status": "Running", "error": None, "advice": None, "code": None}


def _pause_for_account(tx: Transaction, handler: Handler, outcome: Outcome, now: datetime) -> None:
    found = handlers.status_of(tx.connection, handler.id)
    error = lifecycle.reason_of(outcome)
    what = as_gateway_error(outcome).advice
    probe_at = now + max(handler.retry_rate, lifecycle.SHORTEST_PROBE)
    handlers.set_status(
        tx,
        handler.id,
        status="Error",
        code=outcome.code,
        error=error,
        advice=what,
        pause="account",
        pause_code=outcome.code,
        paused_until=None,
        paused_revision=handler.revision,
        balance_at_refusal=found.balance,
        probe_at=probe_at,
    )
    if found.pause != "account" or found.pause_code != outcome.code:
        tx.review(now, _said(handler, f"{error}: its messages wait. {what}", Level.ERROR))


def _pause_while_busy(
    tx: Transaction, handler: Handler, busy: Sequence[Result], steps: dict[int, Step], now: datetime
) -> None:
    asked = [result.outcome.retry_at for result in busy if result.outcome.retry_at is not None]
    planned = [
        step.next_attempt_at
        for result in busy
        if (step := steps.get(result.message.id)) and step.next_attempt_at is not None
    ]
    until = max(asked, default=None) or min(planned, default=None)
    found = handlers.status_of(tx.connection, handler.id)
    if until is None or until <= now or found.pause == "account":
        return
    handlers.set_status(tx, handler.id, pause="busy", pause_code=busy[0].outcome.code, paused_until=until)
    if found.pause != "busy":
        reason = lifecycle.reason_of(busy[0].outcome)
        tx.review(now, _said(handler, f"{reason}: paused until {lifecycle.at(until)}", Level.WARNING))


def _said(handler: Handler, text: str, level: Level = Level.INFO) -> ReviewEntry:
    return ReviewEntry(
        Category.HANDLER, f"{handler.name}: {text}", level, handler_id=handler.id, handler=handler.name
    )
