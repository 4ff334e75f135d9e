"""Row sources for tests: made rows, with a gate to hold a page back and a count of what was asked."""

import asyncio
from collections.abc import Sequence

from tui.widgets.columns import Column
from tui.widgets.row_source import PageWanted, Row

COLUMNS = (
    Column("name", "Name", 12, flex=2),
    Column("state", "State", 10, flex=1),
    Column("count", "Count", 7, align="right"),
    Column("note", "Note", 20, flex=1, priority=1),
)


def row(key: int) -> Row:
    return Row(key, (f"row {key}", "● Running", f"{key:,}", "note"))


class KeySource:
    """Rows by a list of keys that a test may change; `range` serves for a million."""

    def __init__(self, keys: Sequence[int]) -> None:
        self.keys_now = keys
        self.asked: list[PageWanted] = []
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None

    async def count(self) -> int:
        if self.error:
            raise self.error
        return len(self.keys_now)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        self.asked.append(wanted)
        keys = self.keys_now[wanted.offset : wanted.offset + wanted.limit]
        if self.gate:
            await self.gate.wait()
        return [row(key) for key in keys]

    async def position(self, key: int) -> int | None:
        try:
            return self.keys_now.index(key)
        except ValueError:
            return None

    async def keys(self, limit: int) -> Sequence[int]:
        return list(self.keys_now[:limit])
