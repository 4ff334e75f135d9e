"""The editor of a user group, with its members."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import TabbedContent, TabPane

from scheduling import phone
from storage import custom_fields
from storage.records import CustomField, Group
from tui.editors.edit_conflict import MergingEditor, MergingForm
from tui.editors.members import MembersPicker
from tui.operations import groups
from tui.users.rows import telephone_of
from tui.widgets.fields import LongTextField, TextField

if TYPE_CHECKING:
    from tui.operations.desk import Desk
    from tui.port import Console

FIELDS = (
    TextField(key="name", label="Name", required=True, most=100),
    LongTextField(key="notes", label="Notes", lines=4),
)


@dataclass(frozen=True)
class _Read:
    group: Group | None
    members: Mapping[int, str]
    telephone: CustomField | None


class GroupEditor(MergingEditor[Group, Group]):
    """A group as it is written. Ends with the group as kept."""

    HELP = """\
A user group. f2 goes between the two tabs: Group has the name and the notes, Members everyone who \
belongs. On Members, type part of a name to find users; space or enter ticks them, f4 shows only the \
members. Nothing is kept before ctrl+s; escape leaves and asks first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "turn", "Other tab"),
        Binding("f4", "only_members", "Members only"),
    ]

    DEFAULT_CSS = """
    GroupEditor {
        & TabbedContent { width: 100%; max-width: 100; height: 1fr; }
        & TabPane { padding: 0; height: 1fr; }
    }
    """

    def __init__(self, console: "Console", read: _Read) -> None:
        super().__init__(read.group.name if read.group else "New group", ())
        assert console.desk is not None, "no editor opens before the site is open"
        self._desk: Desk = console.desk
        self.seen = read.group
        self.form = MergingForm(FIELDS, self.values_of(read.group) if read.group else {})
        self.picker = MembersPicker(console, read.members, read.telephone)

    @classmethod
    async def load(cls, console: "Console", group_id: int | None) -> "GroupEditor":
        """Read what the editor needs. Raises `Refused` when the group is gone."""
        return cls(console, await console.ask(_read, group_id))

    def compose_body(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("Group", id="group"):
                yield self.form
            with TabPane("Members", id="members"):
                yield self.picker

    def on_mount(self) -> None:
        self.form.focus_field("name")

    @property
    def changed(self) -> tuple[str, ...]:
        moved = ("Members",) if self.picker.joined or self.picker.left else ()
        return (*super().changed, *moved)

    def on_members_picker_changed(self) -> None:
        self._show_heading()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "only_members":
            tabs = self.query_one_optional(TabbedContent)  # a key may come before it stands, or as it goes
            return tabs is not None and tabs.active == "members"
        return True

    def on_tabbed_content_tab_activated(self) -> None:
        self.refresh_bindings()

    def action_turn(self) -> None:
        """Show the other tab."""
        tabs = self.query_one(TabbedContent)
        tabs.active = "members" if tabs.active == "group" else "group"
        if tabs.active == "members":
            self.picker.focus_search()
        else:
            self.form.focus_field("name")

    def action_only_members(self) -> None:
        self.picker.turn()

    # Saving

    def write(self, values: Mapping[str, Any]) -> Group:
        if self.seen is None:
            # Kept at once, so that saving again after a refusal below changes this very group.
            self.seen = groups.add(self._desk, values["name"], notes=values["notes"])
        else:
            self.seen = groups.edit(
                self._desk,
                self.seen.id,
                name=values["name"],
                notes=values["notes"],
                seen_revision=self.seen.revision,
            )
        if self.picker.joined:
            groups.join(self._desk, self.seen.id, self.picker.joined)
        if self.picker.left:
            groups.leave(self._desk, self.seen.id, self.picker.left)
        return groups.get(self._desk, self.seen.id).group

    def read_again(self) -> Group:
        assert self.seen is not None
        return groups.get(self._desk, self.seen.id).group

    def differs(self, now: Group) -> bool:
        return self.seen is not None and now.revision != self.seen.revision

    def values_of(self, record: Group) -> dict[str, Any]:
        return {"name": record.name, "notes": record.notes}


def _read(desk: "Desk", group_id: int | None) -> _Read:
    phone.readable(phone.EXAMPLE)  # the numbering plans take a while to load: not while one searches
    with desk.database.read() as connection:
        telephone = telephone_of(custom_fields.listing(connection))
    if group_id is None:
        return _Read(None, {}, telephone)
    found = groups.get(desk, group_id)
    return _Read(found.group, dict(found.people), telephone)
