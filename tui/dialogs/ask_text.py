"""Asking for one line of text."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.text.content import plain, plain_block
from tui.widgets.inputs import TextInput
from tui.widgets.steady_text import SteadyText


class AskText(ModalScreen[str | None]):
    """Ends with the text typed, or None where nothing was."""

    HELP = "A question. Type the answer and press enter; escape goes back without one."

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False)]

    DEFAULT_CSS = """
    AskText {
        align: center middle;
        background: transparent;
        & > Vertical {
            width: 64; max-width: 90%; height: auto; padding: 1 2;
            border: round $border; background: $surface;
        }
        & #question { text-style: bold; padding: 0 0 1 0; }
        & #hint { color: $text-muted; padding: 1 0 0 0; }
        & TextInput { background: $panel; }
        &:ansi > Vertical { background: ansi_default; }
    }
    """

    def __init__(self, question: str, *, value: str = "", hint: str = "", most: int = 100) -> None:
        """All texts may be outside text; `most` is how many characters fit."""
        super().__init__()
        self.question, self.value, self.hint, self.most = question, value, hint, most

    def compose(self) -> ComposeResult:
        with Vertical():
            yield SteadyText(plain_block(self.question), id="question")
            yield TextInput(self.value, most=self.most)
            yield SteadyText(plain(self.hint or "enter: go on · escape: back"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip() or None)

    def action_leave(self) -> None:
        self.dismiss(None)
