"""The editor of one action: Send Communication Message, with its sender, recipients and text."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import TabbedContent, TabPane

from storage.actions import FIRST_LEVEL
from storage.records import TOLD, Handler, Recipient
from storage.vocabulary import Stage
from tui.dialogs.editor_screen import EditorScreen
from tui.keys.registry import REGISTRY
from tui.operations import sending
from tui.operations.action_form import ActionForm, check_action
from tui.operations.alert_form import LAST_LEVEL, StageAction
from tui.operations.errors import Refused
from tui.widgets.composer import Composer
from tui.widgets.fields import ChoiceField, Field, NumberField, YesNoField
from tui.widgets.form import Form
from tui.widgets.recipients_picker import RecipientsPicker
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.port import Console

ACTION_TYPE = "Send Communication Message"
OF_ANY = tuple(each.name for each in fields(ActionForm))
LEVEL = NumberField(
    key="level",
    label="Level",
    least=FIRST_LEVEL,
    most=LAST_LEVEL,
    required=True,
    help="Level 1 goes first; the next one when nobody has answered by then",
)


class ActionEditor(EditorScreen[ActionForm]):
    """Ends with the action as it is to be kept; its owner (a task or an alert) saves it."""

    HELP = """\
An action: which handler sends, who gets it, and the text. f2 goes from tab to tab. Fields such as \
{First Name} are filled in for each recipient when it is sent; f3 in the text offers those that may be \
used. A text that is too long is cut, not refused. ctrl+s keeps the action; it is saved with the task \
or alert it belongs to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *REGISTRY.bindings("editor"),
        Binding("f2", "turn", "Other tab"),
    ]

    DEFAULT_CSS = """
    ActionEditor {
        & #type { height: 1; width: 100%; max-width: 100; padding: 0 1; color: $text-muted; }
        & Form { height: auto; max-height: 6; }
        & TabbedContent { width: 100%; max-width: 100; height: 1fr; padding: 0 1; }
        & TabPane { padding: 0; height: 1fr; }
        & ContentSwitcher { height: 1fr; }
    }
    """

    def __init__(
        self,
        console: "Console",
        heading: str,
        handlers: Sequence[Handler],
        known_fields: Sequence[str],
        own_fields: Sequence[str],
        form: ActionForm | None = None,
        stage: str | None = None,
        own_values: Mapping[str, str] | None = None,
        proposed: Sequence[Recipient] = (),
    ) -> None:
        """`own_fields` are those of the task or alert; `known_fields` all that a text may use.

        `own_values` are what the preview shows for `own_fields`; `proposed` are the recipients that
        a new action begins with.
        """
        options = tuple((_label(handler), handler.id) for handler in handlers)
        shown: tuple[Field, ...] = (
            ChoiceField(key="sender", label="Sender", options=options, required=True),
            YesNoField(key="enabled", label="Enabled"),
        )
        chosen = form.handler_id if form else handlers[0].id
        values = {"sender": chosen, "enabled": form.enabled if form else True}
        if (form.stage if form else stage) == Stage.ESCALATED:
            shown += (LEVEL,)
            values["level"] = (form.level if isinstance(form, StageAction) else None) or FIRST_LEVEL
        super().__init__(heading, shown, values)
        self.console, self.stage = console, form.stage if form else stage
        self.senders = {handler.id: handler for handler in handlers}
        self._own_fields = tuple(own_fields)
        self._first = (form.recipients if form else tuple(proposed), form.text if form else "")
        may_be_told = self.stage not in (None, str(Stage.CREATED))
        self.picker = RecipientsPicker(console, self._first[0], offers=(TOLD,) if may_be_told else ())
        self.composer = Composer(self._first[1], cut=True, fields=known_fields, values=own_values)

    @classmethod
    async def load(
        cls,
        console: "Console",
        heading: str,
        own_fields: Sequence[str],
        form: ActionForm | None = None,
        stage: str | None = None,
        own_values: Mapping[str, str] | None = None,
        proposed: Sequence[Recipient] = (),
    ) -> "ActionEditor":
        """Read what it offers. Raises `Refused` where there is no handler to send with."""
        from storage import handlers as stored

        handlers = await console.read(stored.listing)
        if not handlers:
            raise Refused("There is no handler to send with yet: add one in Handlers, n")
        known = [*own_fields, *await console.read(sending.known_fields)]
        return cls(console, heading, handlers, known, own_fields, form, stage, own_values, proposed)

    def compose_body(self) -> ComposeResult:
        yield SteadyText(Content(f"Action type  {ACTION_TYPE}"), id="type")
        yield self.form
        with TabbedContent(initial="recipients"):
            with TabPane("Recipients", id="recipients"):
                yield self.picker
            with TabPane("Message", id="message"):
                yield self.composer

    def on_mount(self) -> None:
        self._show_heading()
        self._use_sender()
        self.call_after_refresh(self.picker.focus_search)

    def on_form_changed(self, event: Form.Changed) -> None:
        self._show_heading()
        self._use_sender()

    def _use_sender(self) -> None:
        handler = self.senders.get(self.form.value("sender"))
        if handler is not None:
            self.composer.set_limits(handler.most_parts, handler.name, cut=True)
            self.picker.set_telephone_field(handler.telephone_field_id)

    def on_recipients_picker_resolved(self, event: RecipientsPicker.Resolved) -> None:
        self.composer.set_people(event.picker.reach.reached)
        count = len(event.picker.reach.reached)
        tab = self.query_one(TabbedContent).get_tab("recipients")
        label = Content(f"Recipients ({count:,})" if self.picker.recipients else "Recipients")
        if tab.label != label:
            tab.label = label
        self._show_heading()

    def on_composer_changed(self, event: Composer.Changed) -> None:
        self._show_heading()

    @property
    def changed(self) -> tuple[str, ...]:
        found = list(super().changed)
        recipients, text = self._first
        if self.picker.recipients != recipients:
            found.append("Recipients")
        if self.composer.text != text:
            found.append("Message")
        return tuple(found)

    def action_turn(self) -> None:
        """Show the other tab and put the focus there."""
        tabs = self.query_one(TabbedContent)
        tabs.active = "recipients" if tabs.active == "message" else "message"
        focus = self.picker.focus_search if tabs.active == "recipients" else self.composer.focus_text
        self.call_after_refresh(focus)

    def save_values(self, values: Mapping[str, Any]) -> ActionForm:
        """On a thread: check it now, not at three in the morning."""
        desk = self.console.desk
        assert desk is not None
        form = ActionForm(
            handler_id=values["sender"],
            recipients=self.picker.recipients,
            text=self.composer.text,
            enabled=values["enabled"],
            stage=self.stage,
        )
        desk.read(check_action, form, self._own_fields)
        if "level" not in values:
            return form
        return StageAction(**{name: getattr(form, name) for name in OF_ANY}, level=values["level"])


def _label(handler: Handler) -> str:
    return handler.name if handler.enabled else f"{handler.name}  ○ disabled"
