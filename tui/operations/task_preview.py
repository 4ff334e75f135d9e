"""What will fire, when, and reaching whom. Reading only: nothing is written."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from scheduling import actions, cron, duty, task_fields
from scheduling import recipients as choosing
from scheduling.actions import Planned
from scheduling.on_duty import HandOvers
from scheduling.send_size import SendSize
from scheduling.zones import zone_named
from storage import audience
from storage import handlers as stored_handlers
from storage import rosters as stored_rosters
from storage import tasks as stored_tasks
from storage.records import Task
from storage.roster_records import Roster
from tui.operations.desk import Desk

JUST_BEFORE = timedelta(microseconds=1)
NO_ROSTERS: Mapping[int, Roster] = {}


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


def upcoming(
    tasks: Sequence[Task], start: datetime, end: datetime, rosters: Mapping[int, Roster] = NO_ROSTERS
) -> Iterator[Upcoming]:
    """Every due time from `start` up to, not including, `end`, in order. The past is allowed.

    A task's own start and end bound its times; whether it is enabled is for the caller to judge.
    A task whose schedule cannot be read is passed over. `rosters` are those at whose hand-overs tasks fire.
    """
    return heapq.merge(
        *(_of_task(task, start, end, rosters) for task in tasks),
        key=lambda found: (found.due_at, found.task.id),
    )


def rosters_of(desk: Desk, tasks: Sequence[Task]) -> dict[int, Roster]:
    """The rosters at whose hand-overs these tasks fire."""
    wanted = {task.roster_id for task in tasks if task.roster_id is not None}
    with desk.database.read() as connection:
        found = {roster_id: stored_rosters.get(connection, roster_id) for roster_id in wanted}
    return {roster_id: roster for roster_id, roster in found.items() if roster is not None}


def _of_task(task: Task, start: datetime, end: datetime, rosters: Mapping[int, Roster]) -> Iterator[Upcoming]:
    if task.roster_id is not None:
        yield from _of_hand_overs(task, rosters.get(task.roster_id), start, end)
        return
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


def _of_hand_overs(task: Task, roster: Roster | None, start: datetime, end: datetime) -> Iterator[Upcoming]:
    if roster is None:
        return
    first = start if task.starts_at is None else max(start, task.starts_at)
    last = end - JUST_BEFORE if task.ends_at is None else min(end - JUST_BEFORE, task.ends_at)
    for due_at in HandOvers(roster).between(first - JUST_BEFORE, last):
        yield Upcoming(task, due_at, due_at.astimezone(zone_named(roster.zone)))


def reach(desk: Desk, task: Task, at: datetime | None = None) -> Reach:
    """Whom the task's actions reach as users, groups and numbers are now, and duty at a moment (now)."""
    with desk.database.read() as connection:
        return _reach(connection, task, at or desk.now())


def reaches(desk: Desk, found: Sequence[Upcoming]) -> list[Reach]:
    """Whom each of these due times reaches; asked once a task where no roster stands among its recipients."""
    known: dict[int, Reach] = {}
    reached = []
    for each in found:
        by_duty = any(person.is_duty for action in each.task.actions for person in action.recipients)
        if by_duty:
            reached.append(reach(desk, each.task, each.due_at))
            continue
        if each.task.id not in known:
            known[each.task.id] = reach(desk, each.task)
        reached.append(known[each.task.id])
    return reached


def size(desk: Desk, task_ids: Sequence[int]) -> SendSize:
    """How many people, messages and parts it comes to when these tasks run now."""
    planned: list[Planned] = []
    with desk.database.read() as connection:
        for task in stored_tasks.present(connection, *task_ids):
            planned += actions.plan(
                connection,
                task.actions,
                desk.now(),
                values=task_fields.values_of(connection, task, desk.now()),
                useful_life=task.useful_life,
            )
    return actions.size(planned)


def _reach(connection: sa.Connection, task: Task, now: datetime) -> Reach:
    reached: dict[str, None] = {}
    left_out: dict[str, None] = {}
    for action in task.actions:
        handler = stored_handlers.get(connection, action.handler_id)
        if not action.enabled or handler is None:
            continue
        field_id = audience.telephone_field(connection, handler.telephone_field_id)
        by_roster = duty.resolve(connection, action.recipients, field_id, now)
        chosen, missed = choosing.choose(audience.candidates(connection, by_roster.recipients, field_id))
        missed = by_roster.with_left_out(missed)
        reached.update(dict.fromkeys(person.name or person.number for person in chosen))
        left_out.update(dict.fromkeys(str(person) for person in missed))
    return Reach(tuple(reached), tuple(left_out))
