"""Choosing who gets a message: users, groups and bare numbers, and who of them would be left out."""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from scheduling import phone
from storage.records import Recipient
from tui.text.content import plain
from tui.widgets.form import FieldTouched
from tui.widgets.inputs import TextInput
from tui.widgets.paged_table import PagedTable
from tui.widgets.reach import Reach, key_for, people, reach_of
from tui.widgets.recipients_chosen import ChosenSource
from tui.widgets.recipients_found import COLUMNS, FoundSource, is_number
from tui.widgets.row_source import ListSource
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

HINT = f"A name, a group, a roster, or a number such as {phone.EXAMPLE}; enter adds it."
NO_FIELD = "No Telephone Number field yet, so users cannot be sent to: make one in Users, custom fields"
NOBODY = "No users and no groups yet: a number can be typed above."
MOST_NAMED = 3

_SEVERAL = re.compile(r"[,;\n]+")


class SearchInput(TextInput):
    """Words to find a user or a group by, or a telephone number."""

    HELP = """\
Who gets the message. Type part of a name, of a group, or of a number, and press enter to add the \
first that was found; down goes into the list of all that were found. A number that belongs to no \
user is typed with + and its country code. Several numbers are parted by commas."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_found", "To the list", show=False)]

    def action_to_found(self) -> None:
        picker = next(node for node in self.ancestors if isinstance(node, RecipientsPicker))
        picker.found.focus()


class PickTable(PagedTable):
    """A list in which enter, space or a click takes the row. Nothing is sorted or marked here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace,d", "take_out", "Take out", show=False)
    ]
    _OFF: ClassVar[set[str]] = {"sort", "reverse", "mark_all", "mark_up", "mark_down", "clear_marks", "menu"}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "take_out":
            return self.id == "chosen"
        return action not in self._OFF

    def action_mark(self) -> None:
        self.action_choose()

    def action_take_out(self) -> None:
        self.action_choose()

    def action_up(self) -> None:
        if self.cursor == 0 and self.id == "found":
            self.screen.query_one(SearchInput).focus()
        super().action_up()


class FoundTable(PickTable):
    HELP = "Who was found. Enter or space adds the row to the recipients, or takes it out again."


class ChosenTable(PickTable):
    HELP = "Who gets the message. Enter, space or delete takes the row out."


