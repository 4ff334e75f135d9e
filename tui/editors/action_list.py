"""The actions of a task, or of one stage of an alert: add, edit, order, remove."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from storage.records import Recipient
from tui.editors.action_merge import Held, MergedActions, merge_actions
from tui.editors.edit_conflict import Merged
from tui.operations.action_form import ActionForm
from tui.operations.alert_form import StageAction
from tui.operations.errors import Refused
from tui.port import run_waiting
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.menu import ContextMenu, MenuItem
from tui.widgets.paged_table import PagedTable
from tui.widgets.row_source import ListSource, Row
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

MENU = (
    ("edit", "Edit", "⏎"),
    ("enable", "Enable or disable", "e"),
    ("move(-1)", "Up", "K"),
    ("move(1)", "Down", "J"),
    ("copy_to_tabs", "Add to other tabs", "a"),
    ("new", "Add an action", "n", True, True),
    ("remove", "Remove", "d"),
)
EMPTY = "No action yet. Press n to add one: it says who gets which message through which handler."


class ActionTable(PagedTable):
    """The list itself; its keys belong to the `ActionList` around it."""

    HELP = """\
Actions, in the order in which they are carried out. n adds one, enter edits it, d takes it out, \
K and J change the order, e disables or enables one. On a tab of an alert a adds it to other tabs too.\
 Nothing is kept before the editor is saved."""


class ActionList(Vertical):
    """Holds actions while their owner is edited. Posts `Changed`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "Add action"),
        Binding("enter", "edit", "Edit", show=True),
        Binding("d,delete", "remove", "Remove"),
        Binding("e", "enable", "Enable or disable", show=False),
        Binding("a", "copy_to_tabs", "To other tabs"),
        Binding("K,ctrl+up", "move(-1)", "Up", show=False),
        Binding("J,ctrl+down", "move(1)", "Down", show=False),
    ]

    DEFAULT_CSS = """
    ActionList { height: 1fr; }
    ActionList > .note { height: auto; padding: 0 1; color: $text-muted; }
    """

    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("n", "", 2, align="right", sortable=False),
        Column("sender", "Sender", 14, flex=1, sortable=False),
        Column("to", "Recipients", 18, flex=2, sortable=False),
        Column("text", "Message", 18, flex=3, sortable=False),
    )

    class Changed(Message):
        """Other actions are held."""

        def __init__(self, actions: "ActionList") -> None:
            super().__init__()
            self.actions = actions

        @property
        def control(self) -> "ActionList":
            return self.actions

    class CopyWanted(Message):
        """The action is to stand on other tabs too."""

        def __init__(self, form: ActionForm) -> None:
            super().__init__()
            self.form = form

    def __init__(
        self,
        console: "Console",
        forms: Sequence[ActionForm],
        names: Mapping[int, str],
        *,
        stage: str | None = None,
        note: str = "",
        proposed: Sequence[Recipient] = (),
        id: str | None = None,
    ) -> None:
        """`names` are the handlers' by id; `proposed` whom a new action goes to at first.

        The editor that holds this list sets `own_fields`, what a text may use besides users' fields,
        and `own_values`, which gives what stands for them while a text is written.
        """
        super().__init__(id=id)
        self._app_console = console
        self._held = [Held(form, place) for place, form in enumerate(forms)]
        self._editing = False
        self._first = tuple(forms)
        self._names = dict(names)
        self._stage, self._note, self._proposed = stage, note, tuple(proposed)
        self.own_fields: tuple[str, ...] = ()
        self.own_values: Callable[[], Mapping[str, str]] = dict

    @property
    def forms(self) -> tuple[ActionForm, ...]:
        return tuple(each.form for each in self._held)

    @property
    def is_changed(self) -> bool:
        return self.forms != self._first

    @property
    def table(self) -> ActionTable:
        return self.query_one(ActionTable)

    def compose(self) -> ComposeResult:
        if self._note:
            yield SteadyText(plain(self._note), classes="note")
        yield ActionTable(self.COLUMNS, ListSource(self._rows()), empty=EMPTY)

    def add(self, *forms: ActionForm) -> None:
        """Put actions at the end."""
        self._held.extend(map(Held, forms))
        self._show()

    def rebase(self, theirs: Sequence[ActionForm]) -> MergedActions:
        """Go on from what someone else has saved; what was done here stays."""
        merged = merge_actions(self._first, self._held, theirs)
        self._first, self._held = tuple(theirs), list(merged.held)
        self._show()
        return merged

    def know(self, names: Mapping[int, str]) -> None:
        """Handlers by id, as the list names them."""
        self._names |= names

    def _rows(self) -> list[Row]:
        return [self._row(place, form) for place, form in enumerate(self.forms)]

    def _row(self, place: int, form: ActionForm) -> Row:
        names = [recipient.name or recipient.number or "" for recipient in form.recipients]
        to = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        sender = self._names.get(form.handler_id, "▲ removed")
        marks = frozenset() if form.enabled else frozenset({"dim"})
        off = "" if form.enabled else "○ off  "
        level = form.level if isinstance(form, StageAction) else None
        first = f"{off}level {level}  " if level else off
        return Row(place, (str(place + 1), sender, to, Content(first) + plain(form.text, width=200)), marks)

    def _show(self) -> None:
        self.table.set_source(ListSource(self._rows()), empty=EMPTY)
        self.post_message(self.Changed(self))

    def _here(self) -> int | None:
        # Keys that come before the editor of an action stands would take the list from under it.
        key = None if self._editing else self.table.cursor_key
        return key if key is not None and key < len(self._held) else None

    # What can be done

    def action_new(self) -> None:
        if not self._editing:
            self._start_edit(None)

    def action_edit(self) -> None:
        place = self._here()
        if place is not None:
            self._start_edit(place)

    def on_paged_table_row_chosen(self, event: PagedTable.RowChosen) -> None:
        event.stop()
        self.action_edit()

    def on_paged_table_menu_requested(self, event: PagedTable.MenuRequested) -> None:
        event.stop()
        items = [MenuItem(*item) for item in MENU if self._stage or item[0] != "copy_to_tabs"]
        self.table.focus()
        ContextMenu.open(self.screen, items, (event.x, event.y), keys=event.keys)

    async def on_context_menu_chosen(self, event: ContextMenu.Chosen) -> None:
        event.stop()
        await self.run_action(event.action_id)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self._stage) if action == "copy_to_tabs" else True

    def _start_edit(self, place: int | None) -> None:
        self._editing = True
        run_waiting(self, self._edit_and_free(place))

    async def _edit_and_free(self, place: int | None) -> None:
        try:
            await self._edit(place)
        finally:
            self._editing = False

    async def _edit(self, place: int | None) -> None:
        from storage import handlers
        from tui.editors.action import ActionEditor
        from tui.editors.first_steps import add_handler

        if not await self._app_console.read(handlers.listing) and not await add_handler(self._app_console):
            return
        heading = "New action" if place is None else f"Action {place + 1}"
        if self._stage:
            heading += f" · {self._stage}"
        before = None if place is None else self._held[place]
        form = before.form if before else None
        try:
            editor = await ActionEditor.load(
                self._app_console,
                heading,
                self.own_fields,
                form,
                self._stage,
                self.own_values(),
                self._proposed,
            )
        except Refused as refusal:
            self._app_console.tell(refusal.message, problem=True)
            return
        self._names |= {key: handler.name for key, handler in editor.senders.items()}
        made = await self._app_console.ask_person(editor)
        if made is None:
            return
        if place is None or before is None:
            self._held.append(Held(made))
        else:
            # It stays the action that it was, with its id where its owner gives it one.
            form = replace(
                before.form,
                handler_id=made.handler_id,
                recipients=made.recipients,
                text=made.text,
                enabled=made.enabled,
            )
            if isinstance(form, StageAction) and isinstance(made, StageAction):
                form = replace(form, level=made.level)
            self._held[place] = replace(before, form=form)
        self._show()

    def action_copy_to_tabs(self) -> None:
        place = self._here()
        if place is not None:
            self.post_message(self.CopyWanted(self._held[place].form))

    def action_remove(self) -> None:
        place = self._here()
        if place is not None:
            del self._held[place]
            self._show()

    def action_enable(self) -> None:
        place = self._here()
        if place is not None:
            held = self._held[place]
            self._held[place] = replace(held, form=replace(held.form, enabled=not held.form.enabled))
            self._show()

    def action_move(self, by: int) -> None:
        place = self._here()
        if place is None or not 0 <= place + by < len(self._held):
            return
        self._held.insert(place + by, self._held.pop(place))
        self._show()
        self.table.move_to(place + by)


def rebase_actions(actions: ActionList, theirs: Sequence[ActionForm], label: str) -> Merged:
    """Let a list of actions follow; each action is to it what a field is to a form."""
    found = actions.rebase(theirs)
    return Merged((label,) * found.taken, (label,) * found.both)
