"""`commsdesk status`: how the site is, for people and for monitoring."""

from typing import TYPE_CHECKING

import typer

from scheduling.money import money
from storage.vocabulary import HandlerState
from tui.cli import context
from tui.cli.existing_site import existing_desk
from tui.cli.options import Json
from tui.cli.output import emit, local_time, say, show_facts, show_table
from tui.operations.errors import on_command_line

if TYPE_CHECKING:
    from tui.operations.handler_status import HandlerView
    from tui.operations.status import SiteStatus


def status(json: Json = False) -> None:
    """Who fires, what waits, the handlers, and what is wrong. Exit status 1 when the site is not healthy.

    With --json there is an object also for a site that cannot be opened: its problem is the reason.
    """
    from storage.errors import StorageError
    from tui.operations import status as operations

    try:
        with existing_desk() as desk:
            found = operations.status(desk)
    except StorageError as error:
        if json:
            emit(operations.unusable_json(str(context.global_options().folder), on_command_line(error)))
        raise
    if json:
        emit(operations.as_json(found))
    else:
        _show(found)
    raise typer.Exit(0 if found.healthy else 1)


def _show(found: "SiteStatus") -> None:
    show_facts(
        [
            ("Site", found.folder),
            ("Engine", _engine(found)),
            ("Held", found.hold and f"{found.hold.reason}, since {local_time(found.hold.since)}"),
            (
                "Tasks wait",
                found.clock_hold and f"until {local_time(found.clock_hold.until)}",
            ),
            ("Alerts", _alerts(found)),
            ("Queue", _queue(found)),
            ("Held messages", f"{found.held_messages:,}" if found.held_messages else None),
            ("Silences", f"{found.silences:,}" if found.silences else None),
            ("Failed today", f"{found.attention.failed_today:,}" if found.attention.failed_today else None),
            ("Oldest due", local_time(found.oldest_due_at)),
            ("Next task", found.next_task and f"{found.next_task} at {local_time(found.next_task_due_at)}"),
            ("Disk", f"{found.free_bytes / 1_000_000:,.0f} MB free"),
        ]
    )
    if found.handlers:
        rows = [
            (
                view.handler.name,
                _handler_status(view),
                money(view.found.balance, view.found.currency),
                view.queue.total,
            )
            for view in found.handlers
        ]
        say("")
        show_table(("Handler", "Status", "Balance", "Queue"), rows, right={2, 3})
    if found.problems or found.warnings:
        say("")
    for text in found.problems:
        say(f"✗ {text}")
    for text in found.warnings:
        say(f"! {text}")


def _handler_status(view: "HandlerView") -> str:
    """One word, or until when it is paused; what an error is stands among the problems below."""
    if view.shown.status == HandlerState.ERROR:
        pause = view.shown.pause_words
        return "Error" + (f", {pause}" if pause else "")
    return view.shown.words


def _engine(found: "SiteStatus") -> str:
    lease = found.lease
    if not found.engine_running:
        return "none"
    age = found.beat_age
    beat = "" if age is None else f", last beat {age.total_seconds():.0f} s ago"
    return f"{lease.holder_kind}, process {lease.holder_pid}, epoch {lease.epoch}{beat}"


def _alerts(found: "SiteStatus") -> str:
    """Those whose plan asks for somebody, others that nobody looks after, and those that somebody does."""
    unanswered, answered = found.attention.unanswered, found.attention.answered
    others = found.attention.open - unanswered
    parts = [f"{unanswered:,} unanswered"] * bool(unanswered)
    parts += [f"{others:,} {'more ' if unanswered else ''}open"] * bool(others)
    parts += [f"{answered:,} answered"] * bool(answered)
    return ", ".join(parts) or "none active"


def _queue(found: "SiteStatus") -> str:
    parts = [f"{found.waiting:,} waiting", f"{found.retrying:,} retrying", f"{found.sending:,} sending"]
    if found.unknown:
        parts.append(f"{found.unknown:,} of unknown outcome")
    return ", ".join(parts)
