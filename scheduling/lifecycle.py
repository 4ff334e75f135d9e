"""The life of a message: from its state and what an attempt came to, to its next state.

    queued -> sending -> accepted -> delivered | undelivered
    sending -> queued (a retry waits) | failed | unknown
    queued -> cancelled | expired | failed (the window closed)
    queued, sending -> cancelled | unknown, withdrawn: its occurrence went on without it

Pure: values in, a `Step` out. A step holds everything that is written, the review's words included.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from scheduling import phone
from scheduling.gateways.outcome import Outcome
from scheduling.gateways.wording import said
from scheduling.retry import RetryPlan, next_attempt
from storage.records import Message, ReviewEntry
from storage.vocabulary import WITHDRAWN, Category, EntryKind, Level, MessageState, OnUnknown, OutcomeKind

# After this many unknown outcomes a person decides: an alarm may come twice, or thrice, not for ever.
MOST_RESENDS = 2

# When to ask what became of an accepted message, counted from its acceptance, and then no more.
REPORT_DELAYS = tuple(timedelta(minutes=n) for n in (1, 5, 30, 240, 1440))


@dataclass(frozen=True, slots=True)
class Step:
    """A message's next state, whole: every changeable column has its new value here."""

    state: MessageState
    next_attempt_at: datetime | None = None
    finished_at: datetime | None = None
    error_code: str | None = None
    error: str | None = None
    gateway_id: str | None = None
    may_arrive_twice: bool = False
    query_first: bool = False
    unknowns: int = 0
    report_due_at: datetime | None = None
    told_by: int | None = None
    behind_since: datetime | None = None
    next_planned_at: datetime | None = None
    review: tuple[ReviewEntry, ...] = ()


def columns_of(step: Step) -> dict[str, Any]:
    """The step as column values for `outbox.change`."""
    return {name: getattr(step, name) for name in _COLUMNS}


_COLUMNS = tuple(item.name for item in fields(Step) if item.name != "review")


def plan_of(message: Message) -> RetryPlan:
    """The plan that was fixed at the message's first attempt."""
    return RetryPlan(message.retry_rate or timedelta(0), message.stop_retrying_after or timedelta(0))


def after_attempt(
    message: Message,
    outcome: Outcome,
    now: datetime,
    *,
    on_unknown: OnUnknown = OnUnknown.RESEND,
    can_query: bool = False,
    no_retry: str | None = None,
    newer_went: int = 0,
) -> Step:
    """What follows an attempt. `message` is as it was while the attempt was its current one.

    `no_retry` is why it is not to be sent again, if it is not ("restored at 14:03"): then it is
    withdrawn where a retry would follow. Where newer messages of its group went before the answer
    came, a retry would come after them: it has failed.
    """
    if outcome.kind is OutcomeKind.ACCEPTED:
        return _accepted(message, outcome, now)
    if outcome.kind is OutcomeKind.UNKNOWN:
        return _unknown(message, outcome, now, on_unknown, can_query, no_retry)
    planned = _next(message, now, outcome.retry_at)
    if outcome.kind is OutcomeKind.REJECTED or planned is None:
        return _given_up(message, outcome, now)
    reason = reason_of(outcome)
    if no_retry is not None:
        step = withdrawn(message, no_retry, now)
        text = f"{_attempt(message)} failed: {reason}; not sent again: {no_retry}"
        entry = message_entry(message, EntryKind.WITHDRAWN, _attempt_category(message), Level.INFO, text)
        return replace(step, review=(entry,))
    if newer_went:
        return _overtaken(message, outcome, newer_went, now)
    text = f"{_attempt(message)} failed: {reason}; next at {at(planned)}"
    return Step(
        MessageState.QUEUED,
        next_attempt_at=planned,
        error_code=outcome.code,
        error=outcome.error,
        may_arrive_twice=message.may_arrive_twice,
        query_first=message.query_first,
        unknowns=message.unknowns,
        review=(message_entry(message, EntryKind.RETRY, _attempt_category(message), Level.WARNING, text),),
    )


