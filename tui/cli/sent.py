"""What `send` and the like say once messages are queued: waiting, who was left out, what became of them."""

from typing import TYPE_CHECKING

import typer

from tui.cli.context import desk
from tui.cli.output import confirmed, emit, note, say, somebody_is_there

if TYPE_CHECKING:
    from scheduling.send_size import SendSize
    from storage.records import Message
    from tui.operations.sending import Sent

SIGNS = {
    "queued": "…",
    "sending": "→",
    "accepted": "✓",
    "delivered": "✓✓",
    "undelivered": "✗",
    "failed": "✗",
    "unknown": "?",
    "cancelled": "–",
    "expired": "✗",
}


def asks(yes: bool) -> bool:
    """Whether a large send is asked about: without --yes, where somebody can answer.

    Elsewhere (scripts, other systems, a job in the background) nothing is asked and it goes: an
    alarm held up by a question is worse than a large one.
    """
    return not yes and somebody_is_there()


def ask_if_large(size: "SendSize", what: str, *, through: str = "") -> None:
    """Ask once before a send to more than 20 people; `what` says in a word or two what sends it.

    Only where `asks` says so. Ends the command, with nothing sent, where the answer is no.
    """
    if not size.must_ask:
        return
    from tui.operations import large_sends

    said = f"end to {large_sends.in_one_line(size)}" + (f", through {through}?" if through else "?")
    question = f"{what}: s{said}" if what else f"S{said}"
    if not confirmed(question, yes=False, without_terminal=True):
        raise typer.Abort


def note_no_engine() -> None:
    """Say it when nothing will be sent until an engine starts: the messages are on disk all the same."""
    from tui.operations.waiting import engine_is_running

    if not engine_is_running(desk()):
        note(f"queued, but no engine is running on {desk().database.folder.path}: start commsdesk run")


def report(sent: "Sent", *, wait: float | None, json: bool) -> int:
    """Print what was queued, after waiting if asked to. The exit status."""
    from tui.operations import waiting
    from tui.operations.views import message_json

    for person in sent.left_out:
        group = f" ({person.group})" if person.group else ""
        note(f"left out: {person}{group}")
    for name in sent.joined:
        note(f"{name} shares a number with another and gets the message once")
    for warning in sent.warnings:
        note(f"warning: {warning}")
    note_no_engine()
    if wait is None:
        found = waiting.current(desk(), sent.ids)
    else:
        found = waiting.until_settled(desk(), sent.ids, wait)
    for message in found:
        if json:
            emit(message_json(message))
        else:
            say(state_line(message))
    return 0 if wait is None or waiting.all_taken(found) else 1


def state_line(message: "Message") -> str:
    """`✓ Joe Hart +44…: accepted, 5f0e…  (message 12)`."""
    from scheduling.gateways.wording import said
    from scheduling.phone import readable

    who = f"{message.user} {readable(message.to)}" if message.user else readable(message.to)
    more = ""
    if message.gateway_id:
        more = f", {message.gateway_id}"
    elif message.error:
        more = f": {said(message.error_code, message.error)}"
    return f"{SIGNS[message.state]} {who}: {message.state}{more} (message {message.id})"
