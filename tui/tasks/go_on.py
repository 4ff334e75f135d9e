"""Asking whether the clock is right, and letting scheduled tasks go on."""

from typing import TYPE_CHECKING

from tui.dialogs.confirm import Confirm
from tui.operations import clock
from tui.operations.errors import Refused

if TYPE_CHECKING:
    from tui.port import Console


async def tasks_go_on(console: "Console") -> None:
    """Ask first: with a wrong clock tasks fire at wrong times."""
    hold = await console.ask(clock.hold_of)
    if hold is None:
        console.tell(clock.NOTHING_HELD.capitalize())
        return
    hangs = (
        f"The clock jumped: tasks wait until {hold.until.astimezone():%H:%M}, then go on by themselves",
        "What has come due meanwhile fires at once, by its When missed setting",
        "With a wrong clock tasks fire at wrong times",
    )
    question = Confirm("Is the clock right?", yes="It is: go on", no="Wait", hangs=hangs)
    if await console.ask_person(question) != "yes":
        return
    try:
        let = await console.operate(clock.let_tasks_go_on)
    except Refused as refusal:
        console.tell(refusal.message, problem=True)
        return
    console.tell("Scheduled tasks go on" if let else clock.NOTHING_HELD.capitalize())
