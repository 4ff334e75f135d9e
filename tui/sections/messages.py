"""The section Messages: everything that was queued, and what became of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from storage import message_history
from storage.message_history import MessageFilter
from storage.records import MessageState
from tui import message_actions, message_facts
from tui.message_source import COLUMNS, Counter, MessageSource, owner_of
from tui.message_states import state_shown
from tui.operations import messages
from tui.sections.section import Section
from tui.widgets.columns import Column
from tui.widgets.menu import ContextMenu, MenuItem
from tui.widgets.row_source import RowSource
from tui.widgets.steady_text import SteadyText

STATE = "state:"
EMPTY = "No messages yet. Press n to write one."


class MessagesSection(Section):
    """The outbox, the newest first."""

    PLACE = "messages"
    HELP = """\
Every message that was queued, the newest first. Enter shows one with each attempt to send it. f shows \
only those in one state, / those with certain words in name, number or text. x cancels what still \
waits, r sends again. A message with an unknown outcome (?) may have arrived: r sends it again, y says \
that it arrived, D leaves it. i finds out why one does not arrive. n writes a new one."""
    EMPTY = EMPTY
    COLUMNS: ClassVar[Sequence[Column]] = COLUMNS
    MENU = (
        "messages.open",
        "-",
        "messages.resend",
        "messages.cancel",
        "-",
        "messages.arrived",
        "messages.drop",
        "-",
        "messages.diagnose",
        "messages.new",
    )

    DEFAULT_CSS = """
    MessagesSection {
        & .shown-state { height: 1; padding: 0 1; color: $text-muted; display: none; }
        & .shown-state.-shown { display: block; }
    }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.wanted = MessageFilter()
        self._counter = Counter()
        self._states: dict[int, MessageState] = {}

    def compose(self) -> ComposeResult:
        yield SteadyText(classes="shown-state")
        yield from super().compose()

    def on_mount(self) -> None:
        self.table.newest_first = True

    async def make_source(self) -> RowSource:
        self.wanted = replace(self.wanted, words=self.words)
        state = self.wanted.state
        self.EMPTY = f"No message is {state}. Press f to show all." if state else EMPTY
        return MessageSource(self.console, self.wanted, self._counter)

    async def detail(self, key: int) -> Content | None:
        view = await self.console.ask(messages.view, key)
        owner = await self.console.read(owner_of, view.message)
        now = datetime.now(UTC)
        parts = [message_facts.summary(view, owner, now), Content("")]
        parts += [Content.styled("Attempts", "bold"), message_facts.attempts_in_short(view.attempts, now)]
        return Content("\n").join(parts)

    # The state that is shown

    def action_state(self) -> None:
        """Choose the state to show."""
        self.run_worker(self._open_states(), group="states", exclusive=True, exit_on_error=False)

    async def _open_states(self) -> None:
        counts = await self.console.read(message_history.counts_by_state)
        items = [MenuItem(STATE, "all messages", f"{sum(counts.values()):,}")]
        items += [
            MenuItem(f"{STATE}{state}", state_shown(state).plain, f"{counts.get(state, 0):,}")
            for state in MessageState
        ]
        region = self.table.region
        self.table.focus()
        ContextMenu.open(self.screen, items, (region.x + 2, region.y + 1), title="Show")

    def on_context_menu_chosen(self, event: ContextMenu.Chosen) -> None:
        if event.action_id.startswith(STATE):
            event.prevent_default()
            event.stop()
            self.show_state(event.action_id.removeprefix(STATE))

    def show_state(self, name: str) -> None:
        """Show only messages in this state; the empty string shows all."""
        self.wanted = replace(self.wanted, state=MessageState(name) if name else None)
        line = self.query_one(".shown-state", Static)
        line.set_class(bool(name), "-shown")
        if name:
            shown = state_shown(MessageState(name))
            line.update(Content.assemble("Only ", shown, "  ·  f shows others"))
        self.table.clear_marks()
        self.reload()

    # What can be done

    def action_open(self) -> None:
        from tui.dialogs.message_detail import MessageDetail

        key = self.table.cursor_key
        if key is not None:
            self.console.open_editor(partial(MessageDetail.load, self.console, key))

    def action_edit(self) -> None:
        self.action_open()

    def action_diagnose(self) -> None:
        from tui.dialogs.diagnosis import Diagnosis

        key = self.table.cursor_key
        if key is not None:
            self.app.push_screen(Diagnosis(self.console, message_id=key, name=f"message {key}"))

    def action_new(self) -> None:
        from tui.first_steps import write

        write(self.console)

    async def action_cancel(self) -> None:
        self._after(await message_actions.cancel(self.console, self.table.chosen))

    async def action_resend(self) -> None:
        self._after(await message_actions.resend(self.console, self.table.chosen))

    async def action_arrived(self) -> None:
        self._after(await message_actions.arrived(self.console, self.table.chosen))

    async def action_drop(self) -> None:
        self._after(await message_actions.drop(self.console, self.table.chosen))

    def _after(self, done: bool) -> None:
        if done:
            self.table.clear_marks()
            self.reload()
