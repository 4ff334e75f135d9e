"""Making what is missing: on a new site step by step, and where a message finds no handler to go through."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from storage.records import Handler, Recipient
from tui.dialogs.confirm import Answer, Question
from tui.keys.places import Place
from tui.operations.first_steps import FirstStep, Missing

if TYPE_CHECKING:
    from tui.port import Console

NOT_NOW = Answer("no", "Not now")
MOST_OFFERED = 5
SECTION_OF = {
    FirstStep.HANDLER: Place.HANDLERS,
    FirstStep.FIELD: Place.USERS,
    FirstStep.NUMBER: Place.USERS,
    FirstStep.MESSAGE: Place.MESSAGES,
}


def make(console: "Console", missing: Missing) -> None:
    """Open the editor or dialog that a step needs."""
    if missing.step is FirstStep.HANDLER:
        from tui.editors.handler import HandlerEditor

        console.open_editor(partial(HandlerEditor.load, console, None))
    elif missing.step is FirstStep.FIELD:
        from tui.editors.field import FieldEditor

        console.open_editor(partial(FieldEditor.load, console, None))
    elif missing.step is FirstStep.NUMBER:
        from tui.editors.user import UserEditor

        at_number = missing.user_id is not None
        console.open_editor(partial(UserEditor.load, console, missing.user_id, at_values=at_number))
    else:
        known = missing.user_id is not None
        write(console, [Recipient(user_id=missing.user_id, name=missing.user)] if known else [])


def write(console: "Console", recipients: Sequence[Recipient] = ()) -> None:
    """Open Send Message; where there is no handler to send with, offer to make one first."""

    async def open_when_ready() -> None:
        from tui.messages.send_message import SendMessage

        try:
            if await can_send(console):
                console.open_editor(partial(SendMessage.load, console, recipients))
        except Exception as error:
            console.tell(str(error) or type(error).__name__, problem=True)

    console.in_background(open_when_ready(), "write")


async def can_send(console: "Console") -> bool:
    """Whether a handler can be chosen as a sender; asks to make or enable one where there is none."""
    from storage import handlers as stored

    known = await console.read(stored.listing)
    if any(handler.enabled for handler in known):
        return True
    return await (_enable(console, known) if known else add_handler(console))


async def add_handler(console: "Console") -> bool:
    """Offer to make the first handler; whether there is one now."""
    from tui.editors.handler import HandlerEditor

    question = Question(
        "No handler yet: add the account at Clickatell?",
        (Answer("add", "Add the handler"), NOT_NOW),
        safe=NOT_NOW.id,
        first="add",
        hangs=["Messages go through a handler, so nothing can be sent without one"],
    )
    if await console.ask_person(question) != "add":
        return False
    return await console.ask_person(await HandlerEditor.load(console, None)) is not None


async def _enable(console: "Console", known: Sequence[Handler]) -> bool:
    from tui.operations import handlers
    from tui.operations.errors import Refused

    offered = [Answer(str(each.id), f"Enable {each.name}") for each in known[:MOST_OFFERED]]
    question = Question(
        "Every handler is disabled: enable one?",
        (*offered, NOT_NOW),
        safe=NOT_NOW.id,
        hangs=["A disabled handler sends nothing; messages that wait for it go out once it is enabled"],
    )
    answer = await console.ask_person(question)
    if answer is None or answer == NOT_NOW.id:
        return False
    try:
        await console.operate(handlers.set_enabled, int(answer), True)
    except Refused as refusal:
        console.tell(refusal.message, problem=True)
        return False
    return True
