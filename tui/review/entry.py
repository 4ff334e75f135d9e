"""One entry of the review in full, with the way to what it is about."""

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen

from storage import review as stored
from storage.records import Review
from tui.keys.registry import REGISTRY
from tui.review.kinds import kind_of
from tui.review.lines import COLOURS, SIGNS
from tui.text.content import plain, plain_block
from tui.widgets.key_line import KeyLine
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

# What an entry may lead to: the action, the id that the entry then has, and the screen that shows it.
LINKS = (
    ("message", "message_id", "tui.messages.detail", "MessageDetail"),
    ("owner", "occurrence_id", "tui.occurrences.detail", "OccurrenceDialog"),
    ("owner", "task_id", "tui.editors.task", "TaskEditor"),
    ("user", "user_id", "tui.editors.user", "UserEditor"),
    ("handler", "handler_id", "tui.editors.handler", "HandlerEditor"),
)


def entry_content(entry: Review) -> Content:
    """Everything that an entry says, a line each."""
    kind = kind_of(entry)
    local = entry.at.astimezone()
    lines = [
        Content.assemble((f"{SIGNS[kind]} {entry.category}", COLOURS[kind])).stylize("bold"),
        plain_block(entry.text),
        Content(""),
    ]
    facts = (
        ("When", f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"),
        ("UTC", f"{entry.at:%Y-%m-%d %H:%M:%S.%f}Z"),
        ("Level", str(entry.level)),
        ("Operator", entry.operator),
        ("Handler", entry.handler),
        ("User", entry.user),
        ("Alert", entry.alert),
        ("Task", entry.task),
        ("Message", entry.message_id and str(entry.message_id)),
        ("Entry", str(entry.id)),
    )
    lines += [Content.assemble((f"{name:<9}", "$text-muted"), plain(text)) for name, text in facts if text]
    return Content("\n").join(lines)


class EntryDetail(Screen[None]):
    """The keys of the links are shown where the entry has them."""

    PLACE = "entry"
    HELP = """\
An entry of the review. v opens the message it is about, o the occurrence or the task, u the user and H \
the handler, where it is about one. Escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("entry")]

    DEFAULT_CSS = """
    EntryDetail {
        align-horizontal: center;
        background: $background;
        & > VerticalScroll { width: 100%; max-width: 100; padding: 1 2; scrollbar-size-vertical: 1; }
        & Static { height: auto; width: 100%; }
    }
    """

    def __init__(self, console: "Console", entry: Review) -> None:
        super().__init__()
        self.console, self.entry = console, entry

    @classmethod
    async def load(cls, console: "Console", entry_id: int) -> "EntryDetail":
        entry = await console.read(stored.get, entry_id)
        if entry is None:
            raise LookupError(f"entry {entry_id} is not there any more")
        return cls(console, entry)

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield SteadyText(entry_content(self.entry))
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._link(action) is not None if action in {link[0] for link in LINKS} else True

    def _link(self, action: str) -> tuple[int, str, str] | None:
        """The id of what an action leads to, and the module and name of the screen that shows it."""
        for known, field, module, name in LINKS:
            if known == action and isinstance(found := getattr(self.entry, field), int):
                return found, module, name
        return None

    def _follow(self, action: str) -> None:
        if link := self._link(action):
            key, module, name = link
            screen: Any = getattr(import_module(module), name)
            self.console.open_editor(partial(screen.load, self.console, key))

    def action_message(self) -> None:
        self._follow("message")

    def action_owner(self) -> None:
        self._follow("owner")

    def action_user(self) -> None:
        self._follow("user")

    def action_handler(self) -> None:
        self._follow("handler")

    def action_copy(self) -> None:
        """Copy the text (OSC 52: it works over SSH)."""
        self.app.copy_to_clipboard(self.entry.text)
        self.console.tell("The text is copied")

    def action_leave(self) -> None:
        self.dismiss(None)


def show_entry(console: "Console", entry_id: int) -> None:
    """Open an entry of the review."""
    console.open_editor(partial(EntryDetail.load, console, entry_id))
