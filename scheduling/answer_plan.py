"""An alert's answer plan: what is due, and what a step becomes. Pure: values in, a `Move` out.

The rules are in docs/alerts.md, "Until somebody answers". A plan's lengths become due moments; of
steps that came due without an engine every level is entered once, and repeats are merged into that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.alerts import Alert, PlanStep
from storage.occurrences import Occurrence
from storage.vocabulary import PlanRest, PlanThen, Stage, StepKind

MOST_STEPS = 20
LATE = timedelta(seconds=60)  # a step made later than that moves those after it
SOON = timedelta(seconds=10)  # an edited plan does nothing sooner
SHORTEST_ROUND, LONGEST_ROUND = timedelta(minutes=5), timedelta(minutes=60)

Plan = Sequence[PlanStep]


@dataclass(frozen=True, slots=True)
class Position:
    """Where an occurrence stands in its plan. `at` is from when the next step's length counts."""

    at: datetime
    step: int = 0
    level: int = 0
    round: int = 1
    due_at: datetime | None = None
    rest: PlanRest | None = None
    pause: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A step to make: the level that it enters; None where the tab last sent goes again."""

    n: int
    due_at: datetime
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done now, and where that leaves the occurrence.

    `made` are the steps to make, in this order. `passed` are due moments of steps that are not made
    for themselves: because no engine ran, or (`failed`) because the step before reached nobody.
    `from_created`: a new round begins with Created's tab. `used_up`: no step is left; `unreached`: and
    nobody has been told.
    """

    after: Position
    made: tuple[Made, ...] = ()
    passed: tuple[datetime, ...] = ()
    passed_repeats: int = 0
    failed: bool = False
    from_created: bool = False
    used_up: bool = False
    unreached: bool = False


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known of the telling so far.

    `hopeless`: the newest step reached nobody, or all its messages have failed. `nobody`: nobody is told
    and nothing waits. `for_good`: no failure of this round can pass by itself.
    """

    hopeless: bool = False
    nobody: bool = False
    for_good: bool = False


def levels_of(alert: Alert) -> tuple[int, ...]:
    """The levels that have an action which sends, in order."""
    found = {
        action.level or 1 for action in alert.actions if action.enabled and action.stage == Stage.ESCALATED
    }
    return tuple(sorted(found))


def next_level(levels: Sequence[int], level: int) -> int | None:
    """The next level above this one that has actions; None where none is left."""
    return next((each for each in levels if each > level), None)


def levels_left(alert: Alert, level: int) -> bool | None:
    """Whether an escalation would enter a level with actions; None for an alert without plan and levels."""
    levels = levels_of(alert)
    if not alert.plan and max(levels, default=1) == 1:
        return None
    return next_level(levels, level) is not None


def position_of(occurrence: Occurrence, now: datetime) -> Position:
    return Position(
        occurrence.step_at or occurrence.raised_at or now,
        occurrence.step,
        occurrence.level,
        occurrence.round or 1,
        occurrence.answer_due_at,
        occurrence.plan_rest,
        occurrence.round_pause,
    )


def begun(plan: Plan, at: datetime, round_: int = 1, level: int = 0) -> Position:
    """Where a plan stands at its start: step 1 is due its length after `at`."""
    return Position(at, 0, level, round_, at + plan[0].after)


def next_due(plan: Plan, step: int, at: datetime) -> datetime:
    """When the step after `step` is due; after the last one it waits its length once more."""
    return at + plan[min(step, len(plan) - 1)].after


def decide(
    plan: Plan, then: PlanThen, levels: Sequence[int], place: Position, heard: Hearing, now: datetime
) -> Move:
    """What is to be done now that something is due."""
    if place.rest is not None:
        return _after_rest(plan, then, levels, place, heard, now)
    if heard.hopeless:
        return _at_once(plan, then, levels, place, heard, now)
    if place.due_at is not None and place.due_at > now:
        return Move(place)
    due = _due_by(plan, place, now)
    if not due:
        return _used_up(plan, then, place, heard, now)
    return _by_time(plan, then, levels, place, heard, due, now)


def _due_by(plan: Plan, place: Position, now: datetime) -> list[Made]:
    """The steps that have come due, with their moments."""
    found: list[Made] = []
    due_at = place.due_at
    for n in range(place.step + 1, len(plan) + 1):
        moment = due_at if due_at is not None else place.at + plan[n - 1].after
        if moment > now:
            break
        found.append(Made(n, moment))
        due_at = moment + plan[n].after if n < len(plan) else None
    return found


def _by_time(
    plan: Plan,
    then: PlanThen,
    levels: Sequence[int],
    place: Position,
    heard: Hearing,
    due: Sequence[Made],
    now: datetime,
) -> Move:
    last = due[-1]
    made: list[Made] = []
    level = place.level
    for step in due:
        following = next_level(levels, level) if plan[step.n - 1].what is StepKind.ESCALATE else None
        if following is not None:
            level = following
            made.append(replace(step, level=level))
    passed = tuple(step.due_at for step in due) if len(due) > 1 else ()
    if not made:
        if plan[last.n - 1].what is StepKind.ESCALATE:  # no level is left
            return replace(_used_up(plan, then, replace(place, step=last.n), heard, now), passed=passed)
        made = [last]
    at = last.due_at if not passed and now - last.due_at <= LATE else now
    return Move(_stands(plan, then, replace(place, level=level), last.n, at), tuple(made), passed)


def _at_once(
    plan: Plan, then: PlanThen, levels: Sequence[int], place: Position, heard: Hearing, now: datetime
) -> Move:
    """The newest step told nobody: the next level goes now; repeats before it would fail alike."""
    level = next_level(levels, place.level)
    number = next(
        (n for n in range(place.step + 1, len(plan) + 1) if plan[n - 1].what is StepKind.ESCALATE), None
    )
    if level is None or number is None:
        left = sum(step.what is StepKind.REPEAT for step in plan[place.step :])
        return replace(_used_up(plan, then, place, heard, now), failed=True, passed_repeats=left)
    after = _stands(plan, then, replace(place, level=level), number, now)
    return Move(after, (Made(number, now, level),), (), number - place.step - 1, failed=True)


def _stands(plan: Plan, then: PlanThen, place: Position, step: int, at: datetime) -> Position:
    """After a step was made: the next one's length counts from `at`."""
    if step >= len(plan) and then is PlanThen.AGAIN:
        return replace(place, step=step, at=at, due_at=at + plan[0].after, rest=PlanRest.AGAIN)
    return replace(place, step=step, at=at, due_at=next_due(plan, step, at), rest=None)


