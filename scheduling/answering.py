"""Until somebody answers: the steps of answer plans, and claims that run out, in the caller's transaction.

`answer_plan` decides; what is here reads the facts, makes the steps and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduling import alerting, answer_plan, holds, plan_position, telling, told
from scheduling.actions import NOTHING_WAITS, Queued
from scheduling.alert_words import alert_entry, entries_with_problems, key_in_brackets, recipients_counted
from scheduling.answer_plan import Hearing, Made, Move
from scheduling.telling import Tab
from storage import alerts, answers, hearing, held, occurrences
from storage import holds as stored_holds
from storage.alerts import Alert
from storage.attention import FAILED_STATES
from storage.database import Transaction
from storage.hearing import TELLING, MessageFact
from storage.holds import Silence
from storage.occurrences import Occurrence
from storage.records import ReviewEntry
from storage.vocabulary import (
    ANSWERED_STAGES,
    WITHDRAWN,
    EntryKind,
    HoldKind,
    Level,
    MadeStep,
    MessageState,
    PlanRest,
    Stage,
    StepKind,
)

MINUTE = timedelta(minutes=1)


def heard(tx: Transaction, occurrence: Occurrence, now: datetime) -> Hearing:
    """What has become of the telling so far: see `answer_plan.Hearing`."""
    facts = [fact for fact in hearing.of_occurrence(tx, occurrence.id) if fact.stage in TELLING]
    newest = [fact for fact in facts if occurrence.step_id is None or fact.step_id == occurrence.step_id]
    first = answers.first_of_round(tx, occurrence.id, occurrence.round) or 0
    of_round = [fact for fact in facts if (fact.step_id or 0) >= first]
    return Hearing(
        hopeless=all(fact.state in FAILED_STATES for fact in newest),
        nobody=told.nobody_told(facts, now) and not any(map(_cancelled_by_hand, newest)),
        for_good=told.all_refused_for_good(of_round),
    )


def _cancelled_by_hand(fact: MessageFact) -> bool:
    """One that a person cancelled counts as told, by that person's decision."""
    return fact.state is MessageState.CANCELLED and fact.error_code != WITHDRAWN


@dataclass(frozen=True, slots=True)
class Done:
    """What an automatic step came to. `again`: another is due at once."""

    queued: int = 0
    again: bool = False


NOTHING = Done()


def take_step(tx: Transaction, occurrence_id: int, now: datetime, epoch: int | None) -> Done:
    """Do what is due of an occurrence's plan; nothing where somebody was quicker."""
    found = _at_work(tx, occurrence_id)
    if found is None:
        return NOTHING
    alert, occurrence = found
    if not occurrence.unanswered or occurrence.answer_due_at is None or occurrence.answer_due_at > now:
        return NOTHING
    if (rests := rests_until(tx, alert, occurrence, now)) is not None:
        occurrences.change(tx, occurrence.id, answer_due_at=rests)
        return NOTHING
    move = answer_plan.decide(
        alert.plan,
        alert.plan_then,
        answer_plan.levels_of(alert),
        answer_plan.position_of(occurrence, now),
        heard(tx, occurrence, now),
        now,
    )
    if move.used_up or move.from_created:
        released = _first_release(tx, occurrence)
        if released is not None and released > now:
            # Quiet hours hold it for everybody whom it would reach: the plan rests until the first hears.
            occurrences.change(tx, occurrence.id, answer_due_at=released)
            return NOTHING
    occurrences.change(tx, occurrence.id, **plan_position.columns_of(move.after))
    if move.passed or move.passed_repeats:
        tx.review(now, _passed_entry(alert, occurrence, move))
    begins = move.after.round != occurrence.round
    present = replace(occurrence, round=move.after.round, level=0 if begins else occurrence.level)
    queued = _make(tx, alert, present, move, now, epoch)
    if move.used_up:
        _used_up(tx, alert, occurrence, move, now)
    if queued is None:
        return Done(again=_due_now(tx, occurrence_id, now))
    if queued.reaches_nobody and move.after.rest is None:
        occurrences.change(tx, occurrence.id, answer_due_at=now)
    return Done(len(queued.message_ids), _due_now(tx, occurrence_id, now))


def _first_release(tx: Transaction, occurrence: Occurrence) -> datetime | None:
    """When the first of what quiet hours hold of an occurrence is released."""
    rows = held.held_of_occurrence(tx, occurrence.id)
    return min((row.until for row in rows if row.kind is HoldKind.QUIET), default=None)


