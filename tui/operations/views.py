"""Records as JSON objects: one shape for the command line, the notebook and other programs.

Field names are promises: more may be added, none renamed. Times are ISO 8601 UTC.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from scheduling import cron_words, retry
from storage.records import Action, Attempt, Message, Recipient, Review, Task, TaskRun
from storage.vocabulary import HandlerState
from tui.operations import handler_settings
from tui.operations.form_values import minutes_of
from tui.operations.handler_check import Checked
from tui.operations.handler_status import HandlerView
from tui.operations.task_preview import Reach, Upcoming


def iso(at: datetime | None) -> str | None:
    """`2026-11-23T02:03:04.123456Z`."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def handler_json(view: HandlerView) -> dict[str, Any]:
    handler, found, shown = view.handler, view.found, view.shown
    return {
        "id": handler.id,
        "name": handler.name,
        "api_type": handler.api_type,
        **handler_settings.as_json(handler.api_type, handler.settings),
        "enabled": handler.enabled,
        "status": shown.status,
        "balance": None if found.balance is None else float(found.balance),
        "currency": found.currency,
        "error": view.error,
        "advice": shown.advice,
        "code": found.code if shown.status == HandlerState.ERROR else None,
        "checked_at": iso(found.checked_at),
        "last_accepted_at": iso(found.last_accepted_at),
        "queued": view.queue.waiting + view.queue.retrying,
        "retrying": view.queue.retrying,
        "sending": view.queue.sending,
        "oldest_queued_at": iso(view.queue.oldest_at),
        "pause": shown.pause,
        "paused_until": iso(shown.paused_until),
        "retry_rate_mins": minutes_of(handler.retry_rate),
        "stop_retrying_after_mins": minutes_of(handler.stop_retrying_after),
        "retry_plan": retry.describe(view.plan),
        "on_unknown": str(handler.on_unknown),
        "useful_life_mins": minutes_of(handler.useful_life),
        "most_parts": handler.most_parts,
        "batch_size": handler.batch_size,
        "connections": handler.max_connections,
        "rate_per_minute": handler.rate_per_minute,
        "low_balance": None if handler.low_balance is None else float(handler.low_balance),
        "total_timeout_secs": handler.total_timeout.total_seconds(),
        "telephone_field": view.telephone_field,
        "secret": handler.secret_hint or None,
        "allow_plain_http": handler.allow_plain_http,
        "proxy": handler.proxy,
        "proxy_password": handler.proxy_secret_hint,
        "ca_file": handler.ca_file,
        "notes": handler.notes,
        "warnings": list(view.warnings),
        "revision": handler.revision,
    }


def checked_json(view: HandlerView, checked: Checked) -> dict[str, Any]:
    """A handler as a live test just found it."""
    return handler_json(view) | {
        "ok": checked.ok,
        "status": HandlerState.RUNNING if checked.ok else HandlerState.ERROR,
        "balance": None if checked.balance is None else float(checked.balance),
        "currency": checked.currency,
        "error": None if checked.ok else f"{checked.error}. {checked.advice or ''}".rstrip(". "),
        "advice": checked.advice,
        "code": checked.code,
        "checked_at": iso(checked.at),
    }


def message_json(message: Message, attempts: Sequence[Attempt] | None = None) -> dict[str, Any]:
    """One message; with `attempts` as `message show` gives it."""
    found = {
        "id": message.id,
        "state": str(message.state),
        "handler": message.handler,
        "handler_id": message.handler_id,
        "user": message.user,
        "user_id": message.user_id,
        "to": message.to,
        "text": message.text,
        "origin": str(message.origin),
        "operator": message.operator,
        "task_id": message.task_id,
        "alert_id": message.alert_id,
        "occurrence_id": message.occurrence_id,
        "attempts": message.attempts,
        "segments": message.segments,
        "queued_at": iso(message.queued_at),
        "expires_at": iso(message.expires_at),
        "next_attempt_at": iso(message.next_attempt_at),
        "window_closes_at": iso(message.window_closes_at),
        "finished_at": iso(message.finished_at),
        "gateway_id": message.gateway_id,
        "client_message_id": message.client_message_id,
        "error_code": message.error_code,
        "error": message.error,
        "may_arrive_twice": message.may_arrive_twice,
        "resend_of": message.resend_of,
        "why": message.why,
    }
    if attempts is not None:
        found["attempt_log"] = [attempt_json(attempt) for attempt in attempts]
    return found


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "n": attempt.n,
        "started_at": iso(attempt.started_at),
        "finished_at": iso(attempt.finished_at),
        "outcome": attempt.outcome,
        "http_status": attempt.http_status,
        "code": attempt.code,
        "error": attempt.error,
        "gateway_id": attempt.gateway_id,
    }


