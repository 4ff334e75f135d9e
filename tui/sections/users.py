"""The section Users: the people who can be sent to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.content import Content

from storage import custom_fields
from storage import users as stored
from storage.records import CustomField, Recipient
from storage.users import UserFilter
from tui.dialogs.confirm import Answer, Confirm, Question
from tui.keys.places import Place
from tui.operations.holds import quiet_until
from tui.port import run_waiting
from tui.sections.section import Section
from tui.sections.subview import show_view
from tui.sections.switching import wanted_state
from tui.users.rows import UsersSource, detail_of, order_of, row_of, telephone_of
from tui.widgets.columns import Column
from tui.widgets.row_source import RowSource
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    import sqlalchemy as sa

    from storage.records import User
    from tui.operations.desk import Desk

NO_FIELD = "▲ No Telephone Number field yet: press O to make one"
MOST_ASKED_FOR = 5000
"""Of more users than this the question before a deletion says how many, and not what hangs on each."""


class UsersSection(Section):
    """Users: whom messages go to."""

    PLACE = Place.USERS
    HELP = """\
The users: the people who can be sent to. Number is the first Telephone Number field; a user without \
a number, or disabled, is left out of messages. M writes to the user under the cursor, or to all that \
are selected with space; v shows what was sent to one. o shows groups, O the custom fields that users \
have; I reads a CSV file, X writes one. / finds users by part of a name, a number, a value or a group."""
    EMPTY = "No users yet. Press n to add one, or I to read a CSV file."
    SORT = ("name", False)
    RECORD = "user"
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("name", "Name", 16, flex=3),
        Column("number", "Number", 18, flex=1),
        Column("groups", "Groups", 10, flex=3, priority=2, sortable=False),
        Column("state", "State", 10, priority=1),
    )
    MENU = (
        "users.send",
        "users.messages",
        "-",
        "users.edit",
        "users.enable",
        "users.join",
        "users.diagnose",
        "-",
        "users.new",
        "users.delete",
    )

    DEFAULT_CSS = """
    UsersSection > .no-field { height: 1; padding: 0 1; color: $text-warning; display: none; }
    UsersSection > .no-field.-shown { display: block; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._fields: list[CustomField] = []

    def compose(self) -> ComposeResult:
        yield SteadyText(Content(NO_FIELD), classes="no-field")
        yield from super().compose()

    # The list

    async def make_source(self) -> RowSource:
        self._fields = await self.console.read(custom_fields.listing)
        telephone = telephone_of(self._fields)
        self.query_one(".no-field").set_class(telephone is None, "-shown")
        order = order_of(self.order, telephone)
        return UsersSource(
            self.console,
            UserFilter(words=self.words),
            order,
            lambda user, quiet: row_of(user, telephone, quiet),
        )

    async def total(self) -> int | None:
        return await self.console.read(stored.count)

    async def detail(self, key: int) -> Content | None:
        return await self.console.read(self._detail, key)

    def _detail(self, connection: "sa.Connection", key: int) -> Content | None:
        user = stored.get(connection, key)
        quiet = quiet_until(connection, [key], datetime.now(UTC))
        return detail_of(user, self._fields, quiet.get(key)) if user else None

    def may(self, action_id: str, keys: tuple[int, ...]) -> bool:
        return len(keys) == 1 or action_id not in ("users.edit", "users.diagnose", "users.messages")

    # One user

    def action_new(self) -> None:
        if telephone_of(self._fields) is None:
            run_waiting(self, self._new_without_field(), group="doing", exclusive=False)
        else:
            self._edit(None)

    async def _new_without_field(self) -> None:
        """Nobody can be sent to yet: say so before the first user is typed in."""
        question = Question(
            "No Telephone Number field yet",
            (
                Answer("field", "Make the field first"),
                Answer("user", "Add the user without a number"),
                Answer("no", "Cancel"),
            ),
            safe="no",
            first="field",
            hangs=["Users have no place for a number, so nobody could be sent to"],
        )
        answer = await self.console.ask_person(question)
        if answer == "field":
            self.action_fields()
        elif answer == "user":
            self._edit(None)

    def action_edit(self) -> None:
        key = self.table.cursor_key
        if key is not None:
            self._edit(key)

    def _edit(self, key: int | None) -> None:
        from tui.editors.user import UserEditor

        self.console.open_editor(partial(UserEditor.load, self.console, key))

    def action_messages(self) -> None:
        """What was sent to the user under the cursor."""
        run_waiting(self, self._messages(), group="doing", exclusive=False)

    async def _messages(self) -> None:
        from tui.sections.messages import MessagesSection

        key = self.table.cursor_key
        user = await self.console.read(stored.get, key) if key is not None else None
        section = await self.console.show_section(Place.MESSAGES) if user is not None else None
        if user is not None and isinstance(section, MessagesSection):
            section.show_user(user.id, user.name)

    def action_diagnose(self) -> None:
        run_waiting(self, self._diagnose(), group="doing", exclusive=False)

    async def _diagnose(self) -> None:
        from tui.dialogs.diagnosis import Diagnosis

        for user in (await self._chosen())[:1]:
            self.app.push_screen(Diagnosis(self.console, user_id=user.id, name=user.name))

    # One or many

    async def _chosen(self) -> list["User"]:
        """The selected users, or the one under the cursor, as far as they are still there."""
        found = await self.console.read(stored.several, self.table.chosen)
        return [user for user in found.values() if user.removed_at is None]

    def action_send(self) -> None:
        run_waiting(self, self._send(), group="doing", exclusive=False)

    async def _send(self) -> None:
        from tui.editors.first_steps import write

        recipients = [Recipient(user_id=user.id, name=user.name) for user in await self._chosen()]
        if recipients:
            write(self.console, recipients)

    def action_enable(self) -> None:
        run_waiting(self, self._enable(), group="doing", exclusive=False)

    async def _enable(self) -> None:
        """Disable where all are enabled, else enable."""
        from tui.operations import users

        chosen = await self._chosen()
        hangs = ["Left out of messages, of alerts and tasks too"]
        enabled = await wanted_state(
            self.console, "users", [(user.name, user.enabled) for user in chosen], hangs
        )
        if enabled is None:
            return
        ids = [user.id for user in chosen]
        changed = await self.attempt(self.console.operate(users.set_enabled, ids, enabled))
        if changed:
            who = chosen[0].name if len(chosen) == 1 else f"{changed:,} users"
            self.console.tell(f"{who}: {'enabled' if enabled else 'disabled, left out of messages'}")

    def action_join(self) -> None:
        run_waiting(self, self._join(), group="doing", exclusive=False)

    async def _join(self) -> None:
        from tui.users.user_groups import UserGroups

        chosen = await self._chosen()
        if not chosen:
            return
        question = await UserGroups.load(self.console, chosen)
        if await self.console.ask_person(question):
            self.reload()

    def action_delete(self) -> None:
        run_waiting(self, self._delete(), group="doing", exclusive=False)

    async def _delete(self) -> None:
        from tui.operations import users

        chosen = await self._chosen()
        if not chosen:
            return
        ids = [user.id for user in chosen]
        held = await self.console.ask(users.hanging, ids) if len(ids) <= MOST_ASKED_FOR else ()
        hangs = [*held, *_memberships(chosen)]
        named = chosen[0].name if len(chosen) == 1 else f"{len(chosen):,} users"
        question = Confirm(f"Delete {named}?", yes="Delete", no="Keep", hangs=hangs)
        if await self.console.ask_person(question) != "yes":
            return
        if await self.attempt(self.console.operate(_removed, ids)):
            self.table.clear_marks()
            self.console.tell(f"{named} deleted; the review and past messages keep the name")

    # Groups, fields and files

    def action_groups(self) -> None:
        from tui.sections.groups import GroupsSection

        show_view(self, GroupsSection)

    def action_fields(self) -> None:
        from tui.sections.fields import FieldsSection

        view = show_view(self, FieldsSection)
        if telephone_of(self._fields) is None:
            self.call_after_refresh(view.action_new)

    def action_import_csv(self) -> None:
        from tui.users.import_users import ImportUsers

        self.app.push_screen(ImportUsers(self.console), lambda done: self.reload() if done else None)

    def action_export_csv(self) -> None:
        from tui.users.export_users import ExportUsers

        self.app.push_screen(ExportUsers(self.console, self.words))


def _memberships(chosen: "Sequence[User]") -> list[str]:
    groups = list(dict.fromkeys(group for user in chosen for group in user.groups))
    if not groups:
        return []
    more = f" and {len(groups) - 5:,} more" if len(groups) > 5 else ""
    verb = f"{chosen[0].name} belongs" if len(chosen) == 1 else "They belong"
    return [f"{verb} to {', '.join(groups[:5])}{more}"]


def _removed(desk: "Desk", ids: Sequence[int]) -> bool:
    from tui.operations import users

    users.remove(desk, ids, confirmed=True)
    return True
