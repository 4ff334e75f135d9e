"""Send Message: a text, its recipients and its sender; queued when it is sent."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Static, TabbedContent, TabPane

from scheduling import templates
from scheduling.money import money
from storage.records import Recipient
from storage.vocabulary import HandlerState
from tui.dialogs.confirm import Confirm
from tui.dialogs.editor_screen import EditorScreen
from tui.keys.registry import REGISTRY
from tui.messages.large_send import agreed
from tui.operations import sending
from tui.operations.errors import Refused
from tui.operations.sending import Plan, Request, Sent
from tui.port import run_waiting
from tui.text.content import plain
from tui.widgets.composer import Composer
from tui.widgets.fields import ChoiceField, YesNoField
from tui.widgets.form import Form
from tui.widgets.header import SIGNS
from tui.widgets.menu import ContextMenu
from tui.widgets.reach import people
from tui.widgets.recipients_picker import RecipientsPicker
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.operations.handler_status import HandlerView
    from tui.port import Console

NO_HANDLERS = "There is no handler to send with yet: add the account at Clickatell in Handlers, n"
ALL_DISABLED = "Every handler is disabled: enable one in Handlers, e"
MOST_NAMED = 3
MOST_TO = 5


class SendMessage(EditorScreen[Sent], inherit_bindings=False):
    """Ends with what was queued, or None."""

    HELP = """\