def _used_up(plan: Plan, then: PlanThen, place: Position, heard: Hearing, now: datetime) -> Move:
    if heard.nobody:
        pause = _pause(plan, place, heard)
        after = replace(place, at=now, due_at=now + pause, rest=PlanRest.NOBODY_TOLD, pause=pause)
        return Move(after, used_up=True, unreached=True)
    if then is PlanThen.AGAIN:
        after = replace(place, at=now, due_at=now + plan[0].after, rest=PlanRest.AGAIN, pause=None)
        return Move(after, used_up=True)
    return Move(replace(place, due_at=None, rest=PlanRest.STOPPED, pause=None), used_up=True)


def _pause(plan: Plan, place: Position, heard: Hearing) -> timedelta:
    """How long until a plan that told nobody starts again: it grows where no failure passes by itself."""
    shortest = max(SHORTEST_ROUND, plan[0].after)
    if place.pause is None or not heard.for_good:
        return shortest
    return max(shortest, min(LONGEST_ROUND, place.pause * 2))


def _after_rest(
    plan: Plan, then: PlanThen, levels: Sequence[int], place: Position, heard: Hearing, now: datetime
) -> Move:
    if place.rest is not PlanRest.NOBODY_TOLD and heard.nobody:
        return _used_up(plan, then, place, heard, now)
    if place.rest is PlanRest.STOPPED:
        return Move(replace(place, due_at=None))
    if place.due_at is None or place.due_at > now:
        return Move(place)
    if place.rest is PlanRest.NOBODY_TOLD and heard.nobody:
        started = replace(begun(plan, now, place.round + 1), pause=place.pause)
        return Move(started, from_created=True)
    if then is PlanThen.STOP:
        # Somebody was told after all, while it waited to start again.
        return _used_up(plan, then, replace(place, rest=None), heard, now)
    again = Position(place.due_at - plan[0].after, 0, 0, place.round + 1, place.due_at)
    return decide(plan, then, levels, again, replace(heard, hopeless=False), now)


