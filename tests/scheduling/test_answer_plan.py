"""What a step of an answer plan becomes: tables of values, and what holds for every plan."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import answer_plan
from scheduling.answer_plan import Hearing, Made, Position, begun, decide
from storage.alerts import PlanStep
from storage.vocabulary import PlanRest, PlanThen, StepKind
from tui.operations import plan_form
from tui.operations.errors import Refused

THREE = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLAN = plan_form.steps_of(["5m repeat x2", "5m escalate", "10m escalate"])
TOLD, HOPELESS = Hearing(), Hearing(hopeless=True)
NOBODY, FOR_GOOD = Hearing(True, True), Hearing(True, True, True)
LEVELS = (1, 2)


def at(minutes: float) -> datetime:
    return THREE + minutes * MINUTE


def stands(step: int, due: float | None, level: int = 0, **more: object) -> Position:
    due_at = None if due is None else at(due)
    return Position(THREE, step, level, 1, due_at, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("place", "heard", "now", "made", "step", "due"),
    [
        (stands(0, 5), TOLD, 5, [(1, None)], 1, 10),
        (stands(0, 5), TOLD, 5.9, [(1, None)], 1, 10),  # under a minute late: nothing moves
        (stands(0, 5), TOLD, 6.5, [(1, None)], 1, 11.5),
        (stands(0, 5), TOLD, 4, [], 0, 5),
        (stands(2, 15), TOLD, 15, [(3, 1)], 3, 25),
        (stands(3, 25, 1), TOLD, 25, [(4, 2)], 4, 35),
        (stands(0, 5), HOPELESS, 1, [(3, 1)], 3, 11),
        (stands(3, 25, 1), HOPELESS, 16, [(4, 2)], 4, 26),
        (stands(0, 5), TOLD, 12, [(2, None)], 2, 17),  # only repeats were passed: one
        (stands(0, 5), TOLD, 40, [(3, 1), (4, 2)], 4, 50),
        (stands(1, 10), TOLD, 24, [(3, 1)], 3, 34),
    ],
)
def test_what_is_due(
    place: Position,
    heard: Hearing,
    now: float,
    made: list[tuple[int, int | None]],
    step: int,
    due: float,
) -> None:
    move = decide(PLAN, PlanThen.STOP, LEVELS, place, heard, at(now))
    assert [(each.n, each.level) for each in move.made] == made
    assert (move.after.step, move.after.due_at) == (step, at(due))
    assert not move.used_up


@pytest.mark.parametrize(
    ("then", "heard", "rest", "due"),
    [
        (PlanThen.STOP, TOLD, PlanRest.STOPPED, None),
        (PlanThen.AGAIN, TOLD, PlanRest.AGAIN, 40),
        (PlanThen.STOP, NOBODY, PlanRest.NOBODY_TOLD, 40),
        (PlanThen.AGAIN, NOBODY, PlanRest.NOBODY_TOLD, 40),
    ],
)
def test_a_plan_that_is_used_up(then: PlanThen, heard: Hearing, rest: PlanRest, due: float | None) -> None:
    move = decide(PLAN, then, LEVELS, stands(4, 35, 2), heard, at(35))
    assert move.used_up and not move.made
    assert (move.after.rest, move.after.due_at) == (rest, None if due is None else at(due))


def test_the_pause_doubles_where_nothing_passes_by_itself() -> None:
    place, found = stands(4, 35, 2), []
    for _ in range(7):
        after = decide(PLAN, PlanThen.STOP, LEVELS, place, FOR_GOOD, at(35)).after
        found.append((after.pause or MINUTE) // MINUTE)
        started = decide(PLAN, PlanThen.STOP, LEVELS, after, FOR_GOOD, after.due_at or THREE)
        assert started.from_created
        place = replace(started.after, step=4, level=2)
    assert found == [5, 10, 20, 40, 60, 60, 60]
    assert decide(PLAN, PlanThen.STOP, LEVELS, place, NOBODY, at(35)).after.pause == 5 * MINUTE


def test_levels_without_an_action_are_passed_over_and_none_left_is_the_end() -> None:
    assert decide(PLAN, PlanThen.STOP, (3,), stands(2, 15), TOLD, at(15)).made == (Made(3, at(15), 3),)
    assert decide(PLAN, PlanThen.STOP, (3,), stands(3, 25, 3), TOLD, at(25)).used_up


@pytest.mark.parametrize(
    ("step", "new", "due"),
    [
        (0, ["9m repeat"], 9),
        (1, ["5m repeat", "20m escalate"], 20),
        (3, ["5m repeat", "30m repeat"], 30),  # beyond its end: it waits the last length once more
        (0, ["1m repeat"], 6 + 1 / 6),  # not before ten seconds from now
    ],
)
def test_an_edit(step: int, new: list[str], due: float) -> None:
    moved = answer_plan.edited(plan_form.steps_of(new), PlanThen.STOP, stands(step, 5), at(6))
    assert moved.due_at == at(due)
    assert moved.step == step


def test_an_escalation_by_hand_stands_for_the_next_one_of_the_plan() -> None:
    step, after = answer_plan.escalated_by_hand(PLAN, PlanThen.STOP, stands(1, None), LEVELS, 1, at(8))
    assert (step, after.level, after.due_at) == (3, 1, at(18))
    step, after = answer_plan.escalated_by_hand(PLAN, PlanThen.STOP, stands(4, None, 1), LEVELS, 2, at(8))
    assert (step, after.step, after.due_at) == (None, 4, at(18))


steps = st.builds(
    PlanStep, st.integers(1, 90).map(lambda minutes: minutes * MINUTE), st.sampled_from(list(StepKind))
)
plans = st.lists(steps, min_size=1, max_size=20)


@given(plans, st.sampled_from(list(PlanThen)), st.sets(st.integers(1, 9)).map(sorted))
def test_what_is_foreseen_is_what_is_done(
    plan: list[PlanStep], then: PlanThen, levels: Sequence[int]
) -> None:
    """While every message is accepted and an engine runs at each due moment."""
    foreseen = answer_plan.foresee(plan, then, levels, begun(plan, THREE))
    place, done = begun(plan, THREE), []
    while place.rest is None and place.due_at is not None:
        move = decide(plan, then, levels, place, TOLD, place.due_at)
        done += [(place.due_at, each.n, each.level) for each in move.made]
        place = move.after
    assert [(each.at, each.n, each.level) for each in foreseen[:-1]] == done


@given(plans, st.sets(st.integers(1, 9)).map(sorted), st.integers(1, 3000))
def test_however_late_each_level_is_entered_once_and_time_goes_on(
    plan: list[PlanStep], levels: Sequence[int], late: int
) -> None:
    place, entered, now = begun(plan, THREE), [], at(late)
    for _ in range(60):
        if place.rest is not None or place.due_at is None:
            break
        now = max(now, place.due_at)
        move = decide(plan, PlanThen.STOP, levels, place, TOLD, now)
        entered += [each.level for each in move.made if each.level]
        assert move.after.due_at is None or move.after.due_at > now
        assert move.after.step >= place.step
        place = move.after
    assert entered == sorted(set(entered))
    assert place.rest is PlanRest.STOPPED


@given(plans)
def test_a_plan_reads_as_it_is_written(plan: list[PlanStep]) -> None:
    assert plan_form.steps_of([plan_form.in_words(plan)]) == tuple(plan)


@pytest.mark.parametrize("text", ["5m", "repeat", "5m repeat x", "m repeat", "5m repeat 3", "5x repeat"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="Plan"):
        plan_form.steps_of([text])


@pytest.mark.parametrize(
    ("text", "minutes"), [("5m", 5), ("2h", 120), ("1d", 1440), ("90 min", 90), ("5M", 5)]
)
def test_lengths(text: str, minutes: int) -> None:
    assert plan_form.length(text, "Claim lasts") == minutes * MINUTE
