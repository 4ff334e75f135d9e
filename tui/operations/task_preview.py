"""What will fire, when, and reaching whom. Reading only: nothing is written."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import actions, cron, firing
from scheduling import recipients as choosing
from scheduling.actions import Planned
from scheduling.send_size import SendSize
from scheduling.zones import zone_named
from storage import audience
from storage import handlers as stored_handlers
from storage import tasks as stored_tasks
from storage.records import Task
from tui.operations.desk import Desk

JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a task reaches as things are: names or numbers, and who is left out and why."""

    reached: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One due time. `local` is in the task's zone; `note` says what a change of the clocks does to it."""

    task: Task
    due_at: datetime
    local: datetime
    note: str | None = None


def upcoming(tasks: Sequence[Task], start: datetime, end: datetime) -> Iterator[Upcoming]:
    """Every due time from `start` up to, not including, `end`, in order. The past is allowed.

    A task's own start and end bound its times; whether it is enabled is for the caller to judge.
    A task whose schedule cannot be read is passed over.
    """
    return heapq.merge(
        *(_of_task(task, start, end) for task in tasks), key=lambda found: (found.due_at, found.task.id)
    )


def _of_task(task: Task, start: datetime, end: datetime) -> Iterator[Upcoming]:
    if not task.cron:
        if task.once_at is not None and start <= task.once_at < end:
            yield Upcoming(task, task.once_at, task.once_at.astimezone(zone_named(task.zone)))
        return
    try:
        schedule = cron.parse(task.cron, task.zone)
    except cron.CronError:
        return
    first = start if task.starts_at is None else max(start, task.starts_at)
    last = end - JUST_BEFORE
    if task.ends_at is not None:
        last = min(last, task.ends_at)
    for due_at in schedule.between(first - JUST_BEFORE, last):
        yield Upcoming(task, due_at, schedule.local(due_at), schedule.dst_note(due_at))


def reach(desk: Desk, task: Task) -> Reach:
    """Whom the task's actions reach as users, groups and numbers are now."""
    with desk.database.read() as connection:
        return _reach(connection, task)


def size(desk: Desk, task_ids: Sequence[int]) -> SendSize:
    """How many people, messages and parts it comes to when these tasks run now."""
    planned: list[Planned] = []
    with desk.database.read() as connection:
        for task in stored_tasks.present(connection, *task_ids):
            planned += actions.plan(
                connection,
                task.actions,
                desk.now(),
                values=firing.values_of(task),
                useful_life=task.useful_life,
            )
    return actions.size(planned)


def _reach(connection: sa.Connection, task: Task) -> Reach:
    reached: dict[str, None] = {}
    left_out: dict[str, None] = {}
    for action in task.actions:
        handler = stored_handlers.get(connection, action.handler_id)
        if not action.enabled or handler is None:
            continue
        field_id = audience.telephone_field(connection, handler.telephone_field_id)
        chosen, missed = choosing.choose(audience.candidates(connection, action.recipients, field_id))
        reached.update(dict.fromkeys(person.name or person.number for person in chosen))
        left_out.update(dict.fromkeys(str(person) for person in missed))
    return Reach(tuple(reached), tuple(left_out))