def edited(plan: Plan, then: PlanThen, place: Position, now: datetime) -> Position:
    """Where an open occurrence stands once its alert has this plan: it goes on from its present step."""
    if place.rest is PlanRest.NOBODY_TOLD:
        return place
    if place.rest is PlanRest.STOPPED and place.step >= len(plan) and then is PlanThen.STOP:
        return place
    moved = _stands(plan, then, place, place.step, place.at)
    due_at = moved.due_at
    return replace(moved, due_at=due_at and max(due_at, now + SOON))


def taken_up(plan: Plan, then: PlanThen, place: Position, now: datetime) -> Position:
    """Where an occurrence stands whose plan has rested: what was due comes its length from now."""
    if place.rest is PlanRest.STOPPED:
        return place
    if place.rest is PlanRest.NOBODY_TOLD:
        return replace(place, due_at=now + (place.pause or max(SHORTEST_ROUND, plan[0].after)))
    if place.rest is PlanRest.AGAIN:
        return replace(place, at=now, due_at=now + plan[0].after)
    return replace(place, at=now, due_at=next_due(plan, place.step, now))


def escalated_by_hand(
    plan: Plan, then: PlanThen, place: Position, levels: Sequence[int], level: int, now: datetime
) -> tuple[int | None, Position]:
    """The step of the plan that an escalation by hand stands for, and where it goes on after that."""
    entered = sum(place.level < each <= level for each in levels)
    escalations = [n for n in range(place.step + 1, len(plan) + 1) if plan[n - 1].what is StepKind.ESCALATE]
    step = escalations[min(entered, len(escalations)) - 1] if escalations and entered else None
    after = replace(place, level=level, rest=None)
    return step, _stands(plan, then, after, place.step if step is None else step, now)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a plan does when nobody acts. `level` is None where the tab last sent goes again."""

    at: datetime
    n: int
    what: StepKind | None = None  # None: the plan is used up
    level: int | None = None


def foresee(
    plan: Plan,
    then: PlanThen,
    levels: Sequence[int],
    place: Position,
    reaching: Sequence[int] | None = None,
    *,
    reached: bool = True,
) -> list[Foreseen]:
    """The steps to come while nobody acts and every message is accepted, to the end of the round.

    `reaching` are the levels that reach somebody; after one that does not the next goes at once.
    `reached`: Created's tab does.
    """
    found: list[Foreseen] = []
    level, at = place.level, place.due_at
    if at is None or not plan:
        return found
    at = at if reached else place.at
    for n in range(place.step + 1, len(plan) + 1):
        if plan[n - 1].what is StepKind.REPEAT:
            if not reached:
                continue
            found.append(Foreseen(at, n, StepKind.REPEAT))
        else:
            following = next_level(levels, level)
            if following is None:
                break
            level = following
            found.append(Foreseen(at, n, StepKind.ESCALATE, level))
            reached = reaching is None or level in reaching
        if reached:
            last = n == len(plan) and then is PlanThen.AGAIN
            at += plan[0].after if last else plan[min(n, len(plan) - 1)].after
    found.append(Foreseen(at, len(plan) + 1))
    return found
