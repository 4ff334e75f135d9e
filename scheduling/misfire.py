"""What becomes of due times that have come or were missed: fired, caught up, or written down as missed.

Pure. The rule is the task's *When missed*: latest (preset: the newest missed one if missed by
less than its grace), all (the newest few), or skip. Nothing is dropped in silence.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from storage.records import Task
from storage.vocabulary import RunKind, WhenMissed

# A due time found within this is simply fired: a tick, a takeover (20 s), a busy database (30 s).
ON_TIME = timedelta(seconds=60)
# Missed due times are written down one by one up to this many, the older ones as a number.
MOST_ROWS = 50
MOST_COUNTED = 100_000


class DueTimes(Protocol):
    def next_after(self, instant: datetime) -> datetime | None: ...

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]: ...


@dataclass(frozen=True, slots=True)
class Due:
    """What to do now, the oldest first, and when the task is due next."""

    fire: tuple[tuple[datetime, RunKind], ...] = ()
    missed: tuple[datetime, ...] = ()
    older_missed: int = 0  # missed before those, only counted
    next_due_at: datetime | None = None
    reasons: dict[datetime, str] = field(default_factory=dict)


def decide(task: Task, schedule: DueTimes | None, now: datetime) -> Due:
    """Sort a task's due times up to `now`. `schedule` is None for a task that runs once."""
    if task.next_due_at is None:
        return Due()
    if schedule is None:
        times, older, following = [task.next_due_at], 0, None
    else:
        times, older = _newest(schedule, task, now)
        following = next_due(task, schedule, now)
    on_time = [due for due in times if now - due <= ON_TIME]
    late = [due for due in times if now - due > ON_TIME]
    fire: list[tuple[datetime, RunKind]] = []
    missed = late
    reason = "no engine was running, and missed ones are skipped"
    if task.when_missed is WhenMissed.ALL:
        keep = late[-task.most_catch_up :] if task.most_catch_up > 0 else []
        fire = [(due, RunKind.CATCH_UP) for due in keep]
        missed = late[: len(late) - len(keep)]
        reason = f"more than {task.most_catch_up} were missed"
    elif task.when_missed is WhenMissed.LATEST:
        if late and not on_time and now - late[-1] < task.grace:
            fire = [(late[-1], RunKind.CATCH_UP)]
            missed = late[:-1]
            reason = "a newer one was caught up instead"
        else:
            grace = int(task.grace.total_seconds() // 60)
            reason = "a newer one came due" if on_time else f"missed by more than its grace of {grace} min"
    fire += [(due, RunKind.SCHEDULED) for due in on_time]
    return Due(tuple(fire), tuple(missed), older, following, dict.fromkeys(missed, reason))


def next_due(task: Task, schedule: DueTimes, now: datetime) -> datetime | None:
    """The first due time after `now`, inside the task's start and end."""
    after = now if task.starts_at is None else max(now, task.starts_at - timedelta(microseconds=1))
    found = schedule.next_after(after)
    if found is None or (task.ends_at is not None and found > task.ends_at):
        return None
    return found


def _newest(schedule: DueTimes, task: Task, now: datetime) -> tuple[list[datetime], int]:
    """The newest due times from the stored one to `now`, and how many older ones there are."""
    assert task.next_due_at is not None
    end = now if task.ends_at is None else min(now, task.ends_at)
    newest: deque[datetime] = deque(maxlen=max(MOST_ROWS, task.most_catch_up))
    counted = 0
    due: datetime | None = task.next_due_at
    while due is not None and due <= end and counted < MOST_COUNTED:
        newest.append(due)
        counted += 1
        due = schedule.next_after(due)
    return list(newest), counted - len(newest)
