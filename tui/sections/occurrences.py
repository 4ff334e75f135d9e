"""Occurrences: what was raised, who looks after it, and what can be done about it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa
from textual.content import Content
from textual.widgets import Static

from storage import occurrence_history as history
from storage.occurrence_history import OccurrenceFilter
from storage.vocabulary import Stage
from tui.keys.places import Place
from tui.occurrences import actions as occurrence_actions
from tui.occurrences import facts as occurrence_facts
from tui.operations import next_words, occurrences
from tui.operations.occurrences import OccurrenceView, may_follow
from tui.review.lines import short_time
from tui.sections.subview import SubSection
from tui.widgets.columns import Column
from tui.widgets.row_source import PageWanted, Row, RowSource

if TYPE_CHECKING:
    from tui.port import Console

COUNTS_EVERY = 1.0  # seconds
STEPS = {
    "occurrences.claim": Stage.CLAIMED,
    "occurrences.action_taken": Stage.ACTIONED,
    "occurrences.escalate": Stage.ESCALATED,
    "occurrences.restore": Stage.RESTORED,
    "occurrences.finalise": Stage.FINALISED,
}


class OccurrenceSource:
    """Occurrences that fit a filter, page by page."""

    def __init__(self, console: "Console", wanted: OccurrenceFilter, seen: dict[int, OccurrenceView]) -> None:
        """What is read is noted in `seen`, by id."""
        self._console, self._wanted, self._seen = console, wanted, seen

    async def count(self) -> int:
        return await self._console.read(history.count, self._wanted)

    async def page(self, wanted: PageWanted) -> Sequence[Row]:
        return await self._console.read(self._page, wanted)

    def _page(self, connection: sa.Connection, wanted: PageWanted) -> list[Row]:
        found = history.page(
            connection, self._wanted, offset=wanted.offset, limit=wanted.limit, older_than=wanted.after
        )
        views = occurrences.views_of(connection, found)
        self._seen.update((view.occurrence.id, view) for view in views)
        now = datetime.now(UTC)
        return [_row(view, now) for view in views]

    async def position(self, key: int) -> int | None:
        return await self._console.read(history.position, key, self._wanted)

    async def keys(self, limit: int) -> Sequence[int]:
        return await self._console.read(history.ids, limit, self._wanted)


class OccurrencesSection(SubSection):
    """Reached from Alerts; shows what is active until one asks for all."""

    PLACE = Place.OCCURRENCES
    PARENT = Place.ALERTS
    TITLE = "Alerts › Occurrences"
    HELP = """\
