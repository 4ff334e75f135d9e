"""The editor of a user: who it is on one tab, the custom fields on another."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import TabbedContent, TabPane

from scheduling import phone
from storage.records import CustomField, Group, User
from tui.editors.edit_conflict import MergingEditor, MergingForm
from tui.editors.user_fields import Problem, form_fields, form_values, key_of_field, note_for
from tui.operations import fields, groups, users
from tui.operations.users import Saved
from tui.users.group_list import GroupList
from tui.widgets.fields import CustomField as ControlField
from tui.widgets.fields import Field, LongTextField, TextField, YesNoField
from tui.widgets.form import Form
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.operations.desk import Desk
    from tui.port import Console

NO_GROUPS = "No groups yet: o in Users makes them."
NO_FIELDS = """\
No custom fields yet. A user needs a Telephone Number field to be sent to: leave with escape, press O \
in Users, then n."""


class UserEditor(MergingEditor[Saved, User]):
    """A user as it is written. Ends with the `Saved` one."""

    HELP = """\
A user. f2 goes between the two tabs: User has the name, the groups and the notes; Custom fields has \
the number and whatever else the site keeps. A telephone number begins with + and the country code; \
the country is shown as one types. A disabled user is left out of messages. ctrl+s saves, escape \
leaves and asks first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "turn", "Other tab")]

    DEFAULT_CSS = """
    UserEditor {
        & TabbedContent { width: 100%; max-width: 100; height: 1fr; }
        & TabPane { padding: 0; height: 1fr; }
        & .nothing { padding: 1 1; color: $text-warning; }
    }
    """

    def __init__(
        self,
        console: "Console",
        user: User | None,
        custom: Sequence[CustomField],
        known_groups: Sequence[Group],
        *,
        at_values: bool = False,
    ) -> None:
        """`at_values` begins with the custom fields: the number is what is missing."""
        super().__init__(user.name if user else "New user", ())
        self._desk = _desk_of(console)
        self._site = console
        self.seen = user
        self._at_values = at_values
        self._custom = {key_of_field(field): field for field in custom}
        given = self.values_of(user) if user else {"enabled": True, "groups": frozenset()}
        names = tuple(group.name for group in known_groups)
        self.form = MergingForm(_own_fields(names), given)
        self.values_form = MergingForm(form_fields(custom), given)

    @classmethod
    async def load(cls, console: "Console", user_id: int | None, *, at_values: bool = False) -> "UserEditor":
        """Read what the editor needs. Raises `Refused` when the user is gone."""
        return cls(console, *await console.ask(_read, user_id), at_values=at_values)

    def compose_body(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("User", id="user"):
                yield self.form
            with TabPane("Custom fields", id="fields"), Vertical():
                if not self._custom:
                    yield SteadyText(Content(NO_FIELDS), classes="nothing")
                yield self.values_form

    def on_mount(self) -> None:
        if self._at_values and self._custom:
            self.values_form.focus_field(next(iter(self._custom)))
        else:
            self.form.focus_field("name")
        for key in self._custom:
            self._show_note(key, done=True)

    # Tabs

    def action_turn(self) -> None:
        """Show the other tab, with the focus on its first field."""
        tabs = self.query_one(TabbedContent)
        tabs.active = "fields" if tabs.active == "user" else "user"
        if tabs.active == "user":
            self.form.focus_field("name")
        elif self._custom:
            self.values_form.focus_field(next(iter(self._custom)))

    # What is said while one types

    def on_form_changed(self, event: Form.Changed) -> None:
        if event.form is self.values_form:
            self._show_note(event.key)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        for key in self._custom:
            if self.values_form.control_of(key) is event.widget:
                self._show_note(key, done=True)

    def _show_note(self, key: str, *, done: bool = False) -> None:
        note = note_for(self._custom[key], self.values_form.value(key), done=done)
        if isinstance(note, Problem):
            self.values_form.set_error(key, note.text)
            return
        self.values_form.set_error(key, None)
        self.values_form.set_note(key, note.text if note else None, note.kind if note else "note")

    # Saving

    def write(self, values: Mapping[str, Any]) -> Saved:
        saved = self._add(values) if self.seen is None else self._edit(self.seen, values)
        for warning in saved.warnings:
            self._site.tell(warning)
        return saved

    def _add(self, values: Mapping[str, Any]) -> Saved:
        return users.add(
            self._desk,
            values["name"],
            values={key: values[key] for key in self._custom if values[key]},
            groups=_by_name(values["groups"]),
            notes=values["notes"],
            enabled=values["enabled"],
        )

    def _edit(self, user: User, values: Mapping[str, Any]) -> Saved:
        before = self.values_of(user)
        return users.edit(
            self._desk,
            user.id,
            name=values["name"],
            values={key: values[key] for key in self._custom if values[key] != before[key]},
            join=_by_name(values["groups"] - before["groups"]),
            leave=_by_name(before["groups"] - values["groups"]),
            notes=values["notes"],
            enabled=values["enabled"],
            seen_revision=user.revision,
        )

    def read_again(self) -> User:
        assert self.seen is not None
        return users.get(self._desk, self.seen.id)

    def differs(self, now: User) -> bool:
        return self.seen is not None and now.revision != self.seen.revision

    def values_of(self, record: User) -> dict[str, Any]:
        return {
            "name": record.name,
            "enabled": record.enabled,
            "groups": frozenset(record.groups),
            "notes": record.notes,
            **form_values(list(self._custom.values()), record.values),
        }


def _own_fields(names: Sequence[str]) -> list[Field]:
    def group_list(ticked: frozenset[str] | None) -> GroupList:
        return GroupList(names, ticked or frozenset())

    return [
        TextField(key="name", label="Name", required=True, most=100),
        YesNoField(key="enabled", label="Enabled", help="Nobody disabled is sent a message."),
        ControlField(key="groups", label="Groups", help="" if names else NO_GROUPS, make=group_list),
        LongTextField(key="notes", label="Notes", lines=4),
    ]


def _read(desk: "Desk", user_id: int | None) -> tuple[User | None, list[CustomField], list[Group]]:
    phone.readable(phone.EXAMPLE)  # the numbering plans take a while to load: not between two keys
    user = users.get(desk, user_id) if user_id is not None else None
    return user, fields.listing(desk), groups.listing(desk)


def _desk_of(console: "Console") -> "Desk":
    assert console.desk is not None, "no editor opens before the site is open"
    return console.desk


def _by_name(names: frozenset[str]) -> list[str]:
    return sorted(names, key=str.casefold)
