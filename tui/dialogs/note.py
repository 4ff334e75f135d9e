"""A question with a line for a note: a step of an occurrence, or the note alone."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from tui.text.content import plain
from tui.widgets.inputs import TextInput
from tui.widgets.steady_text import SteadyText

MOST = 2000


class NoteDialog(ModalScreen[str | None]):
    """Ends with the note, which may be empty unless it is required, or None for going back."""

    HELP = """\
A step of an occurrence. What it sends is shown above the line for a note, which is kept with the step \
and may stand in the message as {Note}. ctrl+s does it; enter in the line goes on to the button, and \
escape goes back and nothing is done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Do it", show=False),
        Binding("escape", "leave", "Back", show=False),
    ]

    DEFAULT_CSS = """
    NoteDialog {
        align: center middle;
        background: transparent;
        & > Vertical {
            width: 72; max-width: 95%; height: auto; max-height: 90%; padding: 1 2;
            border: round $border; background: $surface;
        }
        & #question { text-style: bold; padding: 0 0 1 0; }
        & VerticalScroll { height: auto; max-height: 10; scrollbar-size-vertical: 1; }
        & #what { height: auto; }
        & #note-label { color: $text-muted; padding: 1 0 0 0; }
        & TextInput { background: $panel; }
        & #buttons { height: 1; margin: 1 0 0 0; }
        & Button { min-width: 10; margin: 0 2 0 0; }
        &:ansi > Vertical { background: ansi_default; }
    }
    """

    def __init__(
        self, question: str, *, yes: str, what: Content | None = None, required: bool = False
    ) -> None:
        """`question` and `yes` may be outside text; `yes` says what happens, `what` what it sends."""
        super().__init__()
        self.question, self.yes, self.what, self.required = question, yes, what, required

    def compose(self) -> ComposeResult:
        with Vertical():
            yield SteadyText(plain(self.question), id="question")
            if self.what is not None:
                with VerticalScroll(can_focus=False):
                    yield SteadyText(self.what, id="what")
            yield SteadyText("Note" if self.required else "Note (may be left empty)", id="note-label")
            yield TextInput(most=MOST)
            with Horizontal(id="buttons"):
                yield Button(plain(self.yes, width=30), id="yes", variant="primary", compact=True)
                yield Button("Back", id="back", compact=True)
                yield SteadyText(Content.styled("ctrl+s: do it · escape: back", "$text-muted"))

    def on_mount(self) -> None:
        self.query_one(TextInput).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#yes").focus()  # what it sends is not sent by an enter too many

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "yes":
            self.action_save()
        else:
            self.action_leave()

    def action_save(self) -> None:
        note = self.query_one(TextInput).value.strip()
        if note or not self.required:
            self.dismiss(note)

    def action_leave(self) -> None:
        self.dismiss(None)