def _accepted(message: Message, outcome: Outcome, now: datetime) -> Step:
    twice = " (may arrive twice)" if message.may_arrive_twice else ""
    named = f", id {outcome.gateway_id}" if outcome.gateway_id else ""
    how = _attempt(message) if message.plan_attempts else "an earlier attempt"
    asked = ": Clickatell, asked, has it; nothing was sent again" if outcome.found_earlier else ""
    text = f"accepted, {how}{named}{asked}{twice}"
    return Step(
        MessageState.ACCEPTED,
        finished_at=now,
        gateway_id=outcome.gateway_id,
        may_arrive_twice=message.may_arrive_twice,
        unknowns=message.unknowns,
        report_due_at=now + REPORT_DELAYS[0] if outcome.gateway_id else None,
        review=(message_entry(message, EntryKind.ACCEPTED, Category.MESSAGE, Level.INFO, text),),
    )


def _unknown(
    message: Message,
    outcome: Outcome,
    now: datetime,
    on_unknown: OnUnknown,
    can_query: bool,
    no_retry: str | None,
) -> Step:
    unknowns = message.unknowns + 1
    planned = _next(message, now, outcome.retry_at)
    base = f"{_attempt(message)}: outcome unknown: {reason_of(outcome)}"
    if on_unknown is OnUnknown.RESEND and unknowns <= MOST_RESENDS and planned is not None:
        if no_retry is not None:
            tried = replace(message, unknowns=unknowns, query_first=can_query)
            text = f"{base}; not sent again: {no_retry}"
            entry = message_entry(message, EntryKind.WITHDRAWN, Category.MESSAGE, Level.WARNING, text)
            return replace(withdrawn(tried, no_retry, now), review=(entry,))
        asked = "; Clickatell is asked first" if can_query else ""
        text = f"{base}; sent again at {at(planned)}{asked}, may arrive twice"
        return Step(
            MessageState.QUEUED,
            next_attempt_at=planned,
            error_code=outcome.code,
            error=outcome.error,
            may_arrive_twice=True,
            query_first=can_query,
            unknowns=unknowns,
            review=(message_entry(message, EntryKind.UNKNOWN, Category.RETRY, Level.WARNING, text),),
        )
    why = (
        "held for an operator" if on_unknown is OnUnknown.HOLD else "no attempt is left: an operator decides"
    )
    return Step(
        MessageState.UNKNOWN,
        error_code=outcome.code,
        error=outcome.error,
        may_arrive_twice=message.may_arrive_twice,
        query_first=can_query,
        unknowns=unknowns,
        review=(message_entry(message, EntryKind.UNKNOWN, Category.MESSAGE, Level.ERROR, f"{base}; {why}"),),
    )


def _given_up(message: Message, outcome: Outcome, now: datetime) -> Step:
    reason = reason_of(outcome)
    entries: list[ReviewEntry] = []
    tried = f"{_attempt(message)} failed: {reason}"
    if outcome.kind is not OutcomeKind.REJECTED and message.unknowns:
        # An earlier attempt may have arrived: that is not "failed".
        text = f"{tried}; no attempt is left and an earlier outcome is unknown: an operator decides"
        return Step(
            MessageState.UNKNOWN,
            error_code=outcome.code,
            error=outcome.error,
            may_arrive_twice=message.may_arrive_twice,
            query_first=message.query_first,
            unknowns=message.unknowns,
            review=(message_entry(message, EntryKind.UNKNOWN, Category.MESSAGE, Level.ERROR, text),),
        )
    entries.append(
        message_entry(message, EntryKind.ATTEMPT, _attempt_category(message), Level.WARNING, tried)
    )
    if outcome.kind is OutcomeKind.REJECTED:
        final = f"failed: refused for good: {reason}"
    elif outcome.retry_at is not None and outcome.retry_at >= (message.window_closes_at or now):
        final = f"failed: Clickatell asks to wait until {at(outcome.retry_at)}, past the retry window"
    else:
        count = message.plan_attempts
        final = f"failed after {count} {'attempt' if count == 1 else 'attempts'}: {reason}"
    entries.append(message_entry(message, EntryKind.FAILED, Category.MESSAGE, Level.ERROR, final))
    return Step(
        MessageState.FAILED,
        finished_at=now,
        error_code=outcome.code,
        error=outcome.error,
        may_arrive_twice=message.may_arrive_twice,
        unknowns=message.unknowns,
        review=tuple(entries),
    )


