"""`commsdesk message`: what was sent, what waits, and what became of it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Limit
from tui.cli.output import emit, emit_all, local_time, note, say, show_facts, show_table

if TYPE_CHECKING:
    from storage.records import Message

app = plain_app()

State = StrEnum(
    "State",
    [
        "queued",
        "sending",
        "accepted",
        "delivered",
        "undelivered",
        "failed",
        "unknown",
        "cancelled",
        "expired",
    ],
)
Id = Annotated[int, typer.Argument(metavar="ID", help="A message's id")]


@app.command("list")
def list_messages(
    state: Annotated[State | None, typer.Option("--state", help="Only those in this state")] = None,
    handler: Annotated[
        str | None, typer.Option("--handler", metavar="NAME", help="Only through this handler")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Only to this user")] = None,
    task: Annotated[str | None, typer.Option("--task", metavar="NAME", help="Only from this task")] = None,
    search: Annotated[
        str, typer.Option("--search", metavar="WORDS", help="Words of the text, the name or the number")
    ] = "",
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Messages, the newest last; all of them unless --limit is given."""
    from storage.message_history import MessageFilter
    from storage.vocabulary import MessageState
    from tui.operations import messages, names
    from tui.operations.views import message_json

    with desk().database.read() as connection:
        wanted = MessageFilter(
            state=MessageState(state) if state else None,
            handler_id=names.handler(connection, handler).id if handler is not None else None,
            user_id=names.user(connection, user).id if user is not None else None,
            task_id=names.task(connection, task).id if task is not None else None,
            words=search,
        )
    found = messages.listing(desk(), wanted, limit)
    if json:
        emit_all(message_json(message) for message in found)
        return
    rows = [_message_row(message) for message in found]
    if rows:
        show_table(("Id", "Queued", "State", "To", "Handler", "Tries", "Text"), rows, right={0, 5})
    else:
        say(
            "No message fits."
            if wanted != MessageFilter()
            else "No message yet. Send one: commsdesk send --help"
        )


@app.command()
def held(
    every: Annotated[bool, typer.Option("--all", help="Also what was released, dropped or is over")] = False,
    limit: Limit = None,
    json: Json = False,
) -> None:
    """What is held by quiet hours or the limit, the newest last."""
    from storage.vocabulary import HeldState
    from tui.operations import held as holding
    from tui.operations.hold_words import held_json

    found = holding.listing(desk(), all_of=every, limit=limit)
    if json:
        emit_all(held_json(row) for row in found)
    elif not found:
        say("Nothing is held.")
    else:
        rows = [
            (
                row.id,
                local_time(row.held_at, seconds=False),
                local_time(row.until, seconds=False) if row.state is HeldState.HELD else str(row.state),
                row.recipient,
                row.why,
                row.text if len(row.text) <= 40 else f"{row.text[:39]}…",
            )
            for row in found
        ]
        show_table(("Id", "Held", "Until", "To", "Why", "Text"), rows, right={0})


@app.command()
def show(message_id: Id, json: Json = False) -> None:
    """One message in full, with every attempt to send it."""
    from scheduling.gateways.wording import said
    from tui.operations import messages
    from tui.operations.views import message_json

    view = messages.view(desk(), message_id)
    if json:
        emit(message_json(view.message, view.attempts))
        return
    show_facts(_facts(view.message))
    for attempt in view.attempts:
        reason = said(attempt.code, attempt.error)
        ended = attempt.outcome or "in flight"
        line = f"attempt {attempt.n}  {local_time(attempt.started_at)}  {ended}"
        say(f"{line}  {reason}".rstrip())


@app.command()
def cancel(message_id: Id, json: Json = False) -> None:
    """Take a waiting message out of the queue."""
    from tui.operations import messages

    _done(messages.cancel(desk(), message_id), f"cancelled message {message_id}", json)


@app.command()
def resend(
    message_id: Id,
    again: Annotated[
        bool,
        typer.Option("--again", help="Also when it was sent or still waits: as a new message, linked to it"),
    ] = False,
    json: Json = False,
) -> None:
    """Send a failed, expired, cancelled or unknown message again."""
    from tui.cli.sent import note_no_engine
    from tui.operations import messages

    sent = messages.resend(desk(), message_id, again=again)
    note_no_engine()
    if sent.may_arrive_twice and sent.id == message_id:
        note("an earlier attempt may have arrived: this message may arrive twice")
    if sent.id == message_id and (newer := messages.newer_that_went(desk(), [sent]).get(message_id)):
        note(f"{newer:,} newer {'message' if newer == 1 else 'messages'} to this number went before it")
    word = (
        "queued again" if sent.id == message_id else f"queued as message {sent.id}, a copy of {message_id}:"
    )
    _done(sent, word, json)


@app.command()
def arrived(message_id: Id, json: Json = False) -> None:
    """Say of a message with an unknown outcome that it arrived."""
    from tui.operations import messages

    _done(messages.arrived(desk(), message_id), f"took message {message_id} as accepted", json)


@app.command()
def drop(message_id: Id, json: Json = False) -> None:
    """Give a message with an unknown outcome up."""
    from tui.operations import messages

    _done(messages.drop(desk(), message_id), f"dropped message {message_id}", json)


def _done(message: "Message", what: str, json: bool) -> None:
    from tui.operations.views import message_json

    if json:
        emit(message_json(message))
    else:
        say(f"{what}: {message.recipient}")


def _message_row(message: "Message") -> tuple[Any, ...]:
    from tui.cli.sent import SIGNS

    state = f"{SIGNS[message.state]} {message.state}"
    text = message.text if len(message.text) <= 40 else f"{message.text[:39]}…"
    return (
        message.id,
        local_time(message.queued_at),
        state,
        message.recipient,
        message.handler,
        message.attempts,
        text,
    )


def _facts(message: "Message") -> list[tuple[str, object]]:
    from scheduling.gateways.wording import said
    from tui.cli.sent import SIGNS

    error = said(message.error_code, message.error)
    twice = " (may arrive twice)" if message.may_arrive_twice else ""
    return [
        ("Message", message.id),
        ("State", f"{SIGNS[message.state]} {message.state}{twice}"),
        ("To", message.recipient),
        ("Through", message.handler),
        ("Text", message.text),
        ("Parts", message.segments),
        ("Origin", f"{message.origin}{', ' + message.operator if message.operator else ''}"),
        ("Why", message.why),
        ("Queued", local_time(message.queued_at)),
        ("Waits for", message.told_by and f"the answer to message {message.told_by}"),
        ("Next attempt", local_time(message.next_attempt_at)),
        ("Ended", local_time(message.finished_at)),
        ("Clickatell's id", message.gateway_id),
        ("Our id", message.client_message_id),
        ("Error", error),
        ("Copy of", message.resend_of),
    ]
