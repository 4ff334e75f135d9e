"""What an operator does with occurrences from a list or from one: asked about, done, told."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from textual.content import Content

from scheduling import actions
from scheduling.stages import DONE
from storage.vocabulary import Stage
from tui.dialogs.confirm import Confirm
from tui.dialogs.note import NoteDialog
from tui.messages.large_send import agreed
from tui.occurrences.facts import named, outgoing_shown
from tui.operations import alert_preview, occurrences, told_words
from tui.operations.alert_preview import StepPreview
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import counted
from tui.operations.occurrences import Stepped
from tui.text.content import plain

if TYPE_CHECKING:
    from tui.port import Console

TITLES = {
    Stage.CLAIMED: "Claim",
    Stage.ACTIONED: "Action taken",
    Stage.ESCALATED: "Escalate",
    Stage.RESTORED: "Restore",
    Stage.FINALISED: "Finalise",
}
MOST_SHOWN = 5


async def take(console: "Console", keys: Sequence[int], stage: Stage) -> bool:
    """Take occurrences into a stage, after a question that says what it sends.

    A claim that sends nothing is not asked about. Whether anything was done.
    """
    previews = await console.ask(_previews, tuple(keys), stage)
    possible = [preview for preview in previews if preview.refusal is None]
    refusals = [preview.refusal for preview in previews if preview.refusal]
    if not possible:
        _tell_refusals(console, refusals)
        return False
    note: str | None = ""
    if stage is not Stage.CLAIMED or any(preview.outgoing for preview in possible):
        note = await console.ask_person(_question(possible, stage))
    if note is None:
        return False
    ids = tuple(preview.occurrence.id for preview in possible)
    if not await _agreed(console, ids, stage, note):
        return False
    done, more = await console.operate(_step_each, ids, stage, note)
    for stepped in done[:MOST_SHOWN]:
        console.tell(_said(stepped, DONE[stage]))
    if len(done) > MOST_SHOWN:
        console.tell(f"and {len(done) - MOST_SHOWN:,} more")
    _tell_refusals(console, [*refusals, *more])
    return bool(done)


async def send_again(console: "Console", key: int) -> bool:
    """Send to those who were not reached, after a question that names them. Whether it was done."""
    found = await console.ask(occurrences.show, key)
    missed = found.tally.missed
    about = named(found.view.occurrence)
    if missed:
        reasons = [f"{told_words.name_of(person)}: {told_words.why_not(person)}" for person in missed]
        people = f"{len(missed):,} {'person' if len(missed) == 1 else 'people'}"
        question = Confirm(f"Send {about} again to {people} not reached?", yes="Send again", hangs=reasons)
        if await console.ask_person(question) != "yes":
            return False
        preview = await console.ask(alert_preview.of_send_again, key)
        if preview is not None and not await agreed(console, preview.size, f"Send {about} again"):
            return False
    try:
        stepped = await console.operate(occurrences.send_again, key)
    except Refused as refusal:
        _tell_refusals(console, [refusal.message])
        return False
    console.tell(_said(stepped, "sent again to those not reached"))
    return True


async def add_note(console: "Console", key: int, about: str) -> bool:
    """Write a note to one occurrence; `about` names it."""
    note = await console.ask_person(NoteDialog(f"Note to {about}", yes="Keep the note", required=True))
    if not note:
        return False
    try:
        await console.operate(occurrences.add_note, key, note)
    except Refused as refusal:
        _tell_refusals(console, [refusal.message])
        return False
    return True


async def _agreed(console: "Console", keys: tuple[int, ...], stage: Stage, note: str) -> bool:
    """Asked with the note, which may stand in the messages and make them longer."""
    previews = await console.ask(_previews, keys, stage, note)
    one = previews[0].occurrence if len(previews) == 1 else None
    about = named(one) if one else counted(len(previews), "occurrence")
    size = actions.size(chain.from_iterable(preview.planned for preview in previews))
    return await agreed(console, size, f"{TITLES[stage]} {about}")


def _previews(desk: Desk, keys: Sequence[int], stage: Stage, note: str = "") -> list[StepPreview]:
    found = (alert_preview.of_step(desk, key, stage, note) for key in keys)
    return [preview for preview in found if preview is not None]


def _step_each(desk: Desk, keys: Sequence[int], stage: Stage, note: str) -> tuple[list[Stepped], list[str]]:
    done, refusals = [], []
    for key in keys:
        try:
            done.append(occurrences.step(desk, key, stage, note=note))
        except Refused as refusal:
            refusals.append(refusal.message)
    return done, refusals


def _question(previews: Sequence[StepPreview], stage: Stage) -> NoteDialog:
    title = TITLES[stage]
    if len(previews) == 1:
        question = f"{title}: {named(previews[0].occurrence)}"
        return NoteDialog(question, yes=title, what=outgoing_shown(previews[0].outgoing))
    lines = []
    for preview in previews:
        people = sum(len(item.reached) for item in preview.outgoing)
        sends = f"sends to {people:,}" if people else "sends nothing"
        lines.append(plain(f"{named(preview.occurrence)}: {sends}"))
    question = f"{title}: {counted(len(previews), 'occurrence')}"
    return NoteDialog(question, yes=title, what=Content("\n").join(lines))


def _said(stepped: Stepped, done: str) -> str:
    queued = stepped.queued
    sent = f"{counted(len(queued.message_ids), 'message')} queued" if queued.message_ids else "nothing sent"
    sent += ", nobody had been told" if queued.nobody_told else ""
    said = f"{named(stepped.occurrence)} {done}: {sent}"
    if queued.left_out:
        said += "".join(f"\nLeft out: {person}" for person in queued.left_out[:3])
        said += f"\nand {len(queued.left_out) - 3:,} more" if len(queued.left_out) > 3 else ""
    return said + "".join(f"\n▲ {problem}" for problem in dict.fromkeys(queued.problems))


def _tell_refusals(console: "Console", refusals: Sequence[str]) -> None:
    if refusals:
        more = f" (and {len(refusals) - 1:,} more like it)" if len(refusals) > 1 else ""
        console.tell(refusals[0] + more, problem=True)
