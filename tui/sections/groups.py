"""User groups: lists of people that messages, alerts and tasks go to by one name."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from storage import groups as stored
from storage.names import key_of
from storage.records import Group, Recipient
from tui.dialogs.confirm import Confirm
from tui.keys.places import Place
from tui.port import run_waiting
from tui.sections.sorting import ordered
from tui.sections.subview import SubSection
from tui.text.content import detail_line, plain, plain_block
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

if TYPE_CHECKING:
    import sqlalchemy as sa

MOST_NAMED = 30

_SORTS = {"name": lambda group: key_of(group.name), "members": lambda group: group.members}


class GroupsSection(SubSection):
    """User groups, reached from Users."""

    PLACE = Place.GROUPS
    PARENT = Place.USERS
    TITLE = "Users › Groups"
    HELP = """\
User groups. A message, an alert or a task that goes to a group goes to whoever belongs to it at that \
moment. Enter opens the group with its members; M writes to all of them. o or escape goes back to the \
users."""
    EMPTY = "No groups yet. Press n to add one."
    SORT = ("name", False)
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("name", "Name", 16, flex=2),
        Column("members", "Members", 8, align="right"),
        Column("notes", "Notes", 12, flex=3, priority=1, sortable=False),
    )
    MENU = ("groups.send", "-", "groups.edit", "-", "groups.new", "groups.delete")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._groups: dict[int, Group] = {}

    async def make_source(self) -> RowSource:
        self._groups = {group.id: group for group in await self.console.read(stored.listing)}
        words = key_of(self.words).split()
        shown = [group for group in self._groups.values() if all(word in _searched(group) for word in words)]
        return ListSource([_row(group) for group in ordered(shown, self.order, _SORTS)])

    async def total(self) -> int | None:
        return len(self._groups)

    async def detail(self, key: int) -> Content | None:
        group = self._groups.get(key)
        return await self.console.read(_detail, group) if group else None

    def action_new(self) -> None:
        self._edit(None)

    def action_edit(self) -> None:
        if self.table.cursor_key is not None:
            self._edit(self.table.cursor_key)

    def _edit(self, key: int | None) -> None:
        from tui.editors.group import GroupEditor

        self.console.open_editor(partial(GroupEditor.load, self.console, key))

    def action_users(self) -> None:
        self.go_back()

    def action_send(self) -> None:
        from tui.editors.first_steps import write

        chosen = [self._groups[key] for key in self.table.chosen if key in self._groups]
        if chosen:
            recipients = [Recipient(group_id=group.id, name=group.name) for group in chosen]
            write(self.console, recipients)

    def action_delete(self) -> None:
        run_waiting(self, self._delete(), group="doing", exclusive=False)

    async def _delete(self) -> None:
        from tui.operations import groups

        chosen = [self._groups[key] for key in self.table.chosen if key in self._groups]
        if not chosen:
            return
        named = f"the group {chosen[0].name}" if len(chosen) == 1 else f"{len(chosen)} groups"
        hangs = [line for group in chosen for line in await self.console.read(_hanging, group)]
        question = Confirm(f"Delete {named}?", yes="Delete", no="Keep", hangs=hangs)
        if await self.console.ask_person(question) != "yes":
            return
        for group in chosen:
            await self.attempt(self.console.operate(groups.remove, group.id, confirmed=True))
        self.table.clear_marks()


def _searched(group: Group) -> str:
    return key_of(f"{group.name} {group.notes}")


def _row(group: Group) -> Row:
    members: str | Content = f"{group.members:,}" if group.members else Content.styled("▲ 0", "$text-warning")
    return Row(group.id, (group.name, members, group.notes or "–"))


def _hanging(connection: "sa.Connection", group: Group) -> list[str]:
    """What to name before a group goes."""
    hangs = [f"{use} sends to {group.name}" for use in stored.uses_of_group(connection, group.id)]
    if group.members:
        people = "1 user belongs" if group.members == 1 else f"{group.members:,} users belong"
        hangs.append(f"{people} to {group.name}; the users stay")
    return hangs


def _detail(connection: "sa.Connection", group: Group) -> Content:
    people = stored.members(connection, group.id)
    lines = [plain(group.name).stylize("bold"), detail_line("Members", f"{len(people):,}")]
    uses = [str(use) for use in stored.uses_of_group(connection, group.id)]
    lines.append(detail_line("Sent to by", ", ".join(uses) or "–"))
    if group.notes:
        lines += [Content(""), plain_block(group.notes)]
    if not people:
        empty = "▲ Nobody belongs to it yet: press enter, then f2"
        lines += [Content(""), Content.styled(empty, "$text-warning")]
    lines += [Content(""), *(plain(name) for _, name in people[:MOST_NAMED])]
    if len(people) > MOST_NAMED:
        lines.append(Content.styled(f"and {len(people) - MOST_NAMED:,} more", "$text-muted"))
    return Content("\n").join(lines)