def told_by_release(tx: Transaction, occurrence: Occurrence, now: datetime) -> None:
    """Somebody hears of it at the end of their quiet hours: its next step is due its length after that."""
    alert = alerts.get(tx, occurrence.alert_id)
    if alert is None or not alert.plan or not occurrence.unanswered or occurrence.answer_due_at is None:
        return
    if occurrence.answer_due_at <= now:
        occurrences.change(tx, occurrence.id, answer_due_at=now + next_length(alert, occurrence))


def rests_until(tx: Transaction, alert: Alert, occurrence: Occurrence, now: datetime) -> datetime | None:
    """When the plan goes on that rests now: a silence and the next step's length later; None: it goes on.

    Where the silence ends early, or an occurrence's steps had not come due in it, its end sets that anew.
    """
    silence = holds.silencing(stored_holds.silences(tx), alert.id, occurrence.key, now)
    return None if silence is None else silence.ends_at + next_length(alert, occurrence)


def next_length(alert: Alert, occurrence: Occurrence) -> timedelta:
    """How long after a moment the next step of a plan is due."""
    steps = alert.plan
    return steps[min(occurrence.step or 0, len(steps) - 1)].after if steps else timedelta(0)


def go_on_after_silence(tx: Transaction, silence: Silence, now: datetime) -> None:
    """Plans that rested in a silence go on: the next step is due its length after the end."""
    planned = answers.planned_of(tx)
    known = alerts.several(tx, {occurrence.alert_id for occurrence in planned})
    for occurrence in planned:
        if occurrence.answer_due_at is None or not occurrence.unanswered:
            continue
        if silence.is_about(occurrence.alert_id, occurrence.key) and occurrence.kept_back is None:
            alert = known.get(occurrence.alert_id)
            if alert is not None and occurrence.raised_at and occurrence.raised_at < silence.ends_at:
                due = max(now, silence.ends_at + next_length(alert, occurrence))
                occurrences.change(tx, occurrence.id, answer_due_at=due)


def _at_work(tx: Transaction, occurrence_id: int) -> tuple[Alert, Occurrence] | None:
    occurrence = occurrences.get(tx, occurrence_id)
    alert = alerts.present(tx, occurrence.alert_id) if occurrence else None
    if occurrence is None or alert is None or not alert.enabled:
        return None
    return alert, occurrence


def _due_now(tx: Transaction, occurrence_id: int, now: datetime) -> bool:
    found = occurrences.get(tx, occurrence_id)
    return found is not None and found.answer_due_at is not None and found.answer_due_at <= now


def _make(
    tx: Transaction, alert: Alert, occurrence: Occurrence, move: Move, now: datetime, epoch: int | None
) -> Queued | None:
    """Make the steps of a move, in their order; what the last one queued. None where there is none."""
    if move.from_created:
        return _start_again(tx, alert, occurrence, now, epoch)
    last: Queued | None = None
    for step in move.made:
        made = _make_one(tx, alert, occurrence, step, move, now, epoch)
        if made is not None:
            occurrence, last = made
    return last


def _make_one(
    tx: Transaction,
    alert: Alert,
    occurrence: Occurrence,
    step: Made,
    move: Move,
    now: datetime,
    epoch: int | None,
) -> tuple[Occurrence, Queued] | None:
    escalates = step.level is not None
    tab = Tab(Stage.ESCALATED, step.level) if escalates else telling.last_tab(alert, occurrence)
    level = step.level or occurrence.level
    what = MadeStep.ESCALATE if escalates else MadeStep.REPEAT
    step_id = answers.note_step(
        tx, occurrence.id, occurrence.round, step.n, what, level, step.due_at, now, epoch
    )
    if step_id is None:
        return None
    stage = Stage.ESCALATED if escalates else occurrence.stage
    occurrences.change(tx, occurrence.id, stage=stage, step_id=step_id, changed_at=now)
    if tab is None:
        tab = telling.CREATED
    waiting = NOTHING_WAITS if escalates else telling.waiting_for(tx, occurrence)
    present = replace(occurrence, stage=stage, level=level, step_id=step_id)
    why = _why(alert, occurrence, step, move, now)
    queued = telling.send_tab(tx, alert, present, tab, now, why=why, waiting=waiting, step_id=step_id)
    event = telling.event_of(tab) if escalates else TOLD_AGAIN
    _say(tx, alert, present, event, _done(tab, escalates), _with_lateness(why, step, now), queued, now)
    times = present.times_told + (not queued.reaches_nobody)
    return replace(present, times_told=times), queued


