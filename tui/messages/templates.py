"""Kept texts in the Send Message dialog: take one, keep this one, remove one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui.dialogs.ask_text import AskText
from tui.dialogs.confirm import Confirm
from tui.operations.errors import Refused
from tui.port import console_of, run_waiting
from tui.widgets.composer import Composer
from tui.widgets.menu import ContextMenu, MenuItem

if TYPE_CHECKING:
    from storage.message_templates import MessageTemplate

KEEP, REMOVE = "keep-template", "remove-template"
TAKE, DROP = "template:", "drop-template:"


def open_templates(dialog: Screen[Any], composer: Composer) -> None:
    """Show the kept texts, and what can be done with them."""
    _open(dialog, composer, TAKE)


def _open(dialog: Screen[Any], composer: Composer, prefix: str) -> None:
    async def show() -> None:
        from tui.operations import message_templates

        kept = await console_of(dialog).ask(message_templates.listing)
        kept.sort(key=lambda template: template.name.casefold())
        items = [MenuItem(f"{prefix}{each.id}", _title(each)) for each in kept]
        if prefix == TAKE:
            items += [
                MenuItem(KEEP, "Keep this text…", "", bool(composer.text.strip()), bool(kept)),
                MenuItem(REMOVE, "Remove a kept text…", "", bool(kept)),
            ]
        title = "Take a kept text" if prefix == TAKE else "Remove"
        composer.focus_text()
        ContextMenu.open(dialog, items, (composer.region.x + 2, composer.region.y + 1), title=title)

    run_waiting(dialog, show(), group="templates")


def _title(template: "MessageTemplate") -> str:
    start = " ".join(template.text.split())
    return f"{template.name}: {start}"


def template_chosen(
    dialog: Screen[Any], composer: Composer, choice: str, taken: Callable[[str], None]
) -> None:
    """Do what was chosen in the menu. `taken` is called with the text that was put in."""
    if choice == KEEP:
        work = _keep(dialog, composer.text)
    elif choice == REMOVE:
        _open(dialog, composer, DROP)
        return
    elif choice.startswith(TAKE):
        work = _take(dialog, composer, int(choice.removeprefix(TAKE)), taken)
    elif choice.startswith(DROP):
        work = _remove(dialog, int(choice.removeprefix(DROP)))
    else:
        return
    run_waiting(dialog, work, group="templates")


async def _take(
    dialog: Screen[Any], composer: Composer, template_id: int, taken: Callable[[str], None]
) -> None:
    from storage import message_templates

    found = await console_of(dialog).read(message_templates.get, template_id)
    if found is not None:
        composer.replace_text(found.text)
        taken(found.text)


async def _keep(dialog: Screen[Any], text: str) -> None:
    from storage import message_templates as stored
    from tui.operations import message_templates

    console = console_of(dialog)
    name = await console.ask_person(AskText("Keep this text under which name?"))
    if name is None:
        return
    try:
        known = await console.read(stored.by_name, name)
        if known is None:
            await console.operate(message_templates.add, name, text)
        elif (
            await console.ask_person(Confirm(f"Replace the text kept as {known.name}?", yes="Replace"))
            == "yes"
        ):
            await console.operate(message_templates.edit, known.id, text=text)
        else:
            return
    except Refused as refusal:
        console.tell(refusal.message, problem=True)
    else:
        console.tell(f"Kept as {name}")


async def _remove(dialog: Screen[Any], template_id: int) -> None:
    from storage import message_templates as stored
    from tui.operations import message_templates

    console = console_of(dialog)
    found = await console.read(stored.get, template_id)
    if found is None:
        return
    if await console.ask_person(Confirm(f"Remove the kept text {found.name}?", yes="Remove")) != "yes":
        return
    try:
        await console.operate(message_templates.remove, template_id)
    except Refused as refusal:
        console.tell(refusal.message, problem=True)