def _overtaken(message: Message, outcome: Outcome, newer_went: int, now: datetime) -> Step:
    went = "a newer message" if newer_went == 1 else f"{newer_went:,} newer messages"
    text = f"failed: {reason_of(outcome)}; not sent again: {went} went before it"
    return Step(
        MessageState.FAILED,
        finished_at=now,
        error_code=outcome.code,
        error=outcome.error,
        may_arrive_twice=message.may_arrive_twice,
        unknowns=message.unknowns,
        review=(message_entry(message, EntryKind.FAILED, Category.MESSAGE, Level.ERROR, text),),
    )


def withdrawn(message: Message, why: str, now: datetime) -> Step:
    """A message that is not sent (again), for a reason as "restored at 14:03". No review entry.

    What may have arrived stays `unknown`: a late answer is still taken, and nobody has to decide.
    """
    if message.may_have_arrived:
        return Step(
            MessageState.UNKNOWN,
            error_code=WITHDRAWN,
            error=f"not sent again: {why}",
            may_arrive_twice=message.may_arrive_twice,
            query_first=message.query_first,
            unknowns=message.unknowns,
        )
    return _unsent(f"{why}, before it was sent", now)


def _unsent(error: str, now: datetime) -> Step:
    return Step(MessageState.CANCELLED, finished_at=now, error_code=WITHDRAWN, error=error)


def withdrawn_and_said(message: Message, why: str, now: datetime) -> Step:
    """`withdrawn`, with a review entry for this message alone."""
    return _and_said(message, withdrawn(message, why, now))


def not_concerned(message: Message, why: str, now: datetime) -> Step:
    """A message that was never tried, as it turns out to be for nobody; with its entry."""
    return _and_said(message, _unsent(why, now))


def _and_said(message: Message, step: Step) -> Step:
    text = f"withdrawn: {step.error}"
    entry = message_entry(message, EntryKind.WITHDRAWN, Category.MESSAGE, Level.INFO, text)
    return replace(step, review=(entry,))


def who(message: Message) -> str:
    """The recipient as people read it: the name if there is one, and the number in groups of digits."""
    number = phone.readable(message.to)
    return f"{message.user} {number}" if message.user else number


def reason_of(outcome: Outcome) -> str:
    """The error with Clickatell's code in front."""
    return said(outcome.code, outcome.error or outcome.kind.replace("_", " "))


def at(moment: datetime) -> str:
    """A time as the review writes it: local hours and minutes, seconds where the plan is that fine."""
    local = moment.astimezone()
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def _next(message: Message, now: datetime, not_before: datetime | None) -> datetime | None:
    if message.first_attempt_at is None or message.last_planned_at is None:
        return None
    if message.next_planned_at is not None and message.next_planned_at > now:
        # That was an extra attempt: the planned one stands.
        due = max(message.next_planned_at, not_before or message.next_planned_at)
        return due if due < plan_of(message).window_closes(message.first_attempt_at) else None
    return next_attempt(plan_of(message), message.first_attempt_at, message.last_planned_at, now, not_before)


def _attempt(message: Message) -> str:
    made = f"{message.plan_attempts} of {plan_of(message).attempts}"
    return f"extra attempt after {made}" if message.next_planned_at is not None else f"attempt {made}"


def _attempt_category(message: Message) -> Category:
    return Category.MESSAGE if message.plan_attempts <= 1 else Category.RETRY


def message_entry(
    message: Message, kind: EntryKind, category: Category, level: Level, text: str
) -> ReviewEntry:
    return ReviewEntry(
        category,
        f"{who(message)}: {text}",
        level,
        handler_id=message.handler_id,
        handler=message.handler,
        user_id=message.user_id,
        user=message.user,
        message_id=message.id,
        alert_id=message.alert_id,
        occurrence_id=message.occurrence_id,
        task_id=message.task_id,
        kind=kind,
    )