def review_json(entry: Review) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": iso(entry.at),
        "category": str(entry.category),
        "level": str(entry.level),
        "kind": str(entry.kind) if entry.kind else None,
        "text": entry.text,
        "operator": entry.operator,
        "handler": entry.handler,
        "handler_id": entry.handler_id,
        "user": entry.user,
        "user_id": entry.user_id,
        "message": entry.message_id,
        "alert": entry.alert,
        "alert_id": entry.alert_id,
        "occurrence_id": entry.occurrence_id,
        "task": entry.task,
        "task_id": entry.task_id,
    }


def recipient_json(recipient: Recipient) -> dict[str, Any]:
    if recipient.is_duty:
        return {"kind": recipient.kind, "id": recipient.roster_id, "name": recipient.name.partition(":")[2]}
    if recipient.kind is not None:
        return {"kind": recipient.kind}
    kind = "user" if recipient.user_id else "group" if recipient.group_id else "number"
    return {"kind": kind, "id": recipient.user_id or recipient.group_id, "name": recipient.name}


def action_json(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "handler": action.handler,
        "handler_id": action.handler_id,
        "recipients": [recipient_json(recipient) for recipient in action.recipients],
        "message": action.text,
        "enabled": action.enabled,
        "stage": action.stage,
        "level": action.level,
    }


def task_json(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "name": task.name,
        "cron": task.cron or None,
        "zone": task.zone,
        "enabled": task.enabled,
        "next_due_at": iso(task.next_due_at),
        "last_due_at": iso(task.last_due_at),
        "last_run_at": iso(task.last_run_at),
        "words": _words(task),
        "roster_id": task.roster_id,
        "once_at": iso(task.once_at),
        "starts_at": iso(task.starts_at),
        "ends_at": iso(task.ends_at),
        "when_missed": str(task.when_missed),
        "grace_mins": minutes_of(task.grace),
        "most_catch_up": task.most_catch_up,
        "useful_life_mins": None if task.useful_life is None else minutes_of(task.useful_life),
        "notes": task.notes,
        "problem": task.problem,
        "actions": [action_json(action) for action in task.actions],
        "revision": task.revision,
    }


def _words(task: Task) -> str:
    if task.roster_id is not None:
        return "at hand-over"
    return cron_words.in_words(task.cron) if task.cron else "once"


def run_json(run: TaskRun) -> dict[str, Any]:
    """One due time of a task and what became of it."""
    return {
        "id": run.id,
        "task_id": run.task_id,
        "due_at": iso(run.due_at),
        "kind": run.kind,
        "state": run.state,
        "fired_at": iso(run.fired_at),
        "queued": run.queued,
        "left_out": run.left_out,
        "note": run.note,
    }


def upcoming_json(found: Upcoming, reach: Reach) -> dict[str, Any]:
    """One due time to come: `due_at` in UTC, `local` in the task's zone with its offset."""
    return {
        "task": found.task.name,
        "task_id": found.task.id,
        "due_at": iso(found.due_at),
        "local": found.local.isoformat(),
        "zone": found.task.zone,
        "enabled": found.task.enabled,
        "note": found.note,
        "reaches": list(reach.reached),
        "left_out": list(reach.left_out),
    }
