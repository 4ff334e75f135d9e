"""A form: labelled fields, each with a line that helps, warns or says what is wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static, TabbedContent, TabPane, TextArea

from tui.text.content import plain, plain_block
from tui.widgets.fields import Field
from tui.widgets.inputs import YesNo
from tui.widgets.steady_text import SteadyText

NoteKind = Literal["note", "warning"]

_SIGNS = {"note": "", "warning": "▲ ", "error": "✗ "}


class FieldTouched(Message):
    """A control of one's own posts this when its value changes."""


class FieldRow(Vertical):
    """A label, the control, its unit, and the line below them."""

    DEFAULT_CSS = """
    FieldRow {
        height: auto;
        & > Horizontal { height: auto; }
        & .field--label { width: 24; padding: 0 1 0 0; color: $text-muted; }
        & .field--control { width: 1fr; max-width: 64; height: auto; }
        & .field--control:ansi { border-left: inner $border-blurred; }
        & .field--control Select { width: 1fr; }
        & Select.-textual-compact > SelectCurrent { padding: 0 1; }
        &:nocolor SelectOverlay > .option-list--option-highlighted { text-style: bold underline; }
        & TextBox { margin: 0 0 1 0; }
        & .field--unit { width: auto; padding: 0 0 0 1; color: $text-muted; }
        & .field--note { padding: 0 1 0 25; color: $text-muted; display: none; }
        & .field--note.-shown { display: block; }
        & .field--note.-warning { color: $text-warning; }
        & .field--note.-error { color: $text-error; }
        &.-focused .field--label { color: $text-accent; text-style: bold; }
    }
    """

    def __init__(self, field: Field, value: Any) -> None:
        super().__init__()
        self.field = field
        self.field_control = field.build(field.preset if value is None else value)
        self._error: str | None = None
        self._note: tuple[str, NoteKind] | None = None

    def compose(self) -> ComposeResult:
        required = " *" if self.field.required else ""
        with Horizontal():
            yield Label(plain(self.field.label + required), classes="field--label")
            with Horizontal(classes="field--control"):
                yield self.field_control
                if self.field.unit:
                    yield Label(plain(self.field.unit), classes="field--unit")
        yield SteadyText(classes="field--note")

    def on_mount(self) -> None:
        self._show_note()

    def on_descendant_focus(self) -> None:
        self.add_class("-focused")

    def on_descendant_blur(self) -> None:
        self.remove_class("-focused")

    @property
    def value(self) -> Any:
        return self.field.read(self.field_control)

    @value.setter
    def value(self, value: Any) -> None:
        self.field.write(self.field_control, value)

    @property
    def error(self) -> str | None:
        """The sentence that says what is wrong, if one is shown."""
        return self._error

    def set_error(self, sentence: str | None) -> None:
        """Show what is wrong, or no longer."""
        self._error = sentence
        self._show_note()

    def set_note(self, sentence: str | None, kind: NoteKind) -> None:
        """Show a sentence in place of the help line; None brings the help back."""
        self._note = (sentence, kind) if sentence else None
        self._show_note()

    def _show_note(self) -> None:
        note = self.query_one_optional(".field--note", Static)
        if note is None:
            return
        text, kind = (self._error, "error") if self._error else self._note or (self.field.help, "note")
        note.set_class(bool(text), "-shown")
        note.set_class(kind == "warning", "-warning")
        note.set_class(kind == "error", "-error")
        note.update(Content(_SIGNS[kind]) + plain_block(text))


