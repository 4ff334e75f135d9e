"""The editor of a custom field."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from storage import custom_fields
from storage.names import key_of
from storage.records import CustomField
from storage.vocabulary import FieldType
from tui.dialogs.confirm import Confirm
from tui.editors.edit_conflict import MergingEditor, MergingForm
from tui.operations import fields
from tui.operations.errors import Refused
from tui.widgets.fields import ChoiceField, Field, LongTextField, TextField, YesNoField
from tui.widgets.form import Form

if TYPE_CHECKING:
    from tui.operations.desk import Desk
    from tui.port import Console

_ABOUT = {
    FieldType.TEXT: "Any text of one line.",
    FieldType.TELEPHONE_NUMBER: "A number with its country code. Messages are sent to the first such field.",
    FieldType.NUMBER: "A whole or decimal number.",
    FieldType.DATE: "A day: year, month, day.",
    FieldType.YES_NO: "Yes or No.",
    FieldType.EMAIL: "An email address.",
    FieldType.CHOICE: "One of the choices below.",
}


class StillMentioned(Exception):
    """Messages mention the field by its old name, and the operator has not said to rename it."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        super().__init__("messages mention the field")
        self.texts = texts


class FieldEditor(MergingEditor[CustomField, CustomField]):
    """A custom field as it is written. Ends with the field as kept."""

    HELP = """\
A custom field: something that is kept of each user. Its name is how messages mention it, in braces, \
and how a CSV file names its column. The type is chosen once: values were checked by it. The help \
stands below the field where users are edited. ctrl+s saves, escape leaves and asks first."""

    def __init__(self, console: "Console", field: CustomField | None, *, first_number: bool = False) -> None:
        """`first_number` proposes a Telephone Number field: the site has none yet."""
        heading = f"{field.name} · {field.type}" if field else "New custom field"
        super().__init__(heading, ())
        assert console.desk is not None, "no editor opens before the site is open"
        self._desk: Desk = console.desk
        self.seen = field
        self._confirmed_name: str | None = None
        given = self.values_of(field) if field else _proposed(first_number)
        self.form = MergingForm(_form_fields(field is None), given)

    @classmethod
    async def load(cls, console: "Console", field_id: int | None) -> "FieldEditor":
        """Read what the editor needs. Raises `Refused` when the field is gone."""
        if field_id is None:
            known = await console.ask(fields.listing)
            has_number = any(field.type is FieldType.TELEPHONE_NUMBER for field in known)
            return cls(console, None, first_number=not has_number)
        return cls(console, await console.ask(_read, field_id))

    def on_mount(self) -> None:
        self._follow_type()
        self.form.focus_field("name")

    def on_form_changed(self, event: Form.Changed) -> None:
        if event.key == "type":
            self._follow_type()

    @property
    def _type(self) -> FieldType | None:
        if self.seen is not None:
            return self.seen.type
        chosen: FieldType | None = self.form.value("type")
        return chosen

    def _follow_type(self) -> None:
        kind = self._type
        self.form.show("choices", kind is FieldType.CHOICE)
        if self.seen is None:
            self.form.set_note("type", _ABOUT[kind] if kind else None)

    # Saving

    def write(self, values: Mapping[str, Any]) -> CustomField:
        choices = [line for line in values.get("choices", "").splitlines() if line.strip()]
        if self.seen is None:
            return fields.add(
                self._desk,
                values["name"],
                values["type"],
                required=values["required"],
                help=values["help"],
                choices=choices,
            )
        self._check_mentioned(self.seen, values["name"])
        return fields.edit(
            self._desk,
            self.seen.id,
            name=values["name"],
            required=values["required"],
            help=values["help"],
            choices=choices if self.seen.type is FieldType.CHOICE else None,
            seen=self.seen,
            confirmed=True,
        )

    def _check_mentioned(self, field: CustomField, name: str) -> None:
        if key_of(name) in (key_of(field.name), self._confirmed_name):
            return
        if texts := fields.hanging(self._desk, field.id).texts:
            raise StillMentioned(texts)

    def _show_error(self, error: BaseException | None) -> None:
        if isinstance(error, StillMentioned):
            self._ask_to_rename(error.texts)
        else:
            super()._show_error(error)

    def _ask_to_rename(self, texts: tuple[str, ...]) -> None:
        name = self.form.value("name")
        assert self.seen is not None

        def answered(answer: str | None) -> None:
            if answer == "yes":
                self._confirmed_name = key_of(name)
                self.action_save()
            else:
                self.form.focus_field("name")

        hangs = [
            f"The messages of {text} mention {{{self.seen.name}}} and will show a dash there"
            for text in texts
        ]
        question = Confirm(
            f"Rename {self.seen.name} to {name}?", yes="Rename", no="Go on editing", hangs=hangs
        )
        self.app.push_screen(question, answered)

    def read_again(self) -> CustomField:
        assert self.seen is not None
        return _read(self._desk, self.seen.id)

    def values_of(self, record: CustomField) -> dict[str, Any]:
        return {
            "name": record.name,
            "required": record.required,
            "help": record.help,
            "choices": "\n".join(record.choices),
        }


def _proposed(first_number: bool) -> dict[str, Any]:
    return {"name": "Mobile", "type": FieldType.TELEPHONE_NUMBER} if first_number else {}


def _form_fields(new: bool) -> list[Field]:
    kinds = tuple((str(kind), kind) for kind in FieldType)
    found: list[Field] = [TextField(key="name", label="Name", required=True, most=100)]
    if new:
        found.append(ChoiceField(key="type", label="Type", required=True, options=kinds))
    return [
        *found,
        YesNoField(key="required", label="Required", help="No user is saved without a value."),
        TextField(key="help", label="Help", help="Shown below the field where users are edited."),
        LongTextField(key="choices", label="Choices", help="One on each line.", lines=6),
    ]


def _read(desk: "Desk", field_id: int) -> CustomField:
    found = desk.read(custom_fields.get, field_id)
    if found is None:
        raise Refused("this custom field was removed by someone else meanwhile")
    return found
