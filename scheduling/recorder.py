"""Writes down what attempts came to: attempts, messages, the handler's state and the review, at once.

Blocks on the database: its methods are called in the store's thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from scheduling import (
    answering,
    fault_points,
    handler_notes,
    hanging,
    lifecycle,
    system_alerts,
    withdrawal,
)
from scheduling.call_result import Result
from scheduling.gateways import registry
from scheduling.gateways.outcome import Outcome
from scheduling.lifecycle import Step
from storage import message_order, outbox
from storage.database import Database, Transaction
from storage.records import Handler, Message
from storage.savepoint import apart
from storage.vocabulary import (
    WITHDRAWN,
    MessageState,
    OutcomeKind,
)

OPEN_TO_ANSWERS = (MessageState.UNKNOWN, MessageState.QUEUED)


class Recorder:
    def __init__(self, database: Database) -> None:
        self._database = database

    def record_calls(
        self,
        calls: Sequence[tuple[Handler, Sequence[Result]]],
        now: datetime,
        then: Callable[[Transaction], None] | None = None,
    ) -> list[list[Message] | Exception]:
        """Keep what calls came to, in one transaction: for each the messages that now wait after an unknown
        outcome, or why it alone could not be written down. `then` writes in the same transaction.

        Raises `StorageError` where the file is the trouble: then nothing is kept.
        """
        with self._database.write() as tx:
            found = [apart(tx, partial(record, tx, handler, results, now)) for handler, results in calls]
            if then is not None:
                then(tx)
            fault_points.passing("before-commit")
        fault_points.passing("after-commit")
        return found


def record(tx: Transaction, handler: Handler, results: Sequence[Result], now: datetime) -> list[Message]:
    """Write down what one call came to; gives the messages that now wait after an unknown outcome."""
    steps = _as_claimed(tx, handler, results, now)
    rest = [result for result in results if result.message.id not in steps]
    found = {result.message.id: result for result in results}
    unsure: list[Message] = []
    if rest:
        again = _read_again(tx, handler, rest, now)
        found |= {result.message.id: result for result in again.results}
        unsure = again.unsure
        outbox.change(tx, {key: lifecycle.columns_of(step) for key, step in again.steps.items()}, now)
        steps |= again.steps
        steps = {key: steps[key] for key in found if key in steps}
    outbox.finish_attempts(tx, [_attempt_result(result, now) for result in found.values()])
    _follow(tx, steps, now)
    handler_notes.note(tx, handler, list(found.values()), steps, now)
    return unsure


def _as_claimed(
    tx: Transaction, handler: Handler, results: Sequence[Result], now: datetime
) -> dict[int, Step]:
    """Write down what was accepted of messages that are as they were claimed: most, and none is read again.

    An acceptance ends all there was to decide. Of what they were refused for, the order, an occurrence
    and the clock may have changed what follows.
    """
    plain = [
        result
        for result in results
        if result.outcome.kind is OutcomeKind.ACCEPTED and not result.outcome.found_earlier
    ]
    steps = {each.message.id: after(each.message, each.outcome, handler, now, None) for each in plain}
    columns = {key: lifecycle.columns_of(step) for key, step in steps.items()}
    done = outbox.change_claimed(tx, columns, [each.message for each in plain], now)
    return {key: step for key, step in steps.items() if key in done}


@dataclass(frozen=True, slots=True)
class _Read:
    """Results with their messages as these now are: at which attempt, the steps, what waits unsure."""

    results: list[Result]
    steps: dict[int, Step]
    unsure: list[Message]


def _read_again(tx: Transaction, handler: Handler, results: Sequence[Result], now: datetime) -> _Read:
    present = outbox.current(tx, [result.message.id for result in results])
    unsent = [r.message.id for r in results if r.outcome.kind is not OutcomeKind.ACCEPTED]
    not_again = withdrawal.reasons(tx, (present[key] for key in unsent))
    steps: dict[int, Step] = {}
    unsure: list[Message] = []
    found = [_at_its_attempt(tx, present, result) for result in results]
    for result in found:
        key = result.message.id
        step = _step(tx, present[key], result, handler, now, not_again.get(key))
        if step is not None:
            steps[key] = step
            if step.query_first and result.outcome.kind is OutcomeKind.UNKNOWN:
                unsure.append(present[key])
    return _Read(found, steps, unsure)


def _at_its_attempt(tx: Transaction, present: dict[int, Message], result: Result) -> Result:
    """The result at the attempt that it is about.

    What the gateway, asked, knows of a message is about an attempt of unknown outcome: the last one, where
    the attempt that it was asked for surely sent nothing. Asked before a resend, nothing was sent: the
    claim is undone, and `present` follows.
    """
    message, now = result.message, present[result.message.id]
    if not result.outcome.found_earlier:
        return result
    unsure = outbox.unknown_attempts(tx, message.id)
    if not unsure or message.attempt_id in unsure:
        return result
    if now.state is MessageState.SENDING and now.attempt_id == message.attempt_id:
        outbox.take_back(tx, now, unsure[-1])
        present[message.id] = replace(outbox.current(tx, [message.id])[message.id], unknowns=len(unsure))
    return replace(result, message=replace(message, attempt_id=unsure[-1]))


def apply(tx: Transaction, steps: dict[int, Step], now: datetime) -> None:
    """Write steps and what they say."""
    outbox.change(tx, {key: lifecycle.columns_of(step) for key, step in steps.items()}, now)
    _follow(tx, steps, now)


def _follow(tx: Transaction, steps: dict[int, Step], now: datetime) -> None:
    """What follows from steps that are written: what they say, and whom else they concern."""
    tx.review(now, *(entry for step in steps.values() for entry in step.review))
    hanging.answered(tx, steps, now)
    accepted = [key for key, step in steps.items() if step.state is MessageState.ACCEPTED]
    withdrawal.told_otherwise(tx, accepted, now)
    ended = {key: step.state for key, step in steps.items() if step.error_code != WITHDRAWN}
    system_alerts.messages_ended(tx, ended, now)
    answering.messages_ended(tx, ended, now)


def _step(
    tx: Transaction, present: Message, result: Result, handler: Handler, now: datetime, no_retry: str | None
) -> Step | None:
    """The message's next state, or None when a newer attempt or a person has taken over.

    A message of which any attempt was accepted is accepted, unless a newer attempt is under way: then it
    is when that one ends.
    """
    outcome = result.outcome
    current = present.attempt_id == result.message.attempt_id
    if present.state is MessageState.SENDING and current:
        if outcome.kind is not OutcomeKind.ACCEPTED:
            outcome = accepted_before(tx, present) or outcome
        if outcome.found_earlier:
            present = _one_known(present)
        return after(present, outcome, handler, now, no_retry)
    if not present.unknowns or outcome.kind is OutcomeKind.UNKNOWN:
        return None
    if outcome.kind is OutcomeKind.ACCEPTED:
        takes_it = present.state in (*OPEN_TO_ANSWERS, MessageState.FAILED)
    else:
        takes_it = current and present.state in OPEN_TO_ANSWERS
    if not takes_it:
        return None
    # A late answer to an attempt that had been written down as unknown: now it is known.
    # Of unknown outcome it held nobody up. What a person sent again goes whatever went before.
    free = present.state is MessageState.UNKNOWN and present.resent_at is None
    newer = message_order.newer_that_went(tx, present) if free else 0
    return after(_one_known(present), outcome, handler, now, no_retry, newer)


def accepted_before(tx: Transaction, message: Message) -> Outcome | None:
    """What an earlier attempt came to that was accepted while the present one was made; None for none."""
    found = outbox.accepted_attempts(tx, message.id) if message.unknowns else []
    return Outcome(OutcomeKind.ACCEPTED, gateway_id=found[0], found_earlier=True) if found else None


def after(
    message: Message,
    outcome: Outcome,
    handler: Handler,
    now: datetime,
    no_retry: str | None,
    newer_went: int = 0,
) -> Step:
    gateway = registry.of(handler.api_type)
    step = lifecycle.after_attempt(
        message,
        outcome,
        now,
        on_unknown=handler.on_unknown,
        can_query=gateway.knows_ids,
        no_retry=no_retry,
        newer_went=newer_went,
    )
    return step if gateway.tells_delivery else replace(step, report_due_at=None)


def _one_known(message: Message) -> Message:
    """The message as it was before the attempt whose outcome was unknown, and is so no more."""
    left = max(message.unknowns - 1, 0)
    return replace(message, unknowns=left, may_arrive_twice=left > 0, query_first=False)


def _attempt_result(result: Result, now: datetime) -> outbox.AttemptResult:
    assert result.message.attempt_id is not None
    outcome = result.outcome
    return outbox.AttemptResult(
        result.message.attempt_id,
        outcome.kind,
        now,
        outcome.http_status,
        outcome.code,
        outcome.error,
        outcome.gateway_id,
    )
