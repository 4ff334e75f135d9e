"""The retry plan: exactly first + n x rate while that is before first + stop."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.retry import RATE_FIELD, STOP_FIELD, RetryPlan, describe, next_attempt, warning
from tests.scheduling.properties import steady

FIRST = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
PRESET = RetryPlan.minutes(1, 5)


def at(minutes: float) -> datetime:
    return FIRST + timedelta(minutes=minutes)


def test_the_preset_is_five_attempts_a_minute_apart() -> None:
    assert PRESET.attempts == 5
    assert list(PRESET.offsets()) == [timedelta(minutes=n) for n in range(5)]
    assert PRESET.window_closes(FIRST) == at(5)


@pytest.mark.parametrize(
    ("rate", "stop", "attempts"),
    [
        (1, 5, 5),
        (2, 5, 3),
        (5, 5, 1),
        (1, 1, 1),
        (1, 2, 2),
        (6, 5, 1),
        (0, 5, 1),
        (5, 0, 1),
        (0, 0, 1),
        (2, 4, 2),
    ],
)
def test_how_many_attempts(rate: float, stop: float, attempts: int) -> None:
    plan = RetryPlan.minutes(rate, stop)
    assert plan.attempts == attempts == len(list(plan.offsets()))


def test_a_plan_with_a_zero_closes_at_its_only_attempt() -> None:
    assert RetryPlan.minutes(0, 5).window_closes(FIRST) == FIRST
    assert RetryPlan.minutes(5, 0).window_closes(FIRST) == FIRST


def test_negative_times_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        RetryPlan.minutes(-1, 5)
    with pytest.raises(ValueError, match="negative"):
        RetryPlan.minutes(1, -5)


def test_walking_through_the_plan_makes_every_planned_attempt_and_no_other() -> None:
    made, last = [FIRST], FIRST
    while (following := next_attempt(PRESET, FIRST, last, now=last + timedelta(seconds=1))) is not None:
        made.append(following)
        last = following
    assert made == [at(n) for n in range(5)]


def test_the_plan_holds_seconds() -> None:
    plan = RetryPlan(timedelta(seconds=2), timedelta(seconds=5))
    assert plan.attempts == 3
    assert next_attempt(plan, FIRST, FIRST, FIRST) == FIRST + timedelta(seconds=2)


def test_a_slow_attempt_makes_the_next_one_due_at_once() -> None:
    assert next_attempt(PRESET, FIRST, at(0), now=at(1.3)) == at(1)


def test_several_overdue_attempts_become_one() -> None:
    assert next_attempt(PRESET, FIRST, at(0), now=at(3.5)) == at(3)
    assert next_attempt(PRESET, FIRST, at(3), now=at(3.5)) == at(4)


def test_an_overdue_last_attempt_is_made_inside_the_window_and_not_after_it() -> None:
    assert next_attempt(PRESET, FIRST, at(0), now=at(4.99)) == at(4)
    assert next_attempt(PRESET, FIRST, at(0), now=at(5)) is None
    assert next_attempt(PRESET, FIRST, at(0), now=at(60)) is None


def test_after_the_last_slot_nothing_is_left_although_the_window_is_open() -> None:
    assert next_attempt(PRESET, FIRST, at(4), now=at(4.1)) is None


def test_retry_after_moves_the_attempt_later_and_the_plan_goes_on_from_there() -> None:
    moved = next_attempt(PRESET, FIRST, at(0), now=at(0.1), not_before=at(2.5))
    assert moved == at(2.5)
    assert next_attempt(PRESET, FIRST, moved, now=at(2.6)) == at(3)


def test_retry_after_never_moves_an_attempt_earlier_or_past_the_window() -> None:
    assert next_attempt(PRESET, FIRST, at(0), now=at(0.1), not_before=at(0.5)) == at(1)
    assert next_attempt(PRESET, FIRST, at(0), now=at(0.1), not_before=at(5)) is None
    assert next_attempt(PRESET, FIRST, at(0), now=at(0.1), not_before=at(4.9)) == at(4.9)


def test_a_huge_plan_is_not_counted_through() -> None:
    plan = RetryPlan(timedelta(microseconds=1), timedelta(days=10_000))
    assert plan.attempts == 864_000_000_000_000
    assert next_attempt(plan, FIRST, FIRST, now=at(1)) == at(1)
    assert describe(plan).startswith("864,000,000,000,000 attempts: now, then every ")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (PRESET, "5 attempts: now, +1, +2, +3, +4 min"),
        (RetryPlan.minutes(2, 5), "3 attempts: now, +2, +4 min"),
        (RetryPlan.minutes(1, 1), "1 attempt: now, no retry"),
        (RetryPlan.minutes(0, 5), "1 attempt: now, no retry"),
        (RetryPlan.minutes(1, 1441), "1,441 attempts: now, then every 1 min until +1,440 min"),
        (RetryPlan.minutes(60, 1440), "24 attempts: now, then every 60 min until +1,380 min"),
        (RetryPlan(timedelta(seconds=2), timedelta(seconds=5)), "3 attempts: now, +2, +4 s"),
        (RetryPlan(timedelta(seconds=0.5), timedelta(seconds=1.2)), "3 attempts: now, +0.5, +1 s"),
    ],
)
def test_the_plan_in_words(plan: RetryPlan, words: str) -> None:
    assert describe(plan) == words


def test_a_plan_without_retry_is_warned_of_by_the_name_of_the_field() -> None:
    assert warning(PRESET) is None
    same, no_rate, no_stop = (warning(RetryPlan.minutes(*pair)) for pair in ((5, 5), (0, 5), (5, 0)))
    assert same is not None and RATE_FIELD in same and STOP_FIELD in same
    assert no_rate is not None and RATE_FIELD in no_rate and STOP_FIELD not in no_rate
    assert no_stop is not None and STOP_FIELD in no_stop and RATE_FIELD not in no_stop


seconds = st.integers(0, 4000).map(lambda n: timedelta(seconds=n))


@steady
@given(rate=seconds, stop=seconds, slot=st.integers(0, 50), late=seconds, hold=st.none() | seconds)
def test_the_next_attempt_is_on_the_plan_after_the_last_and_inside_the_window(
    rate: timedelta, stop: timedelta, slot: int, late: timedelta, hold: timedelta | None
) -> None:
    plan = RetryPlan(rate, stop)
    last = FIRST + min(slot, plan.attempts - 1) * rate
    now = last + late
    not_before = None if hold is None else now + hold
    found = next_attempt(plan, FIRST, last, now, not_before)

    planned = [FIRST + n * rate for n in range(plan.attempts)]
    left = [time for time in planned if time > last]
    overdue = [time for time in left if time <= now]
    due = overdue[-1] if overdue else (left[0] if left else None)
    if due is not None and not_before is not None:
        due = max(due, not_before)
    closed = now >= FIRST + stop or due is None or due >= FIRST + stop
    assert found == (None if closed else due)
