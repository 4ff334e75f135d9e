"""What a person does with messages from a list or from one message: asked about, done, told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from storage.records import Message
from storage.vocabulary import MessageState
from tui.dialogs.confirm import Confirm
from tui.messages import resend_facts
from tui.operations import messages
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted

if TYPE_CHECKING:
    from tui.port import Console


@dataclass
class Done:
    """How many it was done with, and why it was not with others."""

    count: int = 0
    refusals: list[str] = field(default_factory=list)


def _each(desk: Desk, keys: Sequence[int], operation: Callable[[Desk, int], Message]) -> Done:
    done = Done()
    for key in keys:
        try:
            operation(desk, key)
        except Refused as refusal:
            done.refusals.append(refusal.message)
        else:
            done.count += 1
    return done


async def _do(
    console: "Console", keys: Sequence[int], operation: Callable[[Desk, int], Message], what: str
) -> bool:
    """Do it with each and tell what came of it; whether it was done with any."""
    done = await console.operate(_each, keys, operation)
    if done.count:
        console.tell(f"{counted(done.count, 'message')} {what}")
    if done.refusals:
        more = f" (and {len(done.refusals) - 1:,} more like it)" if len(done.refusals) > 1 else ""
        console.tell(done.refusals[0] + more, problem=True)
    return bool(done.count)


async def _states(console: "Console", keys: Sequence[int]) -> list[Message]:
    from storage import outbox

    return list((await console.read(outbox.current, list(keys))).values())


async def cancel(console: "Console", keys: Sequence[int]) -> bool:
    """Take waiting messages out of the queue."""
    if len(keys) > 1:
        question = Confirm(f"Cancel {len(keys):,} messages?", yes="Cancel them", no="Keep them")
        if await console.ask_person(question) != "yes":
            return False
    return await _do(console, keys, messages.cancel, "cancelled")


async def resend(console: "Console", keys: Sequence[int]) -> bool:
    """Send again: the same message where it did not go, a new one where it did. Always asks."""
    found = await _states(console, keys)
    if not found:
        return False
    moot = [message for message in found if message.withdrawn]
    others = [message for message in found if not message.withdrawn]
    gone = [message for message in others if message.state not in messages.RESENDABLE]
    unsure = [message for message in found if message.state is MessageState.UNKNOWN]
    hangs = []
    if len(moot) == 1 == len(found):
        hangs.append(f"It was withdrawn ({moot[0].error}): its text goes as a new message")
    elif moot:
        hangs.append(f"{counted(len(moot), 'message')} withdrawn: their texts go as new messages")
    if len(gone) == 1 == len(found):
        hangs.append(f"It {messages.STATE_WORDS[gone[0].state]}: a second message is made")
    elif gone:
        hangs.append(f"{counted(len(gone), 'message')} went, or may go yet: they are made once more")
    if unsure:
        hangs.append("It may arrive twice" if len(found) == 1 else f"{len(unsure):,} may arrive twice")
    same = [message for message in others if message.state in messages.RESENDABLE]
    if newer := await console.ask(messages.newer_that_went, same):
        if len(found) == 1:
            hangs.append(f"{counted(next(iter(newer.values())), 'newer message')} went before it")
        else:
            hangs.append(f"Newer messages went before {len(newer):,} of them")
    who = found[0].recipient if len(found) == 1 else counted(len(found), "message")
    what = f"Send again to {who}?" if len(found) == 1 else f"Send {who} again?"
    question = Confirm(
        what, yes="Send again", hangs=hangs, about=resend_facts.about(found, datetime.now(UTC))
    )
    if await console.ask_person(question) != "yes":
        return False
    return await _do(console, keys, partial(messages.resend, again=True), "queued again")


async def arrived(console: "Console", keys: Sequence[int]) -> bool:
    """Settle unknown messages: they arrived."""
    return await _settle(console, keys, messages.arrived, "taken as arrived")


async def drop(console: "Console", keys: Sequence[int]) -> bool:
    """Settle unknown messages: nothing more is done."""
    return await _settle(console, keys, messages.drop, "dropped")


async def _settle(
    console: "Console", keys: Sequence[int], operation: Callable[[Desk, int], Message], what: str
) -> bool:
    if len(keys) > 1:
        question = Confirm(f"Settle {len(keys):,} messages as {what}?", yes=f"They are {what}")
        if await console.ask_person(question) != "yes":
            return False
    return await _do(console, keys, operation, what)
