"""One message with every attempt, what the review says of it, and what can be done with it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from storage import review
from storage.message_history import owner_of
from storage.records import Review
from storage.review import ReviewFilter
from storage.vocabulary import MessageState
from tui.keys.registry import REGISTRY
from tui.messages import actions as message_actions
from tui.messages import facts as message_facts
from tui.operations import messages
from tui.operations.messages import MessageView
from tui.port import run_waiting
from tui.widgets.key_line import KeyLine
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

REFRESH_EVERY = 1.0  # seconds; while the message may still change
MOST_REVIEW = 100


class MessageDetail(Screen[bool]):
    """Ends with whether something was changed here."""

    PLACE = "message"
    HELP = """\
A message, every attempt to send it, and what the review says of it. When: the start of the attempt; \
Took: until the answer; HTTP and Code: what Clickatell answered with. r sends the message again, x \
cancels it while it waits, u opens the user, o the task or alert that sent it. The keys that make no \
sense for this message are left out."""

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("message")]

    DEFAULT_CSS = """
    MessageDetail {
        align-horizontal: center;
        background: $background;
        & > VerticalScroll { width: 100%; max-width: 110; padding: 0 1; scrollbar-size-vertical: 1; }
        & Static { height: auto; width: 100%; }
        & .heading { text-style: bold; color: $text-accent; padding: 1 0 0 0; }
    }
    """

    def __init__(self, console: "Console", view: MessageView, entries: Sequence[Review], owner: str) -> None:
        """`owner` is the name of the task or alert that sent it."""
        super().__init__()
        self.console = console
        self.view, self.entries, self.owner = view, tuple(entries), owner
        self._touched = False

    @classmethod
    async def load(cls, console: "Console", message_id: int) -> "MessageDetail":
        """Read a message with its attempts and its review. Raises `Refused` where there is none."""
        view, entries = await _read(console, message_id)
        return cls(console, view, entries, await console.read(owner_of, view.message))

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield SteadyText(id="summary")
            yield SteadyText("Attempts", classes="heading")
            yield SteadyText(id="attempts")
            yield SteadyText("Review", classes="heading")
            yield SteadyText(id="review")
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()
        self.query_one(VerticalScroll).focus()
        self.set_interval(REFRESH_EVERY, self._look_again)

    def _show(self) -> None:
        now = datetime.now(UTC)
        self.query_one("#summary", Static).update(message_facts.summary(self.view, self.owner, now))
        self.query_one("#attempts", Static).update(message_facts.attempts_shown(self.view.attempts, now))
        self.query_one("#review", Static).update(message_facts.review_shown(self.entries, now))
        self.refresh_bindings()

    def _look_again(self) -> None:
        self.run_worker(self._reload(), group="reload", exclusive=True, exit_on_error=False)

    async def _reload(self) -> None:
        view, entries = await _read(self.console, self.view.message.id)
        if (view, entries) != (self.view, self.entries):
            self.view, self.entries = view, entries
            self._show()

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        message = self.view.message
        if action == "cancel":
            return message.state is MessageState.QUEUED
        if action in ("arrived", "drop"):
            return message.state is MessageState.UNKNOWN
        if action == "user":
            return message.user_id is not None
        if action == "owner":
            return message.task_id is not None or message.occurrence_id is not None
        return True

    def _do(self, action: Callable[["Console", Sequence[int]], Awaitable[bool]]) -> None:
        async def done() -> None:
            if await action(self.console, (self.view.message.id,)):
                self._touched = True
                await self._reload()

        run_waiting(self, done())

    def action_resend(self) -> None:
        self._do(message_actions.resend)

    def action_cancel(self) -> None:
        self._do(message_actions.cancel)

    def action_arrived(self) -> None:
        self._do(message_actions.arrived)

    def action_drop(self) -> None:
        self._do(message_actions.drop)

    def action_user(self) -> None:
        self._open("tui.editors.user", "UserEditor", self.view.message.user_id)

    def action_owner(self) -> None:
        """Open the task, or what was raised of the alert."""
        message = self.view.message
        if message.task_id is not None:
            self._open("tui.editors.task", "TaskEditor", message.task_id)
        else:
            self._open("tui.occurrences.detail", "OccurrenceDialog", message.occurrence_id)

    def _open(self, module: str, name: str, key: int | None) -> None:
        async def load() -> Screen[Any]:
            found: Screen[Any] = await getattr(import_module(module), name).load(self.console, key)
            return found

        self.console.open_editor(load)

    def action_diagnose(self) -> None:
        from tui.dialogs.diagnosis import Diagnosis

        key = self.view.message.id
        self.app.push_screen(Diagnosis(self.console, message_id=key, name=f"message {key}"))

    def action_copy(self) -> None:
        """Copy the text (OSC 52: it works over SSH)."""
        self.app.copy_to_clipboard(self.view.message.text)
        self.console.tell("The text is copied")

    def action_leave(self) -> None:
        self.dismiss(self._touched or None)


async def _read(console: "Console", message_id: int) -> tuple[MessageView, tuple[Review, ...]]:
    view = await console.ask(messages.view, message_id)
    wanted = ReviewFilter(message_id=message_id)
    entries = await console.read(review.before, None, MOST_REVIEW, wanted)
    return view, tuple(reversed(entries))
