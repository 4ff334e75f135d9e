"""Custom fields: what the site wants to know of its users."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from storage.names import key_of
from storage.records import CustomField
from storage.vocabulary import FieldType
from tui.dialogs.confirm import Confirm
from tui.keys.places import Place
from tui.port import run_waiting
from tui.sections.subview import SubSection
from tui.text.content import detail_line, plain, plain_block
from tui.users.rows import telephone_of
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

if TYPE_CHECKING:
    from tui.operations.fields import Hanging


class FieldsSection(SubSection):
    """Custom fields, reached from Users."""

    PLACE = Place.FIELDS
    PARENT = Place.USERS
    TITLE = "Users › Custom fields"
    HELP = """\
The custom fields: what is kept of each user besides the name. At least one of the type Telephone \
Number is needed before anyone can be sent to; handlers send to the first of them unless they name \
another. K and J move a field up and down. A message may hold a field as {Name}. o or escape goes \
back to the users."""
    EMPTY = "No custom fields yet. Press n to make one: users need a Telephone Number field."
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("order", "#", 2, align="right", priority=3, sortable=False),
        Column("name", "Name", 14, flex=2, sortable=False),
        Column("type", "Type", 16, sortable=False),
        Column("required", "Required", 8, priority=1, sortable=False),
        Column("users", "Users", 7, align="right", priority=2, sortable=False),
        Column("help", "Help", 10, flex=3, priority=4, sortable=False),
    )
    MENU = (
        "fields.edit",
        "fields.earlier",
        "fields.later",
        "-",
        "fields.new",
        "fields.delete",
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._fields: dict[int, CustomField] = {}
        self._users: dict[int, int] = {}

    async def make_source(self) -> RowSource:
        from tui.operations import fields

        self._fields = {field.id: field for field in await self.console.ask(fields.listing)}
        self._users = await self.console.ask(fields.value_counts)
        words = key_of(self.words).split()
        shown = [field for field in self._fields.values() if all(word in _searched(field) for word in words)]
        return ListSource([_row(field, self._users.get(field.id, 0)) for field in shown])

    async def total(self) -> int | None:
        return len(self._fields)

    async def detail(self, key: int) -> Content | None:
        from tui.operations import fields

        field = self._fields.get(key)
        if field is None:
            return None
        first = telephone_of(list(self._fields.values())) == field
        return _detail(field, await self.console.ask(fields.hanging, key), first)

    def action_new(self) -> None:
        self._edit(None)

    def action_edit(self) -> None:
        if self.table.cursor_key is not None:
            self._edit(self.table.cursor_key)

    def _edit(self, key: int | None) -> None:
        from tui.editors.field import FieldEditor

        self.console.open_editor(partial(FieldEditor.load, self.console, key))

    def action_users(self) -> None:
        self.go_back()

    def action_earlier(self) -> None:
        run_waiting(self, self._move(-1), group="doing", exclusive=False)

    def action_later(self) -> None:
        run_waiting(self, self._move(+1), group="doing", exclusive=False)

    async def _move(self, step: int) -> None:
        from tui.operations import fields

        key = self.table.cursor_key
        order = list(self._fields)
        if key not in order:
            return
        place = order.index(key) + step
        if 0 <= place < len(order):
            await self.attempt(self.console.operate(fields.edit, key, order=place + 1))

    def action_delete(self) -> None:
        run_waiting(self, self._delete(), group="doing", exclusive=False)

    async def _delete(self) -> None:
        from tui.operations import fields

        field = self._fields.get(self.table.cursor_key or 0)
        if field is None:
            return
        hangs = _consequences(field, await self.console.ask(fields.hanging, field.id))
        question = Confirm(f"Delete the custom field {field.name}?", yes="Delete", no="Keep", hangs=hangs)
        if await self.console.ask_person(question) == "yes":
            await self.attempt(self.console.operate(fields.remove, field.id, confirmed=True))


def _searched(field: CustomField) -> str:
    return key_of(f"{field.name} {field.type} {field.help}")


def _row(field: CustomField, users: int) -> Row:
    required = Content("✓ Yes") if field.required else Content.styled("–", "$text-muted")
    cells = (str(field.position), field.name, str(field.type), required, f"{users:,}", field.help or "–")
    return Row(field.id, cells)


def _consequences(field: CustomField, hanging: "Hanging") -> list[str]:
    """What goes with a field."""
    found = []
    if hanging.users:
        people = (
            "1 user has a value: it is"
            if hanging.users == 1
            else f"{hanging.users:,} users have values: they are"
        )
        found.append(f"{people} deleted too")
    found += [f"The handler {name} sends to it" for name in hanging.handlers]
    found += [f"The messages of {text} mention it and will show a dash" for text in hanging.texts]
    return found


def _detail(field: CustomField, hanging: "Hanging", first: bool) -> Content:
    lines = [
        plain(field.name).stylize("bold"),
        detail_line("Type", str(field.type)),
        detail_line("Required", "Yes" if field.required else "No"),
        detail_line("Users", f"{hanging.users:,} with a value"),
    ]
    if field.type is FieldType.TELEPHONE_NUMBER:
        lines.append(
            detail_line("Sent to", "the first number field" if first else "only by handlers that name it")
        )
    if hanging.handlers:
        lines.append(detail_line("Handlers", ", ".join(hanging.handlers)))
    if hanging.texts:
        lines.append(detail_line("Messages of", ", ".join(hanging.texts)))
    lines.append(detail_line("In messages", f"{{{field.name}}}"))
    if field.help:
        lines += [Content(""), plain_block(field.help)]
    if field.choices:
        lines += [
            Content(""),
            Content.styled("Choices", "$text-muted"),
            *(plain(one) for one in field.choices),
        ]
    return Content("\n").join(lines)
