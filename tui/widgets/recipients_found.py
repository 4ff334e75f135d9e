"""What a search for recipients finds: groups first, then users page by page, or the number typed."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from textual.content import Content

from scheduling import phone
from scheduling import recipients as choosing
from storage import audience, groups, rosters, users
from storage.names import key_of
from storage.records import Group, Recipient, User, duty_recipient
from storage.users import UserFilter
from tui.widgets.columns import Column
from tui.widgets.reach import group_size, key_for
from tui.widgets.row_source import PageWanted, Row

if TYPE_CHECKING:
    from tui.port import Console

COLUMNS = (
    Column("chosen", "", 1, sortable=False),
    Column("name", "Name", 10, flex=2, sortable=False),
    Column("number", "Number", 16, flex=1, sortable=False),
)


def is_number(text: str) -> bool:
    """Whether a telephone number is being typed rather than a name."""
    return text.lstrip().startswith("+") or (text.strip().startswith("00") and text.strip().isdigit())


class FoundSource:
    """Rows for the words typed. `is_chosen` says which recipients (by key) are chosen already."""

    def __init__(
        self,
        console: "Console",
        words: str,
        is_chosen: Callable[[int], bool],
        telephone_field_id: int | None,
        offers: Sequence[Recipient] = (),
    ) -> None:
        """`offers` are kinds of people, such as those told so far: they come first where they fit."""
        self._console, self._is_chosen = console, is_chosen
        self._wanted = UserFilter(words=words)
        self._words = key_of(words).split()
        self._offers = [offer for offer in offers if self._fits(offer.name)]
        self._chosen_field = telephone_field_id
        self._field: int | None = None
        self._groups: list[Group] = []
        self._rosters: list[Recipient] = []
        self._found: dict[int, Recipient] = {}

    def _fits(self, name: str) -> bool:
        return all(word in key_of(name) for word in self._words)

    def recipient(self, key: int) -> Recipient | None:
        """The recipient of a row that was read."""
        return self._found.get(key)

    async def count(self) -> int:
        self._groups, self._rosters, self._field, matching = await self._console.read(self._look)
        return len(self._offers) + len(self._rosters) + len(self._groups) + matching

    def _look(self, connection: sa.Connection) -> tuple[list[Group], list[Recipient], int | None, int]:
        fitting = [group for group in groups.listing(connection) if self._fits(group.name)]
        field_id = audience.telephone_field(connection, self._chosen_field)
        fitting.sort(key=lambda group: key_of(group.name))
        by_duty = [duty_recipient(roster_id, name) for roster_id, name in rosters.names(connection)]
        on_duty = [recipient for recipient in by_duty if self._fits(recipient.name)]
        return fitting, on_duty, field_id, users.count(connection, self._wanted)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        return await self._console.read(self._page, wanted)

    def _page(self, connection: sa.Connection, wanted: PageWanted) -> list[Row]:
        lead = [self._row(offer, offer.name, "who may have heard") for offer in self._offers]
        lead += [self._row(recipient, recipient.name, "whoever is on duty") for recipient in self._rosters]
        lead += [self._row_of_group(group) for group in self._groups]
        rows = lead[wanted.offset : wanted.offset + wanted.limit]
        room = wanted.limit - len(rows)
        if room > 0:
            offset = max(0, wanted.offset - len(lead))
            after = wanted.after if wanted.after is not None and wanted.after > 0 else None
            found = users.page(connection, self._wanted, offset=offset, limit=room, after=after)
            rows += [self._row_of_user(user) for user in found]
        return rows

    async def position(self, key: int) -> int | None:
        if key == 0:
            return 0 if self._offers else None
        before = len(self._offers)
        for at, recipient in enumerate(self._rosters):
            if key_for(recipient) == key:
                return before + at
        before += len(self._rosters)
        if key < 0:
            return next((before + at for at, group in enumerate(self._groups) if group.id == -key), None)
        place = await self._console.read(users.position, key, self._wanted)
        return None if place is None else before + place + len(self._groups)

    async def keys(self, limit: int) -> Sequence[int]:
        return []

    async def first(self) -> Recipient | None:
        """The first that fits: what Enter means when the words are typed."""
        await self.count()
        rows = await self.page(PageWanted(0, 1))
        return self._found.get(rows[0].key) if rows else None

    def _row_of_group(self, group: Group) -> Row:
        recipient = Recipient(group_id=group.id, name=group.name)
        return self._row(recipient, group.name, group_size(group.members))

    def _row_of_user(self, user: User) -> Row:
        number = user.values.get(self._field) if self._field is not None else None
        if not user.enabled:
            shown: str | Content = Content.styled(f"○ {choosing.DISABLED}", "$text-muted")
        elif number:
            shown = phone.readable(number)
        else:
            shown = Content.styled("▲ no number", "$text-warning")
        return self._row(Recipient(user_id=user.id, name=user.name), user.name, shown)

    def _row(self, recipient: Recipient, name: str, number: str | Content) -> Row:
        key = key_for(recipient)
        self._found[key] = recipient
        chosen = self._is_chosen(key)
        sign = Content.styled("✓", "$text-success") if chosen else Content(" ")
        return Row(key, (sign, name, number), frozenset({"dim"}) if chosen else frozenset())