Each time that an alert was raised. ▲ has nobody looking after it: C claims it, A says that something \
was done, E calls for more, R says that all is well again, F closes it for good; r sends once more to \
those who were not reached. Each step sends what \
its tab of the alert holds; a question shows it first, with a line for a note. Enter shows the whole \
story and the messages. f shows only what is active, or all; o or escape goes to the alerts."""
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("stage", "Stage", 11, sortable=False),
        Column("alert", "Alert", 13, flex=2, sortable=False),
        Column("key", "Key", 7, flex=1, sortable=False),
        Column("owner", "Owner", 8, flex=1, sortable=False),
        Column("next", "Next", 16, flex=1, sortable=False),
        Column("count", "Count", 5, align="right", sortable=False, priority=2),
        Column("sent", "Sent", 5, align="right", sortable=False, priority=3),
        Column("raised", "Raised", 12, align="right", sortable=False),
        Column("age", "Lasts", 7, align="right", sortable=False, priority=1),
        Column("priority", "Priority", 8, align="right", sortable=False, priority=4),
    )
    MENU = (
        "occurrences.open",
        "-",
        "occurrences.claim",
        "occurrences.action_taken",
        "occurrences.escalate",
        "occurrences.restore",
        "occurrences.finalise",
        "-",
        "occurrences.send_again",
        "occurrences.note",
        "-",
        "occurrences.which",
        "occurrences.alerts",
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.active_only = True
        self._seen: dict[int, OccurrenceView] = {}

    def on_mount(self) -> None:
        self.set_interval(COUNTS_EVERY, self._count_down)

    def _count_down(self) -> None:
        """Time passes in the column Next; where nothing is due within an hour the screen stays still."""
        now = datetime.now(UTC)
        due = [view.occurrence.answer_due_at for view in self._seen.values()]
        soon = any(at and now < at < now + timedelta(hours=1) for at in due)
        if soon and self.display and len(self.app.screen_stack) == 1:
            self.reload()

    async def make_source(self) -> RowSource:
        self._show_where()
        self.EMPTY = (
            "Nothing is active. Press f to show what was, or o to raise an alert."
            if self.active_only
            else "No alert has been raised yet. Press o for the alerts, then r to raise one."
        )
        return OccurrenceSource(
            self.console, OccurrenceFilter(active_only=self.active_only, words=self.words), self._seen
        )

    def _show_where(self) -> None:
        which = "active ones" if self.active_only else "all, newest first"
        self.query_one(".where", Static).update(
            Content.assemble(
                (self.TITLE, "bold $text-accent"), (f"   {which}   f: others · o: alerts", "$text-muted")
            )
        )

    def narrowing(self) -> object:
        return self.words, self.active_only

    async def total(self) -> int | None:
        return await self.console.read(history.count, OccurrenceFilter(active_only=self.active_only))

    async def detail(self, key: int) -> Content | None:
        found = await self.console.ask(occurrences.show, key)
        now = datetime.now(UTC)
        parts = [
            occurrence_facts.summary(found, now),
            Content(""),
            occurrence_facts.story_in_short(found.events, now),
        ]
        return Content("\n").join(parts)

    def may(self, action_id: str, keys: tuple[int, ...]) -> bool:
        if action_id in ("occurrences.open", "occurrences.note"):
            return len(keys) == 1
        if action_id == "occurrences.send_again":
            return len(keys) == 1 and all(
                self._seen[key].occurrence.active for key in keys if key in self._seen
            )
        wanted = STEPS.get(action_id)
        known = [self._seen[key] for key in keys if key in self._seen]
        return wanted is None or any(may_follow(found, wanted) for found in known)

    # What can be done

    def action_open(self) -> None:
        from tui.occurrences.detail import OccurrenceDialog

        key = self.table.cursor_key
        if key is not None:
            self.console.open_editor(partial(OccurrenceDialog.load, self.console, key))

    def action_edit(self) -> None:
        self.action_open()

    def action_alerts(self) -> None:
        self.go_back()

    def action_which(self) -> None:
        """Show all, or only what is active."""
        self.active_only = not self.active_only
        self.table.clear_marks()
        self.reload()

    async def _take(self, stage: Stage) -> None:
        if await occurrence_actions.take(self.console, self.table.chosen, stage):
            self.table.clear_marks()
            self.reload()

    async def action_claim(self) -> None:
        await self._take(Stage.CLAIMED)

    async def action_action_taken(self) -> None:
        await self._take(Stage.ACTIONED)

    async def action_escalate(self) -> None:
        await self._take(Stage.ESCALATED)

    async def action_restore(self) -> None:
        await self._take(Stage.RESTORED)

    async def action_finalise(self) -> None:
        await self._take(Stage.FINALISED)

    async def action_send_again(self) -> None:
        key = self.table.cursor_key
        if key is not None and await occurrence_actions.send_again(self.console, key):
            self.reload()

    async def action_note(self) -> None:
        found = self._seen.get(self.table.cursor_key or 0)
        if found is None:
            return
        about = occurrence_facts.named(found.occurrence)
        if await occurrence_actions.add_note(self.console, found.occurrence.id, about):
            self.reload()


def _row(view: OccurrenceView, now: datetime) -> Row:
    occurrence, queued, left_out = view.occurrence, view.queued, view.left_out
    raised = occurrence.raised_at or now
    count = f"×{occurrence.count:,}" if occurrence.count > 1 else "1"
    missed = Content.styled("▲", "$text-warning") if left_out else Content("")
    return Row(
        occurrence.id,
        (
            occurrence_facts.stage_shown(occurrence.stage, silenced=occurrence.kept_back is not None),
            occurrence.alert,
            occurrence.key or "–",
            occurrence.owner or "–",
            next_words.next_of(view, now) or "–",
            count,
            missed + Content(f"{queued:,}"),
            short_time(raised, now),
            occurrence_facts.age_shown((occurrence.ended_at or now) - raised),
            str(occurrence.priority),
        ),
        frozenset() if occurrence.active else frozenset({"dim"}),
    )