class Form(VerticalScroll, can_focus=False):
    """Fields below one another, to be asked once they are mounted.

    Nothing typed is lost by an error, and `changed` knows what was touched.

    Fields that are not shown count neither in `values` nor in `check`, and keep what was typed.
    """

    HELP = "A form. Tab and shift+tab go through the fields. Fields with * must be filled in."

    DEFAULT_CSS = """
    Form {
        height: 1fr;
        padding: 0 1;
        scrollbar-size-vertical: 1;
    }
    """

    class Changed(Message):
        """A field holds another value."""

        def __init__(self, form: "Form", key: str) -> None:
            super().__init__()
            self.form, self.key = form, key

        @property
        def control(self) -> "Form":
            return self.form

    def __init__(
        self, fields: Sequence[Field], values: Mapping[str, Any] | None = None, *, id: str | None = None
    ) -> None:
        """`values` by key; a field without one begins with its preset."""
        super().__init__(id=id)
        given = values or {}
        self._rows = {field.key: FieldRow(field, given.get(field.key)) for field in fields}
        self._given = {key: given[key] for key in self._rows if key in given}
        self.after_last: Callable[[], object] | None = None
        """What enter in the last field does, in place of going on."""
        self._first: dict[str, Any] = {}
        self._seen: dict[str, Any] = {}

    def compose(self) -> ComposeResult:
        yield from self._rows.values()

    def on_mount(self) -> None:
        # Some controls know their value only when they are mounted.
        self._first = {key: row.value for key, row in self._rows.items()}
        self._seen = dict(self._first)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    # Values

    def value(self, key: str) -> Any:
        """What one field holds now.

        A field that was not touched gives back exactly what it was given, even where that holds
        characters that are shown as something else.
        """
        now = self._rows[key].value
        # Nobody has touched what does not stand yet.
        untouched = now == self._first.get(key, now)
        return self._given[key] if key in self._given and untouched else now

    def values(self) -> dict[str, Any]:
        """What the fields that are shown hold now."""
        return {key: self.value(key) for key, row in self._rows.items() if row.display}

    def set_value(self, key: str, value: Any) -> None:
        """Put a value into a field, as if it had been typed."""
        self._rows[key].value = value

    @property
    def changed(self) -> tuple[str, ...]:
        """The labels of the fields that hold something other than at first."""
        return tuple(
            self._rows[key].field.label
            for key, first in self._first.items()
            if self._rows[key].value != first
        )

    # Fields

    def control_of(self, key: str) -> Widget:
        """The control of a field, for what the form itself does not offer."""
        return self._rows[key].field_control

    def find(self, name: str | None) -> str | None:
        """The key of the field with this key or label, without regard to case; None if there is none."""
        wanted = (name or "").casefold()
        names = ((key, row.field.label) for key, row in self._rows.items())
        return next((key for key, label in names if wanted in (key.casefold(), label.casefold())), None)

    def show(self, key: str, shown: bool = True) -> None:
        """Show a field or take it out of the form."""
        self._rows[key].display = shown

    def is_shown(self, key: str) -> bool:
        return bool(self._rows[key].display)

    def set_note(self, key: str, sentence: str | None, kind: NoteKind = "note") -> None:
        """A sentence below the field in place of its help; None brings the help back."""
        self._rows[key].set_note(sentence, kind)

    def set_error(self, key: str, sentence: str | None) -> None:
        """Say what is wrong with a field; it stays until the field is changed."""
        self._rows[key].set_error(sentence)

    def error(self, key: str) -> str | None:
        """What is said to be wrong with a field."""
        return self._rows[key].error

    def clear_errors(self) -> None:
        for row in self._rows.values():
            row.set_error(None)

    def check(self) -> dict[str, str]:
        """What cannot be read as typed, by key; it is shown at each field, and the first gets the focus."""
        problems = {
            key: problem
            for key, row in self._rows.items()
            if row.display and (problem := row.field.problem(row.field_control))
        }
        for key, row in self._rows.items():
            row.set_error(problems.get(key))
        if problems:
            self.focus_field(next(iter(problems)))
        return problems

    def focus_field(self, key: str) -> None:
        """Put the focus on a field, showing the tab that it is on."""
        row = self._rows[key]
        for pane in _panes(row):
            tabs = next((node for node in pane.ancestors if isinstance(node, TabbedContent)), None)
            if tabs and pane.id:
                tabs.active = pane.id
        control = row.field_control
        self.call_after_refresh(control.focus)

    # What the controls say

    def on_input_changed(self, event: Input.Changed) -> None:
        self._touched(event)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        self._touched(event)

    def on_select_changed(self, event: Select.Changed) -> None:
        self._touched(event)

    def on_yes_no_changed(self, event: YesNo.Changed) -> None:
        self._touched(event)

    def on_field_touched(self, event: FieldTouched) -> None:
        self._touched(event)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field; saving has its own key."""
        event.stop()
        controls = [row.field_control for row in self._rows.values()]
        if self.after_last is not None and controls and event.input is controls[-1]:
            self.after_last()
        else:
            self.screen.focus_next()

    def _touched(self, event: Message) -> None:
        event.stop()
        for key, row in self._rows.items():
            if self._seen and row.value != self._seen[key]:
                self._seen[key] = row.value
                row.set_error(None)
                self.post_message(self.Changed(self, key))


def _panes(widget: Widget) -> list[TabPane]:
    return [node for node in widget.ancestors if isinstance(node, TabPane)]
