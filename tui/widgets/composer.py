"""Where a message is written: the text, what it costs as one types, and how each recipient gets it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from scheduling import sms_text, templates
from scheduling.recipients import Reached
from tui.keys.registry import REGISTRY
from tui.operations.message_rules import EMPTY, cut_there, no_value, too_long
from tui.text.content import plain, plain_block
from tui.widgets.form import FieldTouched
from tui.widgets.inputs import TextBox
from tui.widgets.menu import ContextMenu, MenuItem
from tui.widgets.message_cost import Cost, cost_of, dear, figures
from tui.widgets.steady_text import SteadyText

COUNTED_AT_ONCE = 50  # people whose own texts are counted between two keys; more are counted on a thread
PAUSE = 0.15  # seconds without a key before many are counted


class MessageBox(TextBox):
    """The text of the message."""

    HELP = """\
The message. Below it stands what it costs: characters, parts, and the character that makes it dear. \
Enter begins a new line and never sends. f3 puts in a {Field}, where fields are filled in; f8 and f9 \
show how each recipient gets it. Tab goes on; ctrl+z takes the last change back."""


class PreviewPane(SteadyText, can_focus=False):
    """One recipient's own text. A click on the left or right half goes to another."""

    def on_click(self, event: events.Click) -> None:
        composer = next(node for node in self.ancestors if isinstance(node, Composer))
        composer.step(-1 if event.x < self.size.width // 2 else 1)


class Composer(Vertical):
    """A message as it is written. Posts `Changed`; writes nothing itself.

    `set_people` says who gets it, `set_limits` how long it may be, `set_fields` which `{Field}`s
    are filled in (None: braces are text like any other).
    """

    PLACE = "composer"
    HELP = MessageBox.HELP
    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("composer")]

    DEFAULT_CSS = """
    Composer {
        height: 1fr;
        & MessageBox { height: 1fr; min-height: 3; max-height: 16; margin: 0; }
        & .figures { height: auto; max-height: 2; color: $text-muted; }
        & .notes { height: auto; max-height: 4; display: none; }
        & .notes.-shown { display: block; }
        & PreviewPane {
            height: auto; max-height: 7; display: none;
            border-top: solid $border-blurred; border-title-color: $text-muted;
        }
        & PreviewPane.-shown { display: block; }
    }
    """

    class Changed(Message):
        """The text, or what it costs, is another."""

        def __init__(self, composer: "Composer") -> None:
            super().__init__()
            self.composer = composer

        @property
        def control(self) -> "Composer":
            return self.composer

    def __init__(
        self,
        text: str = "",
        *,
        most_parts: int | None = None,
        sender: str = "",
        cut: bool = False,
        fields: Sequence[str] | None = None,
        values: Mapping[str, str] | None = None,
        id: str | None = None,
    ) -> None:
        """`cut` is for texts that are cut at the limit instead of refused (alerts, tasks)."""
        super().__init__(id=id)
        self._box = MessageBox(text, placeholder="Type the message here")
        self._most_parts, self._sender, self._cut = most_parts, sender, cut
        self._fields = None if fields is None else tuple(fields)
        self._values = dict(values or {})
        self._people: tuple[Reached, ...] = ()
        self._shown = 0
        self._cost = cost_of(text, ())
        self._is_shown = False

    def compose(self) -> ComposeResult:
        yield self._box
        yield SteadyText(classes="figures")
        yield SteadyText(classes="notes")
        yield PreviewPane()

    def on_mount(self) -> None:
        self._is_shown = True
        self._count()

    # What others ask and say

    @property
    def text(self) -> str:
        """What is typed."""
        return self._box.text

    @text.setter
    def text(self, text: str) -> None:
        self._box.text = text

    @property
    def value(self) -> str:
        """The text, for a form that holds the composer as a field."""
        return self.text

    @value.setter
    def value(self, text: str) -> None:
        self.text = text

    @property
    def cost(self) -> Cost:
        """What was last counted."""
        return self._cost

    @property
    def problem(self) -> str | None:
        """Why the text cannot be sent or saved as it is, in a sentence; None when it can."""
        if not self.text.strip():
            return EMPTY
        return next(iter(self._problems()), None)

    def set_limits(self, most_parts: int | None, sender: str = "", *, cut: bool | None = None) -> None:
        """How many parts a message may have; `sender` is the handler's name."""
        self._most_parts, self._sender = most_parts, sender
        self._cut = self._cut if cut is None else cut
        self._count()

    def set_people(self, people: Sequence[Reached]) -> None:
        """Who gets the message, with their values."""
        self._people = tuple(people)
        self._shown = min(self._shown, max(0, len(self._people) - 1))
        self._count()

    def set_fields(self, fields: Sequence[str] | None, values: Mapping[str, str] | None = None) -> None:
        """The fields that are filled in, `values` for those that are the same for all; None: no fields."""
        self._fields = None if fields is None else tuple(fields)
        self._values = dict(values or {})
        self._count()

    def insert(self, text: str) -> None:
        """Put text in where the cursor stands."""
        self._box.insert(text)
        self._box.focus()

    def replace_text(self, text: str) -> None:
        """Put another text in the place of this one; ctrl+z brings it back."""
        self._box.replace(text, (0, 0), self._box.document.end)

    def focus_text(self) -> None:
        self._box.focus()

    # Counting

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._count()

    def _count(self) -> None:
        if not self._is_shown:
            return
        many = self._fields is not None and len(self._people) > COUNTED_AT_ONCE
        if many:
            self.run_worker(self._count_many(), group="count", exclusive=True, exit_on_error=False)
        else:
            self.workers.cancel_group(self, "count")
            self._cost = cost_of(self.text, self._people, self._given)
        self._show(counting=many)

    @property
    def _given(self) -> Mapping[str, str] | None:
        return None if self._fields is None else self._values

    async def _count_many(self) -> None:
        await asyncio.sleep(PAUSE)
        self._cost = await asyncio.to_thread(cost_of, self.text, self._people, self._given)
        self._show()

    # Showing

    def _show(self, *, counting: bool = False) -> None:
        text = f"{figures(self._cost)}{' …' if counting else ''}"
        longest = self._given is not None and self._cost.messages > 1 and "{" in self.text
        self.query_one(".figures", Static).update(Content(f"longest: {text}" if longest else text))
        notes = self._notes()
        line = self.query_one(".notes", Static)
        line.set_class(bool(notes), "-shown")
        line.update(Content("\n").join(notes))
        self._show_preview()
        self.refresh_bindings()
        self.post_message(self.Changed(self))
        self.post_message(FieldTouched())

    def _problems(self) -> list[str]:
        """What forbids it."""
        found = [] if self._fields is None else templates.check(self.text, self._offered)
        if self._most_parts and not self._cut:
            long = too_long(self._cost.measure.parts, self._most_parts, self._sender)
            found += [long] if long else []
        return found

    @property
    def _offered(self) -> list[str]:
        return [*(self._fields or ()), *self._values]

    def _notes(self) -> list[Content]:
        notes = [plain(f"✗ {problem}").stylize("$text-error") for problem in self._problems()[:2]]
        notes += [plain(f"▲ {warning}").stylize("$text-warning") for warning in self._warnings()]
        costly = dear(self._cost.measure)
        if costly:
            colour = "$text-warning" if self._cost.measure.encoding == "Unicode" else "$text-muted"
            notes.append(plain(f"▲ {costly}").stylize(colour))
        return notes

    def _warnings(self) -> list[str]:
        found = []
        if self._most_parts and self._cut:
            long = cut_there(self._cost.measure.parts, self._most_parts, self._sender)
            found += [long] if long else []
        if (missing := no_value(self._cost.missing)) and not self._problems():
            found.append(missing)
        if self._fields is None and (used := templates.fields_in(self.text)):
            found.append(f"{{{used[0]}}} goes out as it is typed: fields are not filled in")
        return found

    # Each recipient's own text

    @property
    def _previews(self) -> bool:
        return self._fields is not None and bool(self._people) and "{" in self.text

    def _show_preview(self) -> None:
        pane = self.query_one(PreviewPane)
        pane.set_class(self._previews, "-shown")
        if not self._previews:
            return
        person = self._people[self._shown]
        final = self.rendered(person)
        parts = sms_text.measure(final).parts
        place = f"‹ {self._shown + 1:,} of {len(self._people):,} ›"
        name = plain(person.name or person.number, width=40)
        pane.border_title = Content.assemble(place, " ", name, f" · {parts} part{'' if parts == 1 else 's'}")
        pane.update(plain_block(final))

    def rendered(self, person: Reached) -> str:
        """The text as this person gets it."""
        text = self.text
        if self._fields is None:
            return sms_text.normalise(text)
        known = {**templates.user_values(person.name or "", person.values), **self._values}
        return sms_text.normalise(templates.render(text, known).text)

    def step(self, by: int) -> None:
        """Show how the next recipient gets it, or the one before."""
        if self._previews:
            self._shown = (self._shown + by) % len(self._people)
            self._show_preview()

    def action_next(self) -> None:
        self.step(1)

    def action_previous(self) -> None:
        self.step(-1)

    # Fields

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "field":
            return bool(self._fields)
        if action in ("next", "previous"):
            return self._previews and len(self._people) > 1
        return True

    def action_field(self) -> None:
        """Choose a field to put in where the cursor stands."""
        at = self._box.cursor_screen_offset
        items = [MenuItem(f"field:{name}", f"{{{name}}}") for name in dict.fromkeys(self._offered)]
        self._box.focus()
        self.call_after_refresh(ContextMenu.open, self.screen, items, (at.x, at.y + 1), title="Fields")

    def on_context_menu_chosen(self, event: ContextMenu.Chosen) -> None:
        kind, _, name = event.action_id.partition(":")
        if kind == "field":
            event.stop()
            self.insert(f"{{{name}}}")
