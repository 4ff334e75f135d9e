"""The rows of the list of users, read page by page, and what stands beside the list."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual.content import Content

from scheduling import phone
from storage import users
from storage.records import CustomField, User
from storage.users import SortBy, UserFilter, UserOrder
from storage.vocabulary import FieldType
from tui.operations.holds import quiet_until
from tui.text.content import detail_line, plain, plain_block
from tui.widgets.row_source import PageWanted, Row

if TYPE_CHECKING:
    import sqlalchemy as sa

    from tui.port import Console

NO_NUMBER = "▲ no number"

RowOf = Callable[[User, datetime | None], Row]


def telephone_of(fields: Sequence[CustomField]) -> CustomField | None:
    """The site's first Telephone Number field: the one that handlers send to unless told otherwise."""
    return next((field for field in fields if field.type is FieldType.TELEPHONE_NUMBER), None)


def order_of(order: tuple[str, bool] | None, telephone: CustomField | None) -> UserOrder:
    """The order that a column title stands for."""
    column, descending = order or ("name", False)
    if column == "number" and telephone:
        return UserOrder(SortBy.FIELD, telephone.id, descending)
    if column == "state":
        return UserOrder(SortBy.ENABLED, None, not descending)
    return UserOrder(SortBy.NAME, None, descending)


class UsersSource:
    """Users that fit a filter, in an order, as rows. Everything is read on a thread."""

    def __init__(self, console: "Console", wanted: UserFilter, order: UserOrder, row: RowOf) -> None:
        self._console, self._wanted, self._order, self._row = console, wanted, order, row

    async def count(self) -> int:
        return await self._console.read(users.count, self._wanted)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        return await self._console.read(self._page, wanted)

    def _page(self, connection: "sa.Connection", wanted: PageWanted) -> list[Row]:
        found = users.page(
            connection,
            self._wanted,
            self._order,
            offset=wanted.offset,
            limit=wanted.limit,
            after=wanted.after,
        )
        quiet = quiet_until(connection, [user.id for user in found], datetime.now(UTC))
        return [self._row(user, quiet.get(user.id)) for user in found]

    async def position(self, key: int) -> int | None:
        return await self._console.read(users.position, key, self._wanted, self._order)

    async def keys(self, limit: int) -> Sequence[int]:
        return await self._console.read(users.ids, limit, self._wanted, self._order)


def number_of(user: User, telephone: CustomField | None) -> Content:
    """The user's number as people read it, or that there is none."""
    if telephone is None:
        return Content.styled("–", "$text-muted")
    number = user.values.get(telephone.id)
    return plain(phone.readable(number)) if number else Content.styled(NO_NUMBER, "$text-warning")


def state_of(user: User, quiet_until: datetime | None = None, *, short: bool = False) -> Content:
    """Whether the user is sent to, by sign and word; a moon in quiet hours."""
    if user.enabled and quiet_until is not None:
        words = "to" if short else "quiet until"
        return Content.assemble(("☾", "$text-warning"), f" {words} {quiet_until.astimezone():%H:%M}")
    if user.enabled:
        return Content.assemble(("●", "$text-success"), " Enabled")
    return Content.styled("○ Disabled", "$text-muted")


def row_of(user: User, telephone: CustomField | None, quiet_until: datetime | None = None) -> Row:
    marks = frozenset() if user.enabled else frozenset({"dim"})
    cells = (
        user.name,
        number_of(user, telephone),
        ", ".join(user.groups) or "–",
        state_of(user, quiet_until, short=True),
    )
    return Row(user.id, cells, marks)


def detail_of(user: User, fields: Sequence[CustomField], quiet_until: datetime | None = None) -> Content:
    """All that is known of a user, for the pane beside the list."""
    lines = [plain(user.name).stylize("bold"), state_of(user, quiet_until), Content("")]
    for field in fields:
        value = user.values.get(field.id)
        shown = (
            (phone.readable(value) if field.type is FieldType.TELEPHONE_NUMBER else value) if value else "–"
        )
        lines.append(detail_line(field.name, shown))
    lines.append(detail_line("Groups", ", ".join(user.groups) or "–"))
    if user.notes:
        lines += [Content(""), plain_block(user.notes)]
    lines += [Content(f"▲ {warning}").stylize("$text-warning") for warning in _warnings(user, fields)]
    return Content("\n").join(lines)


def _warnings(user: User, fields: Sequence[CustomField]) -> list[str]:
    telephone = telephone_of(fields)
    if telephone is None:
        return ["No Telephone Number field yet: nobody can be sent to"]
    if telephone.id not in user.values:
        return [f"No number in {plain(telephone.name).plain}: left out of messages"]
    return [] if user.enabled else ["Disabled: left out of messages"]