TOLD_AGAIN = "Told again"
NOBODY_ANSWERED = "Nobody answered"
NOBODY_REACHED = "Nobody could be reached"


def _done(tab: Tab, escalates: bool) -> str:
    return f"escalated to level {tab.level}" if escalates else "told again"


def _why(alert: Alert, occurrence: Occurrence, step: Made, move: Move, now: datetime) -> str:
    """Why the messages of a step are made: "repeat 2 of 3", "level 1, nobody claimed for 15 min"."""
    if step.level is None:
        repeats = [n for n, each in enumerate(alert.plan, start=1) if each.what is StepKind.REPEAT]
        said = f"repeat {repeats.index(step.n) + 1} of {len(repeats)}"
    elif move.failed:
        return f"level {step.level}, nobody could be told before it"
    else:
        since = now - (occurrence.raised_at or now)
        said = f"level {step.level}, nobody claimed for {max(since // MINUTE, 0)} min"
    return f"{said}, round {occurrence.round}" if occurrence.round > 1 else said


def _with_lateness(why: str, step: Made, now: datetime) -> str:
    late = now - step.due_at
    if late <= answer_plan.LATE:
        return why
    return f"{why}; due {step.due_at.astimezone():%H:%M}, {late // MINUTE} min late"


def _say(
    tx: Transaction,
    alert: Alert,
    occurrence: Occurrence,
    event: str,
    done: str,
    why: str,
    queued: Queued,
    now: datetime,
) -> None:
    """The event and the review entries of an automatic step."""
    names = queued.still_waiting
    waits = f"still waiting: {', '.join(names[:MOST_NAMED])}" if names else ""
    waits += f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    note = "; ".join(part for part in (why, waits) if part)
    occurrences.add_event(
        tx,
        occurrence.id,
        event,
        now,
        note=note,
        queued=len(queued.message_ids),
        left_out=len(queued.left_out),
    )
    said = f"{alert.name} {done}{key_in_brackets(occurrence.key)}: {recipients_counted(queued)} ({note})"
    level = Level.WARNING if queued.reaches_nobody else Level.INFO
    tx.review(now, *entries_with_problems(alert, occurrence, said, queued, None, level))


MOST_NAMED = 5


def _start_again(
    tx: Transaction, alert: Alert, occurrence: Occurrence, now: datetime, epoch: int | None
) -> Queued | None:
    """A new round from Created: nobody had been told."""
    step_id = answers.note_step(
        tx, occurrence.id, occurrence.round, 0, MadeStep.CREATED, 0, occurrence.answer_due_at, now, epoch
    )
    if step_id is None:
        return None
    occurrences.change(tx, occurrence.id, step_id=step_id, changed_at=now)
    waiting = telling.waiting_for(tx, occurrence)
    present = replace(occurrence, level=0, step_id=step_id)
    why = f"round {occurrence.round}, nobody had been told"
    queued = telling.send_tab(
        tx, alert, present, telling.CREATED, now, why=why, waiting=waiting, step_id=step_id
    )
    _say(tx, alert, present, TOLD_AGAIN, "told again from Created", why, queued, now)
    return queued


def _used_up(tx: Transaction, alert: Alert, occurrence: Occurrence, move: Move, now: datetime) -> None:
    """No step is left: say so, and raise Unanswered unless the plan begins again."""
    after = move.after
    named = f"{alert.name}{key_in_brackets(occurrence.key)}"
    if after.rest is PlanRest.AGAIN:
        text = f"{named}: nobody answered in round {after.round}: the plan begins again"
        tx.review(now, alert_entry(alert, occurrence.id, text, Level.WARNING, kind=EntryKind.STAGE))
        return
    event, text = NOBODY_ANSWERED, f"{named}: nobody answered"
    if move.unreached:
        minutes = (after.pause or MINUTE) // MINUTE
        event, text = NOBODY_REACHED, f"{named}: nobody could be reached; tried again in {minutes} min"
    occurrences.add_event(tx, occurrence.id, event, now)
    tx.review(now, alert_entry(alert, occurrence.id, text, Level.ERROR, kind=EntryKind.STAGE))
    alerting.nobody_answered(tx, alert, occurrence, now)


