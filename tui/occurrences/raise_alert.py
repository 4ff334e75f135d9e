"""Raising an alert by hand: its key, the values of its fields, and what that sends."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Static

from scheduling.send_size import SendSize
from storage.alerts import Alert
from tui.dialogs.confirm import Confirm
from tui.dialogs.editor_screen import EditorScreen
from tui.messages.large_send import agreed
from tui.occurrences.facts import age_shown, named, outgoing_shown
from tui.operations import alert_preview, alerts, occurrences
from tui.operations.errors import Refused
from tui.operations.form_values import counted
from tui.operations.occurrences import Stepped
from tui.operations.raised_values import LONGEST_KEY
from tui.port import run_waiting
from tui.text.content import plain
from tui.widgets.fields import TextField
from tui.widgets.form import Form
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.operations.alert_preview import RaisePreview
    from tui.port import Console

log = logging.getLogger(__name__)

PAUSE = 0.2  # seconds without a key before the preview is made again
VALUE = "value "  # the keys of the fields' values begin with it
NOTHING = "Nothing is sent: its Created tab has no action."


class RaiseAlert(EditorScreen[Stepped], inherit_bindings=False):
    """Ends with the occurrence, or None."""

    HELP = """\
Raising an alert. The key names what it is about, such as a door: while an occurrence with this key is \
active, raising it again only counts and sends nothing. Without a key each raise is an occurrence of its \
own. Below are the messages that go out, with the values filled in. ctrl+s or the button raises it."""

    PLACE = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *Screen.BINDINGS,
        Binding("ctrl+s", "save", "Raise", id="editor.save"),
        Binding("escape", "leave", "Leave", id="editor.leave"),
        Binding("f1", "app.help", "Help"),
    ]

    DEFAULT_CSS = """
    RaiseAlert {
        & Form { height: auto; max-height: 50%; }
        & #preview-heading {
            width: 100%; max-width: 100; padding: 1 1 0 1; color: $text-accent; text-style: bold;
        }
        & #preview-pane {
            width: 100%; max-width: 100; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1;
        }
        & #preview { height: auto; }
        & #buttons { height: 1; width: 100%; max-width: 100; padding: 0 1; }
        & #buttons Button { min-width: 10; margin: 0 2 0 0; }
    }
    """

    def __init__(self, console: "Console", alert: Alert) -> None:
        fields = [
            TextField(
                key="key", label="Key", most=LONGEST_KEY,
                help="What it is about, such as a door; may be left empty",
            ),
            *(
                TextField(key=f"{VALUE}{item.name}", label=item.name, placeholder=item.default or "")
                for item in alert.fields
            ),
        ]  # fmt: skip
        super().__init__(f"Raise {alert.name}", fields)
        self.console, self.alert = console, alert
        self._pause: Timer | None = None
        # The button is what comes next: who presses enter to get through the fields must not press it.
        self.form.after_last = self._ask

    @classmethod
    async def load(cls, console: "Console", alert_id: int) -> "RaiseAlert":
        """Raises `Refused` when the alert is gone or disabled."""

        def read(connection: sa.Connection) -> Alert:
            return alerts.read(connection, alert_id)

        alert = await console.read(read)
        if not alert.enabled:
            raise Refused(f"{alert.name} is disabled: press e to enable it first")
        return cls(console, alert)

    def compose_body(self) -> ComposeResult:
        yield self.form
        yield SteadyText("What it sends", id="preview-heading")
        with VerticalScroll(id="preview-pane", can_focus=False):
            yield SteadyText(id="preview")
        with Horizontal(id="buttons"):
            yield Button("Raise", id="raise", variant="error", compact=True)
            yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.form.focus_field("key")
        self._preview()

    def on_form_changed(self, event: Form.Changed) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._preview)

    def _given(self) -> dict[str, str]:
        """What was typed; a field left empty has its default."""
        found = {item.name: self.form.value(f"{VALUE}{item.name}") for item in self.alert.fields}
        return {name: value for name, value in found.items() if value.strip()}

    def _preview(self) -> None:
        self.run_worker(self._show_preview(), group="preview", exclusive=True, exit_on_error=False)

    async def _show_preview(self) -> None:
        shown = self.query_one("#preview", Static)
        try:
            found = await self.console.ask(
                alert_preview.of_raise, self.alert, self.form.value("key"), self._given()
            )
        except Exception as error:
            shown.update(plain(f"This cannot be read: {error}").stylize("$text-error"))
        else:
            shown.update(self._preview_content(found))

    def _preview_content(self, found: "RaisePreview") -> Content:
        present = found.counted
        if present is None:
            return outgoing_shown(found.outgoing, NOTHING)
        desk = self.console.desk
        now = desk.now() if desk else None
        age = f", raised {age_shown(now - present.raised_at)} ago" if now and present.raised_at else ""
        if found.outgoing:
            again = (
                f"▲ {named(present)} is {present.stage} already{age}, and nobody has been told: sent again"
            )
            return plain(again).stylize("$text-warning") + "\n" + outgoing_shown(found.outgoing, NOTHING)
        if found.outgoing:
            said = f"▲ {named(present)} is {present.stage} already{age}; nobody has been told: sent again"
            lines = (plain(said).stylize("$text-warning"), outgoing_shown(found.outgoing))
            return Content("\n").join(lines)
        text = f"▲ Nothing: {named(present)} is {present.stage} already{age}. It is only counted."
        return plain(text).stylize("$text-warning")

    def _ask(self) -> None:
        question = Confirm(f"Raise {self.alert.name}?", yes="Raise", no="Go on editing")
        self.app.push_screen(question, lambda answer: self.action_save() if answer == "yes" else None)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "raise":
            self.action_save()
        else:
            self.action_leave()

    def action_save(self) -> None:
        """Raise it; a raise that reaches many is asked about first."""
        run_waiting(self, self._ask_and_raise(), group="raise")

    async def _ask_and_raise(self) -> None:
        if self._is_saving:
            return
        key, given = self.form.value("key"), self._given()
        try:
            size = (await self.console.ask(alert_preview.of_raise, self.alert, key, given)).size
        except Exception:
            log.exception("what raising %s sends cannot be read", self.alert.name)
            size = SendSize()  # an alarm beats a question
        if await agreed(self.console, size, f"Raise {self.alert.name}"):
            super().action_save()

    def save_values(self, values: Mapping[str, Any]) -> Stepped:
        """On a thread: raise it."""
        desk = self.console.desk
        assert desk is not None
        raised = occurrences.raise_alert(desk, self.alert.id, key=values["key"], given=self._given())
        self.console.nudge()
        return raised

    def saved(self, result: Stepped) -> None:
        raised, about = result, named(result.occurrence)
        if raised.counted:
            number = len(raised.queued.message_ids)
            sent = f"nobody had been told, {counted(number, 'message')} queued" if number else "nothing sent"
            self.console.tell(f"{about} counted: {raised.occurrence.count:,} times now, {sent}")
            return
        queued = raised.queued
        self.console.tell(f"{about} raised: {counted(len(queued.message_ids), 'message')} queued")
        warnings = [f"left out: {person}" for person in queued.left_out[:3]] + list(
            dict.fromkeys(queued.problems)
        )
        if not self.console.overview.engine_running:
            warnings.append("Queued, but nothing sends yet: no engine is running")
        for warning in warnings:
            self.console.warn(warning)
