"""The question before a send to more than 20 people: how many, and how many parts it comes to."""

from typing import TYPE_CHECKING

from scheduling.send_size import SendSize
from tui.dialogs.confirm import Confirm
from tui.operations import large_sends

if TYPE_CHECKING:
    from tui.port import Console


async def agreed(console: "Console", size: SendSize, what: str = "", *, through: str = "") -> bool:
    """Whether to go on: asks once where the send is large.

    `what` says in a word or two what sends it ("Run Shift report"), `through` by which handler.
    """
    if not size.must_ask:
        return True
    who = large_sends.people(size)
    load = large_sends.load(size) + (f", through {through}" if through else "")
    question = Confirm(
        f"{what}: send to {who}?" if what else f"Send to {who}?",
        yes=f"Send to {who}",
        no="Go back",
        hangs=[load],
    )
    return await console.ask_person(question) == "yes"
