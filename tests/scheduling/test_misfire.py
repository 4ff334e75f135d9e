"""What becomes of due times that have come, by table."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduling import misfire
from storage.records import Task
from storage.vocabulary import WhenMissed

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

TASK = Task(
    id=1,
    name="t",
    cron="* * * * *",
    zone="UTC",
    enabled=True,
    starts_at=None,
    ends_at=None,
    once_at=None,
    when_missed=WhenMissed.LATEST,
    grace=15 * MINUTE,
    most_catch_up=3,
    useful_life=None,
    notes="",
    next_due_at=START,
    last_due_at=None,
    last_run_at=None,
    problem=None,
    revision=1,
)


class Every:
    """Due every so many minutes from START on."""

    def __init__(self, minutes: int) -> None:
        self._step = timedelta(minutes=minutes)

    def next_after(self, instant: datetime) -> datetime | None:
        if instant < START:
            return START
        return START + ((instant - START) // self._step + 1) * self._step

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("when_missed", "every", "late", "fired", "missed"),
    [
        # (setting, minutes between, minutes late, fired as minutes after START and kind, missed)
        ("latest", 5, 0, [(0, "scheduled")], []),
        ("latest", 5, 1, [(0, "scheduled")], []),
        ("latest", 5, 3, [(0, "catch-up")], []),
        ("latest", 5, 12, [(10, "catch-up")], [0, 5]),
        ("latest", 5, 10, [(10, "scheduled")], [0, 5]),
        ("latest", 30, 14.9, [(0, "catch-up")], []),
        ("latest", 30, 15, [], [0]),
        ("skip", 5, 12, [], [0, 5, 10]),
        ("skip", 5, 10, [(10, "scheduled")], [0, 5]),
        ("all", 5, 12, [(0, "catch-up"), (5, "catch-up"), (10, "catch-up")], []),
        ("all", 5, 22, [(10, "catch-up"), (15, "catch-up"), (20, "catch-up")], [0, 5]),
    ],
)
def test_when_missed(
    when_missed: str, every: int, late: float, fired: list[tuple[int, str]], missed: list[int]
) -> None:
    now = START + late * MINUTE
    due = misfire.decide(replace(TASK, when_missed=WhenMissed(when_missed)), Every(every), now)
    assert [((at - START) / MINUTE, kind) for at, kind in due.fire] == fired
    assert [(at - START) / MINUTE for at in due.missed] == missed
    assert due.next_due_at is not None
    assert due.next_due_at > now
    assert set(due.reasons) == set(due.missed)


def test_weeks_of_missed_minutes_are_counted_and_only_the_newest_written_one_by_one() -> None:
    now = START + timedelta(days=14, seconds=90)
    due = misfire.decide(TASK, Every(1), now)
    assert len(due.fire) == 1
    assert len(due.missed) + due.older_missed + len(due.fire) == 14 * 24 * 60 + 2
    assert len(due.missed) < 60


def test_nothing_is_due_after_the_end_or_before_the_start() -> None:
    ended = replace(TASK, ends_at=START + 7 * MINUTE)
    due = misfire.decide(ended, Every(5), START + 11 * MINUTE)
    assert due.next_due_at is None
    assert [(at - START) / MINUTE for at, _ in due.fire] == [5]
    late_start = replace(TASK, starts_at=START + 12 * MINUTE)
    assert misfire.next_due(late_start, Every(5), START) == START + 15 * MINUTE


def test_a_task_that_runs_once_follows_the_same_rule() -> None:
    assert misfire.decide(TASK, None, START + MINUTE).fire == ((START, "scheduled"),)
    late = misfire.decide(TASK, None, START + 60 * MINUTE)
    assert (late.fire, late.missed, late.next_due_at) == ((), (START,), None)
