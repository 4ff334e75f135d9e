"""The section Duty: rosters with who is on, until when, who comes next, and when nobody is."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.content import Content

from storage.names import key_of
from tui.keys.places import Place
from tui.operations import duty
from tui.operations.desk import Desk
from tui.operations.duty import View
from tui.rosters import lines
from tui.sections.section import Section
from tui.sections.sorting import ordered
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

_SORTS = {"name": lambda view: key_of(view.roster.name), "gaps": lambda view: -len(view.gaps)}


def read_views(desk: Desk) -> list[View]:
    return desk.read(duty.views, desk.now())


class DutySection(Section):
    """Rosters."""

    PLACE = Place.DUTY
    HELP = """\
Who is on duty. Times are in each roster's zone. Enter shows the next 31 days, a line a shift; n puts \
others on duty for a while, t takes over now. ✗ marks a time when nobody is on duty. Messages, alerts \
and tasks go to whoever is on with the recipient duty: and the roster's name. Rosters and their rules \
are made with commsdesk roster."""
    EMPTY = "No rosters yet. Make one: commsdesk roster add NAME --zone ZONE"
    SORT = ("name", False)
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("name", "Name", 12, flex=2),
        Column("who", "On duty", 12, flex=2, sortable=False),
        Column("until", "Until", 16, sortable=False),
        Column("next", "Next", 12, flex=2, sortable=False, priority=1),
        Column("gaps", "Gaps in 31 days", 22),
        Column("zone", "Zone", 14, flex=1, sortable=False, priority=2),
    )
    MENU = ("duty.edit", "-", "duty.new", "duty.take")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._views: dict[int, View] = {}

    async def make_source(self) -> RowSource:
        self._views = {view.roster.id: view for view in await self.console.ask(read_views)}
        words = self.words.casefold().split()
        shown = [view for view in self._views.values() if all(word in _searched(view) for word in words)]
        return ListSource([_row(view) for view in ordered(shown, self.order, _SORTS)])

    async def total(self) -> int | None:
        return len(self._views)

    def saved_key(self, saved: object) -> int | None:
        roster = getattr(saved, "roster", None)
        return roster.id if roster is not None else None

    async def detail(self, key: int) -> Content | None:
        view, desk = self._views.get(key), self.console.desk
        # A month of shifts takes up to a tenth of a second.
        return await asyncio.to_thread(lines.detail, view, desk.now()) if view and desk else None

    @property
    def _here(self) -> View | None:
        return self._views.get(self.table.cursor_key or 0)

    def action_edit(self) -> None:
        from tui.rosters.month import RosterMonth

        if self._here:
            roster = self._here.roster
            self.app.push_screen(RosterMonth(self.console, roster.id, roster.name, roster.zone))

    def action_new(self) -> None:
        from tui.rosters.cover import CoverEditor

        if self._here:
            self.console.open_editor(partial(CoverEditor.load, self.console, self._here.roster.id))

    def action_take(self) -> None:
        from tui.rosters.cover import TakeOver

        if self._here:
            self.console.open_editor(partial(TakeOver.load, self.console, self._here.roster.id))


def _searched(view: View) -> str:
    people = duty.shift_people(view.roster, view.shift)
    return f"{view.roster.name} {view.roster.zone} {people}".casefold()


def _row(view: View) -> Row:
    roster = view.roster
    return Row(
        roster.id,
        (
            roster.name,
            lines.who(roster, view.shift),
            lines.when(roster, view.shift.end),
            lines.who(roster, view.following),
            _gaps(view),
            roster.zone,
        ),
    )


def _gaps(view: View) -> Content:
    """How many, and when the first one begins."""
    if not view.gaps:
        return Content.styled("✓ none", "$text-success")
    first = view.gaps[0].start
    return plain(f"✗ {len(view.gaps)}, {lines.when(view.roster, first)}").stylize("$text-error")
