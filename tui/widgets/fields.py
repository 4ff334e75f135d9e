"""The kinds of field a form can have, declared as data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.widget import Widget
from textual.widgets import Select

from tui.text.content import plain
from tui.widgets.inputs import TextBox, TextInput, YesNo


class TypedSecret(str):
    """A key or password as typed: text like any other, but shown nowhere by accident."""

    def __repr__(self) -> str:
        return "TypedSecret('••••')"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: `key` is its name in the values, `label` what people read, `help` a line below it,
    `unit` a word after it."""

    key: str
    label: str
    help: str = ""
    required: bool = False
    unit: str = ""

    preset: ClassVar[Any] = ""

    def build(self, value: Any) -> Widget:
        """The control that holds this value at first."""
        raise NotImplementedError

    def read(self, control: Any) -> Any:
        """The value that the control holds now."""
        return control.value

    def write(self, control: Any, value: Any) -> None:
        """Put another value into the control."""
        control.value = value

    def problem(self, control: Any) -> str | None:
        """What is wrong with what was typed, in one sentence; None when it can be read."""
        if self.required and self.read(control) in (None, ""):
            return f"{self.label} is needed."
        return None


@dataclass(frozen=True, kw_only=True)
class TextField(Field):
    """A line of text (`str`). `choices` are proposed; any other text may be typed."""

    placeholder: str = ""
    choices: tuple[str, ...] = ()
    most: int = 0

    def build(self, value: str) -> Widget:
        return TextInput(value, placeholder=self.placeholder, choices=self.choices, most=self.most)


@dataclass(frozen=True, kw_only=True)
class SecretField(Field):
    """A key or password that can be replaced and never read back.

    `stored` is the mask of the one there is, such as `••••1f3a`, and empty when there is none.
    The value is None while nothing is typed (keep it), else a `TypedSecret`.
    """

    stored: str = ""
    preset: ClassVar[Any] = None

    def build(self, value: str | None) -> Widget:
        hint = f"{self.stored}  kept; type to replace it" if self.stored else ""
        return TextInput(value or "", placeholder=hint, password=True)

    def read(self, control: TextInput) -> TypedSecret | None:
        return TypedSecret(control.value) if control.value else None

    def write(self, control: TextInput, value: str | None) -> None:
        control.value = value or ""

    def problem(self, control: TextInput) -> str | None:
        if self.required and not self.stored and not control.value:
            return f"{self.label} is needed."
        return None


@dataclass(frozen=True, kw_only=True)
class NumberField(Field):
    """A whole number (`int`, None when empty or unreadable) from `least` to `most`, with its unit."""

    least: int = 0
    most: int | None = None
    preset: ClassVar[Any] = None

    def build(self, value: int | None) -> Widget:
        control = TextInput("" if value is None else str(value), most=12)
        control.styles.max_width = 14
        return control

    def read(self, control: TextInput) -> int | None:
        text = control.value.strip()
        return int(text) if text.isascii() and text.isdigit() else None

    def write(self, control: TextInput, value: int | None) -> None:
        control.value = "" if value is None else str(value)

    def problem(self, control: TextInput) -> str | None:
        if not control.value.strip():
            return f"{self.label} is needed: a whole number." if self.required else None
        number = self.read(control)
        if number is None:
            return f"{self.label} must be a whole number."
        if number < self.least or (self.most is not None and number > self.most):
            upper = f" to {self.most:,}" if self.most is not None else " or more"
            return f"{self.label} must be {self.least:,}{upper}."
        return None


@dataclass(frozen=True, kw_only=True)
class ChoiceField(Field):
    """One of `options`: (label, value). The labels may be outside text. None where nothing is chosen."""

    options: tuple[tuple[str, Any], ...]
    prompt: str = "Choose…"
    preset: ClassVar[Any] = None

    def build(self, value: Any) -> Widget:
        known = any(value == option for _, option in self.options)
        return Select(
            [(plain(label, width=60), option) for label, option in self.options],
            value=value if known else Select.NULL,
            allow_blank=not self.required or not known,
            prompt=self.prompt,
            compact=True,
        )

    def read(self, control: "Select[Any]") -> Any:
        return None if control.value is Select.NULL else control.value

    def write(self, control: "Select[Any]", value: Any) -> None:
        control.value = Select.NULL if value is None else value


@dataclass(frozen=True, kw_only=True)
class YesNoField(Field):
    """Yes or no (`bool`)."""

    preset: ClassVar[Any] = False

    def build(self, value: bool) -> Widget:
        return YesNo(bool(value))


@dataclass(frozen=True, kw_only=True)
class LongTextField(Field):
    """Several lines of text (`str`), `lines` of them in sight."""

    lines: int = 4
    placeholder: str = ""

    def build(self, value: str) -> Widget:
        control = TextBox(value, placeholder=self.placeholder)
        control.styles.height = self.lines
        return control

    def read(self, control: TextBox) -> str:
        return control.text

    def write(self, control: TextBox, value: str) -> None:
        control.text = value


@dataclass(frozen=True, kw_only=True)
class CustomField(Field):
    """A control of one's own, made from the value.

    It has `value`, and posts a `FieldTouched` when that changes.
    """

    make: Callable[[Any], Widget]
    preset: ClassVar[Any] = None

    def build(self, value: Any) -> Widget:
        return self.make(value)
