"""The rows of the recipients that are chosen, with what is known of each."""

import asyncio
from collections.abc import Mapping, Sequence

from textual.content import Content

from scheduling import phone
from storage.records import Recipient
from tui.text.content import plain
from tui.widgets.reach import Reach, group_size
from tui.widgets.row_source import PageWanted, Row


class ChosenSource:
    """Recipients by key in the order they were chosen; `reach` says what becomes of each."""

    def __init__(self, chosen: Mapping[int, Recipient], reach: Reach) -> None:
        self._chosen = list(chosen.items())
        self._reach = reach

    async def count(self) -> int:
        return len(self._chosen)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        page = self._chosen[wanted.offset : wanted.offset + wanted.limit]
        # The numbering plans take a while to load when they are first asked for.
        return await asyncio.to_thread(lambda: [self._row(key, recipient) for key, recipient in page])

    async def position(self, key: int) -> int | None:
        return next((index for index, (own, _) in enumerate(self._chosen) if own == key), None)

    async def keys(self, limit: int) -> Sequence[int]:
        return [key for key, _ in self._chosen[:limit]]

    def _row(self, key: int, recipient: Recipient) -> Row:
        if recipient.is_told:
            return Row(key, (recipient.name, "who may have heard"))
        if recipient.roster_id is not None:
            return Row(key, (recipient.name, self._of_roster(recipient.roster_id)))
        if recipient.number is not None:
            return Row(key, (phone.readable(recipient.number), "number"))
        if recipient.group_id is not None:
            return Row(key, (recipient.name, self._of_group(recipient.group_id)))
        return Row(key, (recipient.name, self._of_user(recipient.user_id or 0)))

    def _of_user(self, user_id: int) -> str | Content:
        number = self._reach.numbers.get(user_id)
        if number:
            return phone.readable(number)
        reason = self._reach.reasons.get(user_id)
        return plain(f"▲ {reason}").stylize("$text-warning") if reason else "…"

    def _of_roster(self, roster_id: int) -> str | Content:
        people = self._reach.on_duty.get(roster_id)
        if people is None:
            return "roster"
        return plain(f"now {people}") if people else Content.styled("▲ nobody now", "$text-warning")

    def _of_group(self, group_id: int) -> str | Content:
        members = self._reach.members.get(group_id)
        if members is None:
            return "group"
        return group_size(members)
