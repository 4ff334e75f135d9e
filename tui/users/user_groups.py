"""Which groups one or many users belong to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from storage.records import Group, User
from tui.operations import groups
from tui.operations.errors import Refused
from tui.port import run_waiting
from tui.text.content import plain
from tui.users.group_list import GroupList
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.operations.desk import Desk
    from tui.port import Console

NO_GROUPS = "No groups yet: leave with escape, press o in Users, then n."


class UserGroups(ModalScreen[bool]):
    """Ends with whether anything was changed."""

    HELP = """\
The groups of the users chosen. [x] is a group all of them belong to, [-] one that some belong to and \
that stays as it is until you tick or clear it. Space or enter ticks, ctrl+s saves, escape leaves \
everything as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save"),
        Binding("escape", "leave", "Leave"),
    ]

    DEFAULT_CSS = """
    UserGroups {
        align: center middle;
        background: transparent;
        & > Vertical {
            width: 60; max-width: 90%; height: auto; max-height: 90%; padding: 1 2;
            border: round $border; background: $surface;
        }
        & .title { text-style: bold; padding: 0 0 1 0; }
        & .keys { color: $text-muted; padding: 1 0 0 0; }
        & .nothing { color: $text-warning; }
        & GroupList { max-height: 14; padding: 0; }
        &:ansi > Vertical { background: ansi_default; }
    }
    """

    def __init__(self, console: "Console", people: Sequence[User], known: Sequence[Group]) -> None:
        super().__init__()
        self._site, self._people = console, tuple(people)
        self._ids = {group.name: group.id for group in known}
        belong = {name: sum(name in person.groups for person in people) for name in self._ids}
        ticked = [name for name, count in belong.items() if count == len(people)]
        some = {
            name: f"{count:,} of {len(people):,}" for name, count in belong.items() if 0 < count < len(people)
        }
        self._list = GroupList(list(self._ids), ticked, some=some)
        self._first = (self._list.value, self._list.cleared)

    @classmethod
    async def load(cls, console: "Console", people: Sequence[User]) -> "UserGroups":
        return cls(console, people, await console.ask(groups.listing))

    def compose(self) -> ComposeResult:
        who = self._people[0].name if len(self._people) == 1 else f"{len(self._people):,} users"
        with Vertical():
            yield SteadyText(plain(f"Groups of {who}", width=54), classes="title")
            if self._ids:
                yield self._list
                yield SteadyText(Content("space ticks · ctrl+s saves · escape leaves"), classes="keys")
            else:
                yield SteadyText(Content(NO_GROUPS), classes="nothing")

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_save(self) -> None:
        if (self._list.value, self._list.cleared) == self._first:
            self.dismiss(False)
        else:
            run_waiting(self, self._save(), group="save")

    async def _save(self) -> None:
        joined = [self._ids[name] for name in self._list.value - self._first[0]]
        left = [self._ids[name] for name in self._list.cleared - self._first[1]]
        try:
            await self._site.operate(_move, joined, left, [person.id for person in self._people])
        except Refused as refusal:
            self._site.tell(refusal.message, problem=True)
            return
        self.dismiss(True)


def _move(desk: "Desk", joined: Sequence[int], left: Sequence[int], user_ids: Sequence[int]) -> None:
    for group_id in joined:
        groups.join(desk, group_id, user_ids)
    for group_id in left:
        groups.leave(desk, group_id, user_ids)
