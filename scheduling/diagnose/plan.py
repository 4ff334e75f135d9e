"""Scheduled tasks and alerts: what would reach nobody, or never come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduling import cron
from scheduling.diagnose.finding import Finding, ok, problem, warning
from storage.records import Task

LATE = timedelta(minutes=2)


def task(found: Task, reached: int, troubles: Sequence[str], now: datetime) -> list[Finding]:
    """`troubles` are sentences about its actions; `reached` counts whom it reaches as things are."""
    tried = "read its schedule, its sender and whom it reaches"
    said: list[Finding] = []
    edit = f'commsdesk task edit "{found.name}"'
    if found.problem:
        said.append(problem("Task", tried, f"could not be fired: {found.problem}", f"correct it: {edit}"))
    elif (unreadable := _unreadable(found)) is not None:
        said.append(problem("Task", tried, unreadable, f"correct it: {edit}"))
    elif found.next_due_at is None:
        advice = f"it is over: remove it, or give it new times ({edit})"
        said.append(warning("Task", tried, "it is enabled, and never comes due again", advice))
    elif now - found.next_due_at > LATE:
        since = f"{found.next_due_at.astimezone():%d %b %H:%M}"
        said.append(problem("Task", tried, f"it has been due since {since}", "see the check of the engine"))
    said += [problem("Task", tried, text, edit) for text in troubles]
    if not reached:
        advice = f"name people who can be reached ({edit} --to …)"
        said.append(problem("Task", tried, "it reaches nobody", advice))
    if not said:
        due = f"{found.next_due_at.astimezone():%d %b %H:%M}" if found.next_due_at else "–"
        said.append(ok("Task", tried, f"next at {due}, reaching {reached:,}"))
    return [finding.on(found.name) for finding in said]


def alert(name: str, troubles: Sequence[str]) -> list[Finding]:
    tried = "read its stages, their senders and whom they reach"
    advice = f'open the alert, or: commsdesk alert show "{name}"'
    found = [problem("Alert", tried, text, advice) for text in troubles]
    return [finding.on(name) for finding in found or [ok("Alert", tried, "it would reach people")]]


def roster(name: str, gaps: str | None) -> Finding:
    """`gaps` say when nobody is on duty, in a sentence; None where somebody always is."""
    tried = "looked who is on duty in the next 31 days"
    if gaps is None:
        return ok("Roster", tried, "somebody is on duty at all times").on(name)
    advice = f'cover it, or give the roster a fallback: commsdesk roster show "{name}"'
    return warning("Roster", tried, gaps, advice).on(name)


def _unreadable(found: Task) -> str | None:
    if not found.cron or found.roster_id is not None:
        return None
    try:
        cron.parse(found.cron, found.zone)
    except ValueError as error:
        return f"its schedule cannot be read: {str(error).rstrip('.')}"
    return None