class RecipientsPicker(Vertical):
    """Recipients as they are chosen. Posts `Changed`, and `Resolved` once it is known whom they reach."""

    HELP = SearchInput.HELP

    DEFAULT_CSS = """
    RecipientsPicker {
        height: 1fr;
        & .search { height: 1; }
        & .search > Static { width: 5; color: $text-muted; }
        & .search > Input { width: 1fr; max-width: 70; }
        & .hint { height: 1; color: $text-muted; margin: 0 0 1 0; }
        & .lists { height: 1fr; }
        & .lists > Vertical { width: 1fr; }
        & .lists > Vertical.left { padding: 0 1 0 0; }
        & .list-title { height: 1; text-style: bold; }
        & .left-out { height: auto; max-height: 3; color: $text-warning; display: none; }
        & .left-out.-shown { display: block; }
    }
    """

    class Changed(Message):
        """Other recipients are chosen."""

        def __init__(self, picker: "RecipientsPicker") -> None:
            super().__init__()
            self.picker = picker

        @property
        def control(self) -> "RecipientsPicker":
            return self.picker

    class Resolved(Message):
        """It is known whom the recipients reach: `picker.reach`."""

        def __init__(self, picker: "RecipientsPicker") -> None:
            super().__init__()
            self.picker = picker

        @property
        def control(self) -> "RecipientsPicker":
            return self.picker

    def __init__(
        self,
        console: "Console",
        recipients: Sequence[Recipient] = (),
        *,
        telephone_field_id: int | None = None,
        offers: Sequence[Recipient] = (),
        id: str | None = None,
    ) -> None:
        """`telephone_field_id` is the handler's telephone field; None is the site's first one.

        `offers` are kinds of people that may be chosen besides users, groups and numbers.
        """
        super().__init__(id=id)
        self._app_console = console
        self._chosen = {key_for(recipient): recipient for recipient in recipients}
        self._field_id = telephone_field_id
        self._offers = tuple(offers)
        self._source = self._make_source("")
        self.reach = Reach()
        """Whom the recipients reach and who is left out, as last read."""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="search"):
            yield SteadyText("Add")
            yield SearchInput(placeholder="name, group or +number")
        yield SteadyText(HINT, classes="hint")
        with Horizontal(classes="lists"):
            with Vertical(classes="left"):
                yield SteadyText("Found", classes="list-title found-title")
                yield FoundTable(COLUMNS, self._source, id="found", empty=NOBODY)
            with Vertical():
                yield SteadyText("Recipients", classes="list-title chosen-title")
                yield ChosenTable(COLUMNS[1:], ListSource(), id="chosen", empty="Nobody chosen yet.")
        yield SteadyText(classes="left-out")

    def on_mount(self) -> None:
        self._show_chosen()
        self._resolve()

    # What others ask and say

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """The recipients, in the order they were chosen."""
        return tuple(self._chosen.values())

    @recipients.setter
    def recipients(self, recipients: Sequence[Recipient]) -> None:
        self._chosen = {key_for(recipient): recipient for recipient in recipients}
        self._changed()

    @property
    def value(self) -> tuple[Recipient, ...]:
        """The recipients, for a form that holds the picker as a field."""
        return self.recipients

    @value.setter
    def value(self, recipients: Sequence[Recipient]) -> None:
        self.recipients = tuple(recipients)

    @property
    def found(self) -> FoundTable:
        return self.query_one(FoundTable)

    def set_telephone_field(self, field_id: int | None) -> None:
        """Look for numbers in another telephone field."""
        if field_id != self._field_id:
            self._field_id = field_id
            self._search()
            self._resolve()

    def focus_search(self) -> None:
        self.query_one(SearchInput).focus()

    def add(self, *recipients: Recipient) -> None:
        """Choose these too."""
        self._chosen.update((key_for(recipient), recipient) for recipient in recipients)
        self._changed()

    # Searching

    def _make_source(self, words: str) -> FoundSource:
        return FoundSource(self._app_console, words, self._chosen_has, self._field_id, self._offers)

    def _chosen_has(self, key: int) -> bool:
        return key in self._chosen

    def _search(self) -> None:
        words = self.query_one(SearchInput).value.strip()
        empty = f"Nobody and no group has {words} in it." if words else NOBODY
        if is_number(words):
            words = _SEVERAL.split(words)[-1].strip()
            empty = "No user has this number."
        self._source = self._make_source(words)
        self.found.set_source(self._source, empty=empty)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search()
        self._hint(event.value)

    def _hint(self, typed: str) -> None:
        if is_number(typed):
            self.run_worker(self._hint_number(typed), group="hint", exclusive=True, exit_on_error=False)
        else:
            self._say(HINT)

    async def _hint_number(self, typed: str) -> None:
        """Which country it is, from the first digits that say so."""
        try:
            found = await asyncio.to_thread(phone.parse, _SEVERAL.split(typed.strip(" ,;"))[-1])
        except phone.PhoneError:
            self._say(f"A number with its country code, e.g. {phone.EXAMPLE}. Enter adds it.")
        else:
            warned = f"  ▲ {found.warning}" if found.warning else ""
            self._say(f"Enter adds {phone.describe(found)}{warned}", "$text-warning" if warned else "")

    def _say(self, text: str, colour: str = "") -> None:
        self.query_one(".hint", Static).update(plain(text).stylize(colour) if colour else plain(text))

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        if not typed:
            return
        self.run_worker(self._add_typed(typed), group="hint", exclusive=True, exit_on_error=False)

    async def _add_typed(self, typed: str) -> None:
        box = self.query_one(SearchInput)
        if is_number(typed):
            try:
                numbers = await asyncio.to_thread(_numbers, typed)
            except phone.PhoneError as error:
                self._say(f"✗ {error}", "$text-error")
                return
            added = numbers
        else:
            first = await self._make_source(typed).first()
            if first is None:
                self._say(f"✗ Nobody and no group is named {typed}.", "$text-error")
                return
            added = [first]
        box.value = ""
        self.add(*added)

    # Choosing

    def on_paged_table_row_chosen(self, event: PagedTable.RowChosen) -> None:
        event.stop()
        recipient = self._source.recipient(event.key)
        if event.key in self._chosen:
            del self._chosen[event.key]
        elif event.table.id == "found" and recipient is not None:
            self._chosen[event.key] = recipient
        self._changed()

    def on_paged_table_row_highlighted(self, event: PagedTable.RowHighlighted) -> None:
        event.stop()

    def _changed(self) -> None:
        if not self.is_mounted:
            return
        self._show_chosen()
        self.found.reload()
        self._resolve()
        self.post_message(self.Changed(self))
        self.post_message(FieldTouched())

    # Whom they reach

    def _resolve(self) -> None:
        # The worker makes the coroutine itself: one that is replaced before it begins leaves none unawaited.
        work = cast(Callable[[], None], self._read_reach)
        self.run_worker(work, group="reach", exclusive=True, exit_on_error=False)

    async def _read_reach(self) -> None:
        try:
            desk = self._app_console.desk
            now = desk.now() if desk is not None else datetime.now(UTC)
            self.reach = await self._app_console.read(reach_of, self.recipients, self._field_id, now)
        except Exception as error:
            self._say(f"✗ The recipients cannot be read: {error}", "$text-error")
            return
        self._show_chosen()
        self.post_message(self.Resolved(self))

    def _show_chosen(self) -> None:
        self.query_one(ChosenTable).set_source(ChosenSource(self._chosen, self.reach))
        title = f"Recipients: {self._counted()}" if self._chosen else "Recipients"
        self.query_one(".chosen-title", Static).update(plain(title))
        text = self._left_out()
        line = self.query_one(".left-out", Static)
        line.set_class(bool(text), "-shown")
        line.update(plain(text))

    def _counted(self) -> str:
        told = any(recipient.is_told for recipient in self._chosen.values())
        number = len(self.reach.reached)
        if not told:
            return people(number)
        return f"{people(number)} and those told" if number else "those told"

    def _left_out(self) -> str:
        left_out = self.reach.left_out
        if self.reach.field_id is None and any(r.by_name for r in self._chosen.values()):
            return f"▲ {NO_FIELD}"
        if not left_out:
            return f"▲ {'; '.join(self.reach.notes)}" if self.reach.notes else ""
        named = "; ".join(str(person) for person in left_out[:MOST_NAMED])
        more = len(left_out) - MOST_NAMED
        return f"▲ {len(left_out):,} left out: {named}" + (f"; and {more:,} more" if more > 0 else "")


def _numbers(typed: str) -> list[Recipient]:
    """The numbers typed, checked. Raises `phone.PhoneError`; loads the numbering plans at first use."""
    parsed = [phone.parse(part) for part in _SEVERAL.split(typed) if part.strip()]
    return [Recipient(number=found.e164, name=found.e164) for found in parsed]
