"""Controls for typing in, which hand nothing to the terminal that it would obey."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.widgets.text_area import Edit, EditResult

from tui.terminal.paste import pasted, pasted_line
from tui.text.plain import editable_str

TAKEN = ("f6", "f7")


class TextInput(Input):
    """One line of text. With `choices`, up and down go through them and the rest of one is proposed."""

    HELP = """\
A line of text. Tab goes to the next field, shift+tab to the one before; ctrl+u and ctrl+k clear \
to the left and to the right. Where there are choices, up and down go through them, and any \
other text may be typed."""

    # Of one line and without scroll bars: what is typed moves nothing else on the screen.
    virtual_size = Reactive(Size(0, 0), layout=False)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "choice(1)", "Next choice", show=False),
        Binding("up", "choice(-1)", "Choice before", show=False),
    ]

    DEFAULT_CSS = """
    TextInput {
        &.-textual-compact { padding: 0 1; background: $surface; }
        &.-textual-compact:focus { background: $panel; }
    }
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        choices: Sequence[str] = (),
        most: int = 0,
    ) -> None:
        """`most` is the number of characters that fit in; 0 is no limit."""
        self._choices = tuple(choices)
        super().__init__(
            editable_str(value),
            placeholder=editable_str(placeholder),
            password=password,
            max_length=most,
            suggester=SuggestFromList(self._choices, case_sensitive=False) if choices else None,
            compact=True,
            select_on_focus=False,
        )
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        return editable_str(value)

    def on_paste(self, event: events.Paste) -> None:
        # Textual's own comes after this one, and takes the first line: here all of it is one.
        event.text = pasted_line(event.text, "" if self.password else " ")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # A subclass with keys of its own asks here too: where there is nothing to choose, up and down
        # belong to whatever is around the field.
        return bool(self._choices) if action == "choice" else True

    def action_choice(self, step: int) -> None:
        """Take the next of the choices, or the one before."""
        if not self._choices:
            return
        now = self._choices.index(self.value) if self.value in self._choices else -1 if step > 0 else 0
        self.value = self._choices[(now + step) % len(self._choices)]
        self.cursor_position = len(self.value)


class TextBox(TextArea, inherit_bindings=False):
    """Several lines of text, without a blinking cursor. Tab leaves it."""

    HELP = """\
Several lines of text. Enter begins a new line and never sends or saves. Tab goes to the next \
field. ctrl+z takes the last change back, ctrl+y brings it again; shift with the arrow keys \
selects, ctrl+c copies, ctrl+x cuts, ctrl+v pastes."""

    # The function keys are those of the screen around it (f6: kept texts); Textual selects with two of them.
    BINDINGS: ClassVar[list[BindingType]] = [
        binding for binding in TextArea.BINDINGS if isinstance(binding, Binding) and binding.key not in TAKEN
    ]

    DEFAULT_CSS = """
    TextBox {
        &.-textual-compact { padding: 0 1; background: $surface; scrollbar-size-vertical: 1; }
        &.-textual-compact:focus { background: $panel; }
    }
    """

    def __init__(self, text: str = "", *, placeholder: str = "") -> None:
        super().__init__(
            editable_str(text, block=True),
            placeholder=Content(editable_str(placeholder)),
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
            compact=True,
        )
        self.cursor_blink = False

    def load_text(self, text: str) -> None:
        super().load_text(editable_str(text, block=True))

    async def on_paste(self, event: events.Paste) -> None:
        event.text = pasted(event.text)  # Textual's own comes after this one

    def edit(self, edit: Edit) -> EditResult:
        edit.text = editable_str(edit.text, block=True)
        return super().edit(edit)


class YesNo(Widget, can_focus=True):
    """A box to tick. The tick shows without colour."""

    HELP = "Yes or no. Space or enter changes it."

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "change", "Change", show=False)]

    DEFAULT_CSS = """
    YesNo {
        width: auto;
        height: 1;
        padding: 0 1;
        &:focus { background: $block-cursor-background; }
        &:ansi:focus { text-style: bold underline; background: ansi_default; }
    }
    """

    value: reactive[bool] = reactive(False, init=False)

    class Changed(Message):
        """The box was ticked or cleared."""

        def __init__(self, control: "YesNo", value: bool) -> None:
            super().__init__()
            self.box, self.value = control, value

        @property
        def control(self) -> "YesNo":
            return self.box

    def __init__(self, value: bool = False) -> None:
        super().__init__()
        self.set_reactive(YesNo.value, value)

    def render(self) -> Content:
        return Content("[x] Yes" if self.value else "[ ] No ")

    def watch_value(self, value: bool) -> None:
        self.post_message(self.Changed(self, value))

    def action_change(self) -> None:
        self.value = not self.value

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.value = not self.value
