"""Ticking the members of a group among any number of users."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from storage.names import key_of
from storage.records import CustomField, User
from storage.users import BY_NAME, UserFilter
from tui.users.rows import UsersSource, number_of
from tui.widgets.columns import Column
from tui.widgets.inputs import TextInput
from tui.widgets.paged_table import PagedTable
from tui.widgets.row_source import ListSource, Row, RowSource
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

COLUMNS = (
    Column("member", "", 3, sortable=False),
    Column("name", "Name", 16, flex=2, sortable=False),
    Column("number", "Number", 18, flex=1, sortable=False),
)


class MemberSearch(TextInput):
    HELP = """\
Part of a name, a number, a value or another group. Down goes into the list; enter ticks the first \
user that was found."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "to_list", "To the list", show=False)]

    def action_to_list(self) -> None:
        next(node for node in self.ancestors if isinstance(node, MembersPicker)).table.focus()


class MembersTable(PagedTable):
    """A list in which enter, space or a click on the box makes a member."""

    HELP = "The users. Space or enter ticks the user under the cursor, or takes the tick away."
    _OFF: ClassVar[set[str]] = {"sort", "reverse", "mark_all", "mark_up", "mark_down", "clear_marks", "menu"}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in self._OFF

    def action_mark(self) -> None:
        self.action_choose()

    def action_up(self) -> None:
        if self.cursor == 0:
            self.screen.query_one(MemberSearch).focus()
        super().action_up()


class MembersPicker(Vertical):
    """Who belongs to a group, as it is being changed. Posts `Changed`."""

    HELP = MemberSearch.HELP

    DEFAULT_CSS = """
    MembersPicker {
        height: 1fr;
        & .search { height: 1; padding: 0 1; }
        & .search > Static { width: auto; padding: 0 1 0 0; color: $text-muted; }
        & .search > Input { width: 1fr; max-width: 60; }
        & .found { height: 1; padding: 0 1; color: $text-muted; }
    }
    """

    class Changed(Message):
        """Someone was ticked, or is no longer."""

    def __init__(self, console: "Console", members: Mapping[int, str], telephone: CustomField | None) -> None:
        """`members` are the names by id of those who belong now."""
        super().__init__()
        self._site, self._telephone = console, telephone
        self.first = dict(members)
        self.members = dict(members)
        self.only_members = False
        self._names: dict[int, str] = dict(members)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="search"):
            yield SteadyText("Search")
            yield MemberSearch(placeholder="part of a name, a number or a value")
        yield SteadyText(classes="found")
        yield MembersTable(COLUMNS, self._source(""), empty="Nobody with these words.")

    def on_mount(self) -> None:
        self._show_line()

    @property
    def table(self) -> MembersTable:
        return self.query_one(MembersTable)

    @property
    def joined(self) -> list[int]:
        return [user_id for user_id in self.members if user_id not in self.first]

    @property
    def left(self) -> list[int]:
        return [user_id for user_id in self.first if user_id not in self.members]

    def focus_search(self) -> None:
        self.query_one(MemberSearch).focus()

    def turn(self) -> None:
        """Show only the members, or everyone again."""
        self.only_members = not self.only_members
        box = self.query_one(MemberSearch)
        if box.value:
            box.value = ""  # reads the list again
        else:
            self._search()
        self._show_line()

    def _source(self, words: str) -> RowSource:
        if self.only_members:
            wanted = key_of(words).split()
            named = sorted(self.members.items(), key=lambda pair: (key_of(pair[1]), pair[0]))
            rows = [_named_row(*pair) for pair in named if all(w in key_of(pair[1]) for w in wanted)]
            return ListSource(rows)
        return UsersSource(self._site, UserFilter(words=words), BY_NAME, self._row)

    def _row(self, user: User, quiet_until: datetime | None = None) -> Row:
        self._names[user.id] = user.name
        box = Content("[x]" if user.id in self.members else "[ ]")
        marks = frozenset() if user.enabled else frozenset({"dim"})
        return Row(user.id, (box, user.name, number_of(user, self._telephone)), marks)

    def _search(self) -> None:
        self.table.set_source(self._source(self.query_one(MemberSearch).value.strip()))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        row = self.table.row_at(0) if self.table.is_read else None
        if event.value.strip() and row is not None:
            self._toggle(row.key)

    def on_paged_table_row_chosen(self, event: PagedTable.RowChosen) -> None:
        event.stop()
        self._toggle(event.key)

    def on_paged_table_row_highlighted(self, event: PagedTable.RowHighlighted) -> None:
        event.stop()

    def _toggle(self, user_id: int) -> None:
        if user_id in self.members:
            del self.members[user_id]
        else:
            self.members[user_id] = self._names.get(user_id, "")
        self.table.reload()
        if self.only_members:
            self._search()
        self._show_line()
        self.post_message(self.Changed())

    def _show_line(self) -> None:
        shown = "only members" if self.only_members else "all users"
        amount = len(self.members)
        text = f"{amount:,} member{'' if amount == 1 else 's'}"
        moved = [
            f"{len(who):,} {what}" for who, what in ((self.joined, "joining"), (self.left, "leaving")) if who
        ]
        text += f" ({', '.join(moved)})" if moved else ""
        self.query_one(".found", Static).update(Content(f"{text} · showing {shown}"))


def _named_row(user_id: int, name: str) -> Row:
    return Row(user_id, (Content("[x]"), name, ""))