Send Message. The tab Message holds the text and what it costs, the tab Recipients who gets it; f2 \
goes from one to the other. ctrl+s or the button Send queues it; enter in the text never sends. What \
is queued is on disk and goes out as soon as the handler can send."""

    PLACE = "send"
    BINDINGS: ClassVar[list[BindingType]] = [*Screen.BINDINGS, *REGISTRY.bindings("send")]
    AUTO_FOCUS = ""

    DEFAULT_CSS = """
    SendMessage {
        & Form { height: auto; max-height: 6; }
        & TabbedContent { width: 100%; max-width: 100; height: 1fr; max-height: 34; padding: 0 1; }
        & TabPane { padding: 0; }
        & ContentSwitcher { height: 1fr; }
        & TabPane { height: 1fr; }
        & #buttons { height: 1; width: 100%; max-width: 100; padding: 0 1; }
        & #buttons Button { min-width: 10; margin: 0 2 0 0; }
        & #to { height: 1; color: $text-muted; }
        & #summary { width: 1fr; color: $text-muted; }
    }
    """

    def __init__(
        self,
        console: "Console",
        views: Sequence["HandlerView"],
        fields: Sequence[str],
        recipients: Sequence[Recipient] = (),
        text: str = "",
    ) -> None:
        self._senders = {view.handler.id: view.handler for view in views}
        options = tuple((_label(view), view.handler.id) for view in views)
        form = (
            ChoiceField(key="sender", label="Sender", options=options, required=True),
            YesNoField(key="fields", label="Fill in {Fields}"),
        )
        super().__init__("Send Message", form, {"sender": views[0].handler.id})
        self.console = console
        self.known_fields = tuple(fields)
        self._first = (tuple(recipients), text)
        self.composer = Composer(text)
        self.picker = RecipientsPicker(console, recipients)
        self._outgoing: Request | None = None

    @classmethod
    async def load(
        cls, console: "Console", recipients: Sequence[Recipient] = (), text: str = ""
    ) -> "SendMessage":
        """Read what the dialog offers. Raises `Refused` where nothing can be sent with."""
        from tui.operations import handler_status

        views = await console.ask(handler_status.listing)
        usable = [view for view in views if view.handler.enabled]
        if not usable:
            raise Refused(ALL_DISABLED if views else NO_HANDLERS)
        # A sender that works comes first, and so is the one proposed.
        usable.sort(key=lambda view: view.shown.status != HandlerState.RUNNING)
        fields = await console.read(sending.known_fields)
        return cls(console, usable, fields, recipients, text)

    # What is shown

    def compose_body(self) -> ComposeResult:
        yield self.form
        with TabbedContent(initial="message" if self._first[0] else "recipients"):
            with TabPane("Message", id="message"):
                yield SteadyText(id="to")
                yield self.composer
            with TabPane("Recipients", id="recipients"):
                yield self.picker
        with Horizontal(id="buttons"):
            yield Button("Send", id="send", variant="primary", compact=True)
            yield Button("Cancel", id="cancel", compact=True)
            yield SteadyText(id="summary")

    def on_mount(self) -> None:
        self._use_sender()
        self.call_after_refresh(self._focus_tab)

    @property
    def tabs(self) -> TabbedContent:
        return self.query_one(TabbedContent)

    def _focus_tab(self) -> None:
        if self.query(ContextMenu):
            return  # opened meanwhile: it closes when it loses the focus
        if self.tabs.active == "message":
            self.composer.focus_text()
        else:
            self.picker.focus_search()

    def _go_to(self, tab: str) -> None:
        self.tabs.active = tab
        self.call_after_refresh(self._focus_tab)

    @property
    def handler_id(self) -> int:
        return int(self.form.value("sender"))

    def on_form_changed(self, event: Form.Changed) -> None:
        if event.key == "sender":
            self._use_sender()
        self.composer.set_fields(self.known_fields if self.form.value("fields") else None)

    def _use_sender(self) -> None:
        handler = self._senders.get(self.form.value("sender"))
        if handler is not None:
            self.composer.set_limits(handler.most_parts, handler.name)
            self.picker.set_telephone_field(handler.telephone_field_id)

    def on_recipients_picker_resolved(self, event: RecipientsPicker.Resolved) -> None:
        self.composer.set_people(event.picker.reach.reached)
        self._summarise()

    def on_composer_changed(self, event: Composer.Changed) -> None:
        self._summarise()

    def _summarise(self) -> None:
        reach, cost = self.picker.reach, self.composer.cost
        reached = len(reach.reached)
        said = f"to {people(reached)}" if reached else "nobody to send to yet"
        if reached and cost.total_parts:
            said += f", {cost.total_parts:,} {'part' if cost.total_parts == 1 else 'parts'}"
        if reach.left_out:
            said += f"; {len(reach.left_out):,} left out"
        self.query_one("#summary", Static).update(plain(said))
        self.query_one("#to", Static).update(self._to())
        tab = self.tabs.get_tab("recipients")
        label = Content(f"Recipients ({reached:,})" if self.picker.recipients else "Recipients")
        if tab.label != label:
            tab.label = label
        self._show_heading()

    def _to(self) -> Content:
        """Who gets it, by name, as far as there is room."""
        names = [recipient.name or recipient.number or "" for recipient in self.picker.recipients]
        if not names:
            return Content.styled("To nobody yet: f2 chooses", "$text-warning")
        more = len(names) - MOST_TO
        said = ", ".join(names[:MOST_TO]) + (f" and {more:,} more" if more > 0 else "")
        return Content.assemble("To ", plain(said, width=90))

    @property
    def changed(self) -> tuple[str, ...]:
        recipients, text = self._first
        found = ["the message"] if self.composer.text != text else []
        return tuple(found + (["the recipients"] if self.picker.recipients != recipients else []))

    def _show_heading(self) -> None:
        heading = f"{self.heading} · queueing…" if self._is_saving else self.heading
        self.query_one("#heading", Static).update(plain(heading))

    # Sending

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "send":
            self.action_send()
        else:
            self.action_leave()

    def action_send(self) -> None:
        """Look at it once more, ask where it is large, then queue it."""
        if not self._is_saving:
            run_waiting(self, self._send(), group="sending")

    async def _send(self) -> None:
        self._show_trouble(None)
        found = await self._plan()
        if found is None:
            return
        request, plan = found
        if not await agreed(self.console, plan.size, through=plan.handler.name):
            return
        self._outgoing = request
        self.action_save()

    async def _plan(self) -> tuple[Request, Plan] | None:
        """What would be sent; None where it cannot be, which is said."""
        if problem := self.composer.problem:
            self._refuse(problem, "message")
            return None
        if not self.picker.recipients:
            self._refuse("Nobody is chosen: add a user, a group or a number", "recipients")
            return None
        if not await self._without_unreachable():
            return None
        fields = bool(self.form.value("fields"))
        request = Request(self.handler_id, self.picker.recipients, self.composer.text, fields)
        try:
            return request, await self.console.ask(sending.planned, request)
        except Refused as refused:
            self._refuse(refused.message, None)
            return None

    def _refuse(self, sentence: str, tab: str | None) -> None:
        self._show_trouble(sentence)
        if tab is not None:
            self._go_to(tab)

    async def _without_unreachable(self) -> bool:
        """Whether to go on, without those who were named themselves and cannot be reached."""
        named = {r.user_id: r for r in self.picker.recipients if r.user_id is not None}
        gone = [p for p in self.picker.reach.left_out if p.group is None and p.user_id in named]
        rest = len(self.picker.reach.reached)
        if not gone or not rest:
            return True
        question = Confirm(
            f"Send to the other {people(rest)} only?",
            yes=f"Send to {people(rest)}",
            no="Go back",
            hangs=[f"{person} and gets nothing" for person in gone],
        )
        if await self.console.ask_person(question) != "yes":
            return False
        out = {person.user_id for person in gone}
        self.picker.recipients = tuple(
            r for r in self.picker.recipients if r.user_id is None or r.user_id not in out
        )
        return True

    def save_values(self, values: Mapping[str, Any]) -> Sent:
        """On a thread: queue the messages."""
        desk = self.console.desk
        assert desk is not None and self._outgoing is not None
        sent = sending.send(desk, self._outgoing)
        self.console.nudge()
        return sent

    def saved(self, result: Sent) -> None:
        console = self.console
        console.tell(told(result))
        for warning in (*result.warnings, *_not_sending(console)):
            console.warn(warning)

    # Leaving

    def action_leave(self) -> None:
        """Close; a question comes first when something was written."""
        if self._is_saving:
            return
        if not self.changed:
            self.dismiss(None)
            return
        question = Confirm("Leave without sending?", yes="Leave, lose the message", no="Go on writing")
        self.app.push_screen(question, self._leave_if)

    def action_turn(self) -> None:
        """Show the other tab."""
        self._go_to("recipients" if self.tabs.active == "message" else "message")

    # Kept texts

    def action_template(self) -> None:
        """Choose a kept text, or keep this one."""
        from tui.messages.templates import open_templates

        self.tabs.active = "message"
        open_templates(self, self.composer)

    def on_context_menu_chosen(self, event: ContextMenu.Chosen) -> None:
        from tui.messages.templates import template_chosen

        event.stop()
        template_chosen(self, self.composer, event.action_id, self._took_template)

    def _took_template(self, text: str) -> None:
        used = {name.casefold() for name in templates.fields_in(text)}
        if used & {name.casefold() for name in self.known_fields}:
            self.form.set_value("fields", True)
        self._go_to("message")


def told(sent: Sent) -> str:
    """What was queued and who was left out, in a sentence or two."""
    count = len(sent.ids)
    said = f"{count:,} {'message' if count == 1 else 'messages'} queued through {sent.handler.name}"
    if sent.left_out:
        named = "; ".join(str(person) for person in sent.left_out[:MOST_NAMED])
        more = len(sent.left_out) - MOST_NAMED
        said += f". Left out: {named}" + (f"; and {more:,} more" if more > 0 else "")
    if sent.joined:
        said += f". Sent once for several: {', '.join(sent.joined[:MOST_NAMED])}"
    return said


def _not_sending(console: "Console") -> list[str]:
    overview = console.overview
    if overview.held:
        return ["Nothing is sent yet: this site is a copy and is held until it is adopted"]
    return [] if overview.engine_running else ["Queued, but nothing sends yet: no engine is running"]


def _label(view: "HandlerView") -> str:
    balance = f"  {money(view.found.balance, view.found.currency)}" if view.found.balance is not None else ""
    return f"{view.handler.name}  {SIGNS.get(view.shown.status, '?')} {view.shown.status}{balance}"
