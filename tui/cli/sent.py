"""What `send` and the like say once messages are queued: waiting, who was left out, what became of them."""

from typing import TYPE_CHECKING

from tui.cli.context import desk
from tui.cli.output import emit, note, say

if TYPE_CHECKING:
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
    from scheduling.phone import readable

    who = f"{message.user} {readable(message.to)}" if message.user else readable(message.to)
    more = ""
    if message.gateway_id:
        more = f", {message.gateway_id}"
    elif message.error:
        code = f"{message.error_code} " if message.error_code else ""
        more = f": {message.error}" if message.error.startswith(code or "\0") else f": {code}{message.error}"
    return f"{SIGNS[message.state]} {who}: {message.state}{more} (message {message.id})"
