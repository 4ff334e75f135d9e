"""Asking whether a held copy is the live site, and saying so."""

from typing import TYPE_CHECKING

from tui.dialogs.confirm import Confirm
from tui.operations import site_care
from tui.operations.errors import Refused

if TYPE_CHECKING:
    from tui.port import Console


async def adopt(console: "Console") -> None:
    """Ask first: while the original still runs, people would get every message twice."""
    hold = await console.ask(site_care.hold_of)
    if hold is None:
        console.tell("This is the live site already: nothing to adopt")
        return
    hangs = (
        f"This database is {hold.reason}; it has been held since {hold.since.astimezone():%Y-%m-%d %H:%M}",
        "If the original still runs, people get every message twice: stop it first",
        "Tasks that came due meanwhile are written down as missed",
        "What waited stays of unknown outcome until somebody decides about it",
    )
    question = Confirm("Is this the live site from now on?", yes="Adopt it", no="Keep it held", hangs=hangs)
    if await console.ask_person(question) != "yes":
        return
    try:
        adopted = await console.operate(site_care.adopt)
    except Refused as refusal:
        console.tell(refusal.message, problem=True)
        return
    console.tell("This is the live site from now on" if adopted else "Somebody has adopted it meanwhile")
