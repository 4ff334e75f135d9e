"""A test message through one handler, by the same way as every other message."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from scheduling import phone
from storage.records import Handler, Recipient
from tui.dialogs.editor_screen import EditorScreen
from tui.operations import sending
from tui.operations.errors import Refused
from tui.operations.sending import Sent
from tui.widgets.fields import LongTextField, TextField
from tui.widgets.form import Form

if TYPE_CHECKING:
    from tui.port import Console

TEXT = "Test message from commsdesk"


class TestSend(EditorScreen[Sent]):
    """Asks for a number; what is sent is then shown with its attempts."""

    __test__ = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Send", id="editor.save")]
    HELP = """\
A test message. Type a number with its country code; ctrl+s sends. The message then opens and shows \
each attempt as it is made. t in the list of handlers tests key and balance without sending."""

    def __init__(self, console: "Console", handler: Handler) -> None:
        fields = (
            TextField(key="number", label="Number", required=True, placeholder=phone.EXAMPLE),
            LongTextField(key="text", label="Message", required=True, lines=3),
        )
        super().__init__(f"Test send through {handler.name}", fields, {"text": TEXT})
        self.console, self.handler = console, handler

    def on_mount(self) -> None:
        self.form.focus_field("number")

    def on_form_changed(self, event: Form.Changed) -> None:
        """Say which country the number is in, once it can be read."""
        if event.key != "number":
            return
        try:
            found = phone.parse(self.form.value("number"))
        except phone.PhoneError:
            self.form.set_note("number", None)
        else:
            said = phone.describe(found)
            warned = f"{said}. {found.warning}" if found.warning else said
            self.form.set_note("number", warned, "warning" if found.warning else "note")

    def save_values(self, values: Mapping[str, Any]) -> Sent:
        """On a thread: queue the message."""
        desk = self.console.desk
        assert desk is not None
        try:
            number = phone.parse(values["number"]).e164
        except phone.PhoneError as error:
            raise Refused(str(error), "Number") from None
        recipient = Recipient(number=number, name=number)
        sent = sending.send(desk, sending.Request(self.handler.id, [recipient], values["text"]))
        self.console.nudge()
        return sent

    def saved(self, result: Sent) -> None:
        from functools import partial

        from tui.messages.detail import MessageDetail

        self.console.tell("The test message is queued")
        self.console.open_editor(partial(MessageDetail.load, self.console, result.ids[0]))
