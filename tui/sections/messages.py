"""The section Messages: everything that was queued, and what became of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.content import Content

from storage import held, message_history
from storage.message_history import MessageFilter
from storage.vocabulary import WITHDRAWN, MessageState
from tui.keys.places import Place
from tui.messages import actions as message_actions
from tui.messages import facts as message_facts
from tui.messages.source import COLUMNS, Counter, MessageSource, columns_of
from tui.messages.states import state_shown
from tui.operations import messages
from tui.operations.sending import Sent
from tui.sections.section import Section
from tui.text.content import plain
from tui.widgets.columns import Column
from tui.widgets.menu import ContextMenu, MenuItem
from tui.widgets.row_source import RowSource

STATE = "state:"
WITHDRAWN_SHOWN = Content.styled("○  withdrawn", "$text-muted")
PROBLEMS = "problems"
HELD = "held"
EMPTY = "No messages yet. Press n to write one."


class MessagesSection(Section):
    """The outbox, the newest first."""

    PLACE = Place.MESSAGES
    HELP = """\
Every message that was queued, the newest first. Enter shows one with each attempt to send it. f shows \
only those in one state, p only problems with the reason, / those with certain words in anything that \
a row shows. x cancels what still waits, r sends again. A message with an unknown outcome (?) may have \
arrived: r sends it again, y says that it arrived, D leaves it. i finds out why one does not arrive. \
n writes a new one."""
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

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.wanted = MessageFilter()
        self._counter = Counter()
        self._user = ""

    def on_mount(self) -> None:
        self.table.newest_first = True

    async def make_source(self) -> RowSource:
        self.wanted = replace(self.wanted, words=self.words)
        self.EMPTY = self._empty()
        return MessageSource(self.console, self.wanted, self._counter)

    def _empty(self) -> str:
        if self.wanted.problems:
            return "No message failed or waits after an attempt. Press p to show all."
        if self.wanted.state is not None:
            return f"No message is {self.wanted.state}. Press f to show all."
        if self.wanted.user_id is not None:
            return "Nothing was sent to this user yet. Press f to show all messages."
        return EMPTY

    def columns(self) -> Sequence[Column]:
        return columns_of(self.wanted)

    def narrowing(self) -> object:
        return self.words, replace(self.wanted, words="")

    def only(self) -> Content | None:
        parts = []
        if self.wanted.problems:
            parts.append(Content("problems"))
        if self.wanted.withdrawn:
            parts.append(WITHDRAWN_SHOWN)
        if self.wanted.state is not None:
            parts.append(state_shown(self.wanted.state))
        if self.wanted.user_id is not None:
            parts.append(plain(f"to {self._user}"))
        return Content.assemble("Only ", Content(" ").join(parts), "  ·  f shows others") if parts else None

    async def total(self) -> int | None:
        return await self.console.read(message_history.total)

    def saved_key(self, saved: object) -> int | None:
        return saved.ids[-1] if isinstance(saved, Sent) and saved.ids else None

    async def detail(self, key: int) -> Content | None:
        view = await self.console.ask(messages.view, key)
        owner = await self.console.read(message_history.owner_of, view.message)
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
        items = [
            MenuItem(STATE, "all messages", f"{sum(counts.values()):,}"),
        ]
        items += [
            MenuItem(f"{STATE}{state}", state_shown(state).plain, f"{counts.get(state, 0):,}")
            for state in MessageState
        ]
        gone = await self.console.read(message_history.count, MessageFilter(withdrawn=True))
        items.append(MenuItem(f"{STATE}{WITHDRAWN}", WITHDRAWN_SHOWN.plain, f"{gone:,}"))
        if waiting := await self.console.read(held.count):
            items.append(MenuItem(f"{STATE}{HELD}", "☾  held", f"{waiting:,}"))
        items.append(MenuItem(f"{STATE}{PROBLEMS}", "problems, with the reason", "p", parted=True))
        region = self.table.region
        self.table.focus()
        ContextMenu.open(self.screen, items, (region.x + 2, region.y + 1), title="Show")

    def on_context_menu_chosen(self, event: ContextMenu.Chosen) -> None:
        if event.action_id.startswith(STATE):
            event.prevent_default()
            event.stop()
            self.show_state(event.action_id.removeprefix(STATE))

    def show_state(self, name: str) -> None:
        """Show only messages in this state, those withdrawn, or the problems; the empty string shows all."""
        if name == HELD:
            from tui.messages.held import HeldList

            self.app.push_screen(HeldList(self.console))
            return
        state = MessageState(name) if name and name not in (PROBLEMS, WITHDRAWN) else None
        self._narrow(MessageFilter(state=state, problems=name == PROBLEMS, withdrawn=name == WITHDRAWN))

    def show_user(self, user_id: int, name: str) -> None:
        """Show only what was sent to this user."""
        self._user = name
        self._narrow(MessageFilter(user_id=user_id))

    def action_problems(self) -> None:
        """Only what failed, is unknown or waits after an attempt, with the reason; or all again."""
        self._narrow(replace(self.wanted, problems=not self.wanted.problems, state=None))

    def _narrow(self, wanted: MessageFilter) -> None:
        self.wanted = replace(wanted, words=self.words)
        self.table.clear_marks()
        self.reload()

    # What can be done

    def action_open(self) -> None:
        from tui.messages.detail import MessageDetail

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
        from tui.editors.first_steps import write

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
