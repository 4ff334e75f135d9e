"""One occurrence: its whole story, what it sent, and the steps that may follow."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from scheduling.gateways.wording import said
from storage.vocabulary import Stage
from tui.keys.registry import REGISTRY
from tui.messages.states import state_of
from tui.occurrences import actions as occurrence_actions
from tui.occurrences import facts as occurrence_facts
from tui.operations import occurrences
from tui.operations.occurrences import OccurrenceDetail, SentMessage, may_follow
from tui.port import run_waiting
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.key_line import KeyLine
from tui.widgets.paged_table import PagedTable
from tui.widgets.row_source import ListSource, Row
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

LOW = 36  # rows of a terminal in which one column of facts would hide the story
REFRESH_EVERY = 1.0  # seconds; while it is looked at
STEPS = {
    "claim": Stage.CLAIMED,
    "action_taken": Stage.ACTIONED,
    "escalate": Stage.ESCALATED,
    "restore": Stage.RESTORED,
    "finalise": Stage.FINALISED,
}


OF_THE_LIST = ("which", "alerts")


class OccurrenceDialog(Screen[bool]):
    """Ends with whether something was changed here."""

    PLACE = "occurrences"
    HELP = """\
An occurrence: above what is known of it and its story, below every message that it sent, which enter \
opens. C claims it, A says that something was done, E calls for more, R says that all is well again, F \
closes it, N writes a note, r sends once more to those who were not reached. The steps that may not \
follow now are left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(bound for bound in REGISTRY.bindings("occurrences") if bound.action not in OF_THE_LIST),
        Binding("escape,q", "leave", "Close", key_display="esc"),
    ]

    COLUMNS = (
        Column("stage", "Stage", 10, sortable=False, priority=1),
        Column("state", "State", 14, sortable=False),
        Column("to", "To", 16, flex=2, sortable=False),
        Column("text", "Message", 16, flex=4, sortable=False),
        Column("error", "Error", 12, flex=2, sortable=False, priority=2),
    )

    DEFAULT_CSS = """
    OccurrenceDialog {
        align-horizontal: center;
        background: $background;
        & > VerticalScroll {
            width: 100%; max-width: 130; height: auto; max-height: 65%; padding: 0 1;
            scrollbar-size-vertical: 1;
        }
        & Static { height: auto; width: 100%; }
        & .heading { text-style: bold; color: $text-accent; padding: 1 0 0 0; }
        & > .heading { max-width: 130; padding: 1 1 0 1; }
        & > PagedTable { width: 100%; max-width: 130; }
    }
    """

    def __init__(self, console: "Console", found: OccurrenceDetail) -> None:
        super().__init__()
        self.console, self.found = console, found
        self._touched = False

    @classmethod
    async def load(cls, console: "Console", occurrence_id: int) -> "OccurrenceDialog":
        """Read an occurrence with its story. Raises `Refused` where there is none."""
        return cls(console, await console.ask(occurrences.show, occurrence_id))

    @property
    def occurrence_id(self) -> int:
        return self.found.view.occurrence.id

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield SteadyText(id="summary")
            yield SteadyText("Story", classes="heading")
            yield SteadyText(id="story")
        yield SteadyText("Messages", classes="heading")
        yield PagedTable(self.COLUMNS, ListSource(), empty="It has sent nothing.")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()
        self.query_one(PagedTable).focus()
        self.set_interval(REFRESH_EVERY, self._look_again)

    @property
    def _is_low(self) -> bool:
        """Whether the facts should leave room for the story below them."""
        return self.app.size.height < LOW and self.app.size.width >= 2 * occurrence_facts.HALF

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        now = datetime.now(UTC)
        summary = occurrence_facts.summary(self.found, now, columns=2 if self._is_low else 1)
        self.query_one("#summary", Static).update(summary)
        self.query_one("#story", Static).update(occurrence_facts.story(self.found.events, now))
        rows = [_row(sent) for sent in self.found.messages]
        self.query_one(PagedTable).set_source(ListSource(rows), empty="It has sent nothing.")
        self.refresh_bindings()

    def _look_again(self) -> None:
        self.run_worker(self._reload(), group="reload", exclusive=True, exit_on_error=False)

    async def _reload(self) -> None:
        found = await self.console.ask(occurrences.show, self.occurrence_id)
        if found != self.found or found.view.occurrence.answer_due_at is not None:
            self.found = found
            self._show()

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "send_again":
            return self.found.view.occurrence.active
        if action in STEPS:
            return may_follow(self.found.view, STEPS[action])
        return bool(self.found.messages) if action == "open" else True

    def _take(self, stage: Stage) -> None:
        async def taken() -> None:
            if await occurrence_actions.take(self.console, (self.occurrence_id,), stage):
                self._touched = True
                await self._reload()

        run_waiting(self, taken())

    def action_claim(self) -> None:
        self._take(Stage.CLAIMED)

    def action_action_taken(self) -> None:
        self._take(Stage.ACTIONED)

    def action_escalate(self) -> None:
        self._take(Stage.ESCALATED)

    def action_restore(self) -> None:
        self._take(Stage.RESTORED)

    def action_finalise(self) -> None:
        self._take(Stage.FINALISED)

    def action_send_again(self) -> None:
        async def sent() -> None:
            if await occurrence_actions.send_again(self.console, self.occurrence_id):
                self._touched = True
                await self._reload()

        run_waiting(self, sent())

    def action_note(self) -> None:
        async def noted() -> None:
            about = occurrence_facts.named(self.found.view.occurrence)
            if await occurrence_actions.add_note(self.console, self.occurrence_id, about):
                self._touched = True
                await self._reload()

        run_waiting(self, noted())

    # The messages

    def action_open(self) -> None:
        from tui.messages.detail import MessageDetail

        key = self.query_one(PagedTable).cursor_key
        if key is not None:
            self.console.open_editor(partial(MessageDetail.load, self.console, key))

    def on_paged_table_row_chosen(self, event: PagedTable.RowChosen) -> None:
        event.stop()
        self.action_open()

    def action_leave(self) -> None:
        self.dismiss(self._touched or None)


def _row(sent: SentMessage) -> Row:
    message = sent.message
    return Row(
        message.id,
        (
            sent.stage,
            state_of(message),
            message.user or message.to,
            plain(message.text, width=200),
            plain(said(message.error_code, message.error) or "–", width=200),
        ),
    )