def _passed_entry(alert: Alert, occurrence: Occurrence, move: Move) -> ReviewEntry:
    named = f"{alert.name}{key_in_brackets(occurrence.key)}"
    if move.passed:
        times = ", ".join(f"{at.astimezone():%H:%M}" for at in move.passed)
        text = f"{named}: steps due {times} were passed over: no engine ran"
    else:
        count = f"{move.passed_repeats} {'repeat' if move.passed_repeats == 1 else 'repeats'}"
        text = f"{named}: nobody could be told by the last step: {count} passed over"
    return alert_entry(alert, occurrence.id, text, Level.WARNING, kind=EntryKind.NOTE)


def claim_over(tx: Transaction, occurrence_id: int, now: datetime, epoch: int | None) -> Done:
    """End a claim that has run out: nobody owns it, the tab last sent goes again, the plan begins anew."""
    found = _at_work(tx, occurrence_id)
    if found is None:
        return NOTHING
    alert, occurrence = found
    if occurrence.stage not in ANSWERED_STAGES:
        return NOTHING
    if occurrence.claim_until is None or occurrence.claim_until > now:
        return NOTHING
    minutes = (occurrence.claim_lasts or timedelta(0)) // MINUTE
    said = f"{occurrence.owner}, {minutes} min" if occurrence.owner else f"{minutes} min"
    stage = Stage.ESCALATED if occurrence.level else Stage.CREATED
    changes = {"stage": stage, "owner": None, "changed_at": now, **plan_position.NO_CLAIM}
    step_id = None
    if alert.plan:
        place = answer_plan.begun(alert.plan, now, occurrence.round + 1, occurrence.level)
        step_id = answers.note_step(
            tx,
            occurrence.id,
            place.round,
            0,
            MadeStep.CLAIM_RAN_OUT,
            place.level,
            occurrence.claim_until,
            now,
            epoch,
        )
        if step_id is None:
            return NOTHING
        changes |= {**plan_position.columns_of(place), "step_id": step_id}
    occurrences.change(tx, occurrence.id, **changes)
    present = replace(occurrence, stage=stage, owner=None)
    why = f"claim ran out ({said})"
    tab = telling.last_told(alert, present) or telling.CREATED
    waiting = telling.waiting_for(tx, present)
    queued = telling.send_tab(tx, alert, present, tab, now, why=why, waiting=waiting, step_id=step_id)
    if alert.plan and queued.reaches_nobody:
        occurrences.change(tx, occurrence.id, answer_due_at=now)
    ended = Made(0, occurrence.claim_until)
    why = _with_lateness(why, ended, now)
    _say(tx, alert, present, f"Claim ran out ({said})", "told again", why, queued, now)
    return Done(len(queued.message_ids), _due_now(tx, occurrence_id, now))


def set_aside(tx: Transaction, occurrence_id: int, problem: str, now: datetime) -> None:
    """Say what is wrong with an occurrence's plan, and let it wait a minute."""
    occurrence = occurrences.get(tx, occurrence_id)
    alert = alerts.get(tx, occurrence.alert_id) if occurrence else None
    if occurrence is None or alert is None:
        return
    later = now + MINUTE
    for name in ("answer_due_at", "claim_until"):
        due = getattr(occurrence, name)
        if due is not None and due <= now:
            occurrences.change(tx, occurrence.id, **{name: later})
    text = f"{alert.name}{key_in_brackets(occurrence.key)}: its answer plan could not go on: {problem}"
    tx.review(now, alert_entry(alert, occurrence.id, text, Level.ERROR, kind=EntryKind.NOTE))


def messages_ended(tx: Transaction, states: Mapping[int, MessageState], now: datetime) -> None:
    """Make the next step due at once where these messages' ends leave nobody told by the newest one.

    `states` are new states by id, written in this transaction.
    """
    bad = [message_id for message_id, state in states.items() if state in FAILED_STATES]
    for occurrence in answers.open_with_messages(tx, bad) if bad else ():
        known = heard(tx, occurrence, now)
        resting = occurrence.plan_rest is not None
        waits = occurrence.plan_rest is PlanRest.NOBODY_TOLD or (resting and not known.nobody)
        if known.hopeless and not waits:
            occurrences.change(tx, occurrence.id, answer_due_at=now)
