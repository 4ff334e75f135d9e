"""Enabling and disabling, from any list: switching something off asks first, switching it on does not."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.dialogs.confirm import Confirm

if TYPE_CHECKING:
    from tui.port import Console


async def wanted_state(
    console: "Console", things: str, chosen: Sequence[tuple[str, bool]], hangs: Sequence[str] = ()
) -> bool | None:
    """Whether those chosen are to be enabled; None where nothing is to change.

    `chosen` are (name, enabled): all are disabled where all are enabled, else all are enabled.
    `things` is what several are called ("handlers"); `hangs` says what disabling them brings about.
    """
    if not chosen:
        return None
    if not all(enabled for _, enabled in chosen):
        return True
    who = chosen[0][0] if len(chosen) == 1 else f"{len(chosen):,} {things}"
    question = Confirm(f"Disable {who}?", yes="Disable", no="Keep enabled", hangs=hangs)
    return False if await console.ask_person(question) == "yes" else None
