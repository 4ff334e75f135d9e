"""Hostile text in every free field of a whole site, and a walk through every section and dialog.

What reaches the terminal holds nothing that it would obey, and nothing falls over.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from textual.pilot import Pilot

from demo_data.sample_site import build
from storage import tables
from storage.site import open_site
from tests.tui.fixed_site import ADDRESSES
from tests.tui.kit.hostile import HOSTILE
from tests.tui.support import console, screen_text, settle
from tui.operations.desk import Desk, _utc_now
from tui.widgets.paged_table import PagedTable

# What a terminal obeys: controls, and marks that turn the direction of what follows.
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]")

# A file cannot hold a lone surrogate; all the rest can be there, whoever wrote it.
STORED = [text for name, text in HOSTILE.items() if name not in ("lone surrogate", "empty")]

FREE = {
    tables.handlers: ("name", "channel", "user_name", "sender_id", "secret_hint", "notes"),
    tables.handler_statuses: ("currency", "code", "error", "advice"),
    tables.users: ("name", "notes"),
    tables.groups: ("name", "notes"),
    tables.custom_fields: ("name", "help"),
    tables.user_values: ("value",),
    tables.alerts: ("name", "description"),
    tables.alert_fields: ("name", "default_value"),
    tables.occurrences: ("key", "owner", "raised_by"),
    tables.occurrence_events: ("operator", "note"),
    tables.tasks: ("name", "notes", "problem"),
    tables.task_runs: ("note",),
    tables.actions: ("body",),
    tables.messages: ("user_name", "body", "gateway_id", "error_code", "error"),
    tables.attempts: ("code", "error", "gateway_id"),
    tables.submissions: ("operator",),
    tables.reviews: ("body", "operator", "handler", "user", "alert", "task"),
}

WALKS = (
    ("1", "handlers", ("enter", "x", "d", "T", "question_mark")),
    ("2", "users", ("enter", "M", "d", "a", "x", "i")),
    ("3", "occurrences", ("enter", "N", "R")),
    ("4", "tasks", ("enter", "h", "w", "d")),
    ("5", "messages", ("enter", "i", "n")),
    ("6", "review", ("enter", "E")),
)
FURTHER = (
    ("2", "users", "o", "groups", ("enter", "d")),
    ("2", "users", "f", "fields", ("enter", "d")),
    ("3", "occurrences", "o", "alerts", ()),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample site with every free text replaced."""
    found = tmp_path_factory.mktemp("hostile") / "site"
    build(found, ADDRESSES, _utc_now())
    database = open_site(found)
    texts = itertools.cycle(STORED)
    try:
        with database.write() as tx:
            for table, names in FREE.items():
                _spoil(tx, table, names, texts)
            tx.execute(sa.update(tables.alerts).values(enabled=True))  # all can be raised
    finally:
        database.close()
    return found


def _spoil(tx: Any, table: sa.Table, names: tuple[str, ...], texts: Iterator[str]) -> None:
    # A past of thousands is not needed: each text in each column is.
    key = next(iter(table.primary_key.columns))
    keys = tx.execute(sa.select(key).order_by(key.desc()).limit(2 * len(STORED))).scalars().all()
    for row in keys:
        values = {name: next(texts) for name in names}
        tx.execute(sa.update(table).where(key == row).values(**values))
        next(texts)  # so that each column meets each text


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    opened = Desk(open_site(folder), "ana[/]\x1b]52;c;eA==\x07\u202e")
    yield opened
    opened.database.close()


def check(pilot: Pilot[Any], where: str) -> None:
    """Nothing that a terminal obeys, no action or link out of a text."""
    for line in pilot.app.screen._compositor.render_strips():
        for segment in line:
            found = OBEYED.search(segment.text)
            assert found is None, f"{where}: {segment.text!r}"
            assert not segment.control, where
            assert segment.style is None or segment.style.link is None, where
            assert "@click" not in (segment.style.meta if segment.style else {}), where
    assert "It cannot be read" not in screen_text(pilot), where


async def listed(pilot: Pilot[Any], name: str) -> None:
    def is_read() -> bool:
        section = pilot.app.screen.query_one_optional(f"#{name}")
        table = section.query_one_optional(PagedTable) if section is not None else None
        return bool(table and table.empty != "Reading…" and table.is_read and table.has_focus and table.count)

    await settle(pilot, is_read)
    await pilot.pause(0.05)
    check(pilot, name)


async def through(pilot: Pilot[Any], name: str, keys: tuple[str, ...]) -> None:
    """Open each dialog of the record under the cursor, look at it, and close it."""
    app: Any = pilot.app
    for key in keys:
        await pilot.press(key)
        await settle(pilot, lambda: app.screen is not app._main and app.screen.focused is not None)
        await pilot.pause(0.05)
        check(pilot, f"{name}, {key}")
        for _ in range(4):
            if app.screen is app._main:
                break
            await pilot.press("escape")
            await pilot.pause(0.02)
        assert app.screen is app._main, f"{name}, {key}: {app.screen} is still there"
    check(pilot, name)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_no_section_and_no_dialog_lets_hostile_text_through(desk: Desk, size: tuple[int, int]) -> None:
    async with console(desk, size=size) as pilot:
        for digit, name, keys in WALKS:
            await pilot.press(digit)
            await listed(pilot, name)
            for _ in range(3):  # other texts, and in the detail beside the list
                await pilot.press("down")
                await pilot.pause(0.02)
                check(pilot, name)
            await pilot.press("end")
            await listed(pilot, name)
            await pilot.press("home", "m")
            await pilot.pause(0.05)
            check(pilot, f"{name}, menu")
            await pilot.press("escape")
            if size == (80, 24):
                await through(pilot, name, keys)
        for digit, first, key, name, keys in FURTHER:
            await pilot.press(digit)
            await listed(pilot, first)
            await pilot.press(key)
            await listed(pilot, name)
            if size == (80, 24):
                await through(pilot, name, keys)
        await pilot.press("ctrl+p")
        await pilot.pause(0.1)
        check(pilot, "palette")
