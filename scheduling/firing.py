"""Firing a scheduled task: the run, its messages and what is said of it, in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling import recipients
from storage import audience, handlers, outbox, tasks
from storage.database import Transaction
from storage.records import Action, Category, Level, Origin, ReviewEntry, Task

DEFAULT_GRACE = timedelta(minutes=15)
DEFAULT_MOST_CATCH_UP = 10


@dataclass(frozen=True, slots=True)
class Fired:
    """What a firing queued. `run_id` is None when that due time had been fired before."""

    run_id: int | None
    message_ids: tuple[int, ...] = ()
    left_out: tuple[recipients.LeftOut, ...] = ()
    problems: tuple[str, ...] = ()


def fire(
    tx: Transaction,
    task: Task,
    kind: str,
    due_at: datetime,
    now: datetime,
    *,
    epoch: int | None = None,
    operator: str | None = None,
    next_due_at: datetime | None = None,
) -> Fired:
    """Queue what the task sends at one due time; `kind` is "scheduled", "catch-up" or "manual".

    Nothing happens when that due time is already written down (unless `kind` is "manual").
    `next_due_at` is only for the words of the review.
    """
    run_id = tasks.record_run(tx, task.id, due_at, kind, "fired", now, epoch=epoch)
    if run_id is None:
        return Fired(None)
    ids: list[int] = []
    left_out: list[recipients.LeftOut] = []
    problems: list[str] = []
    for action in task.actions:
        if action.enabled:
            _queue(tx, task, action, run_id, now, operator, ids, left_out, problems)
    if not task.actions:
        problems.append("it has no action")
    tasks.set_run_counts(tx, run_id, len(ids), len(left_out))
    tx.review(now, *_said(task, kind, ids, left_out, problems, operator, next_due_at))
    return Fired(run_id, tuple(ids), tuple(left_out), tuple(problems))


def _queue(
    tx: Transaction,
    task: Task,
    action: Action,
    run_id: int,
    now: datetime,
    operator: str | None,
    ids: list[int],
    left_out: list[recipients.LeftOut],
    problems: list[str],
) -> None:
    handler = handlers.get(tx.connection, action.handler_id)
    if handler is None or handler.removed_at is not None:
        problems.append(f"its handler {action.handler} was removed")
        return
    field_id = audience.telephone_field(tx, handler.telephone_field_id)
    reached, missed = recipients.choose(audience.candidates(tx, action.recipients, field_id))
    composed = recipients.compose(
        reached,
        action.text,
        handler_id=handler.id,
        now=now,
        useful_life=task.useful_life or handler.useful_life,
        most_parts=handler.most_parts,
        values={"Task": task.name},
        cut=True,
    )
    submission = outbox.Submission(
        Origin.TASK,
        operator=operator,
        task_id=task.id,
        run_id=run_id,
        left_out=tuple({"name": person.name, "reason": person.reason} for person in missed),
    )
    ids += outbox.enqueue(tx, submission, composed.drafts, now)
    left_out += missed
    if not composed.drafts:
        problems.append("it reaches nobody")
    if not handler.enabled:
        problems.append(f"its handler {handler.name} is disabled: messages wait")
    if composed.missing:
        problems.append(f"no value for {', '.join('{' + name + '}' for name in composed.missing)}")
    if composed.cut:
        problems.append(f"the text was cut to {handler.most_parts} parts for {', '.join(composed.cut[:3])}")


def _said(
    task: Task,
    kind: str,
    ids: list[int],
    left_out: list[recipients.LeftOut],
    problems: list[str],
    operator: str | None,
    next_due_at: datetime | None,
) -> list[ReviewEntry]:
    how = {"manual": "run now", "catch-up": "fired late, to catch up", "scheduled": "fired"}[kind]
    count = f"{len(ids)} {'recipient' if len(ids) == 1 else 'recipients'}"
    after = f"; next {next_due_at.astimezone():%a %d %b %H:%M}" if next_due_at else ""
    entries = [said_of(task, f"{task.name} {how}, {count}{after}", operator=operator)]
    if left_out:
        names = "; ".join(str(person) for person in left_out[:5])
        more = f"; and {len(left_out) - 5} more" if len(left_out) > 5 else ""
        entries.append(said_of(task, f"{task.name} leaves out: {names}{more}", Level.WARNING))
    entries += [said_of(task, f"{task.name}: {problem}", Level.WARNING) for problem in problems]
    return entries


def said_of(task: Task, text: str, level: Level = Level.INFO, operator: str | None = None) -> ReviewEntry:
    return ReviewEntry(Category.TASK, text, level, operator=operator, task_id=task.id, task=task.name)
