"""The editor of a communication handler: Clickatell SMS Sender, with a form for each API Type."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import TabbedContent, TabPane

from scheduling import retry
from scheduling.gateways import registry
from scheduling.gateways.description import Gateway
from scheduling.send_size import SendSize
from storage import custom_fields, message_history
from storage import handlers as stored
from storage.records import CustomField, Handler
from storage.vocabulary import FieldType
from tui.editors.edit_conflict import MergingEditor, MergingForm
from tui.editors.handler_fields import (
    account_fields,
    form_from,
    gateway_keys,
    keys_of,
    more_fields,
    needs_of_gateways,
    parts_note,
    plan_of,
    values_of,
)
from tui.messages.large_send import agreed
from tui.operations import handlers
from tui.operations.errors import Refused
from tui.operations.gateway_address import plain_http_warning
from tui.operations.handler_form import HandlerForm
from tui.operations.handler_settings import moved
from tui.operations.handlers import Saved
from tui.widgets.form import Form

if TYPE_CHECKING:
    from tui.port import Console

GONE = "The handler was removed meanwhile"


class HandlerEditor(MergingEditor[Saved, Handler]):
    """Ends with what was saved, or None."""

    HELP = f"""\
A communication handler of the type Clickatell SMS Sender. API Type {needs_of_gateways()}. \
Retry Rate and Stop Retrying After make the plan that is written below them. f2 goes to the tab More \
and back: it holds what mostly can stay as it is. A key or password is never shown again, only replaced."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "turn", "Other tab")]

    DEFAULT_CSS = """
    HandlerEditor {
        & TabbedContent { width: 100%; max-width: 100; height: 1fr; }
        & ContentSwitcher { height: 1fr; }
        & TabPane { height: 1fr; padding: 0; }
        & FieldRow .field--label { width: 30; }
        & FieldRow .field--note { padding: 0 1 0 31; }
    }
    """

    def __init__(
        self, console: "Console", before: Handler | None, telephone_fields: tuple[CustomField, ...]
    ) -> None:
        heading = f"Handler {before.name}" if before else "New handler: Clickatell SMS Sender"
        super().__init__(heading, ())
        self.console, self.seen = console, before
        values = values_of(self._base)
        self.form = MergingForm(account_fields(before), values)
        self.more = MergingForm(more_fields(before, telephone_fields), values)
        self._api = registry.of(self._base.api_type)
        self._show_gateway()
        self.form.show("allow_plain_http", self._base.allow_plain_http)

    @classmethod
    async def load(cls, console: "Console", handler_id: int | None) -> "HandlerEditor":
        """Read what the editor needs; None is a new handler. Raises `Refused` when it is gone."""

        def read(connection: sa.Connection) -> tuple[Handler | None, tuple[CustomField, ...]]:
            found = stored.get(connection, handler_id) if handler_id is not None else None
            numbers = (
                field
                for field in custom_fields.listing(connection)
                if field.type is FieldType.TELEPHONE_NUMBER
            )
            return found, tuple(numbers)

        before, telephone_fields = await console.read(read)
        if handler_id is not None and (before is None or before.removed_at is not None):
            raise Refused(GONE)
        return cls(console, before, telephone_fields)

    @property
    def _base(self) -> HandlerForm:
        """The settings that the fields are compared with: the presets for a new handler."""
        return handlers.form_of(self.seen) if self.seen else HandlerForm(name="")

    def compose_body(self) -> ComposeResult:
        with TabbedContent():
            with TabPane("Handler", id="account"):
                yield self.form
            with TabPane("More", id="more"):
                yield self.more

    def on_mount(self) -> None:
        self.call_after_refresh(self._say_all)
        self.form.focus_field("name")

    def action_turn(self) -> None:
        """Show the other tab, with the focus on its first field."""
        if self.query_one(TabbedContent).active == "account":
            own = (each.key for each in self._api.settings if each.on_more)
            self.more.focus_field(next(own, "on_unknown"))
        else:
            self.form.focus_field("name")

    # What follows from what is typed

    def on_form_changed(self, event: Form.Changed) -> None:
        if event.key == "api_type" and (chosen := self.form.value("api_type")) is not None:
            self._change_gateway(registry.of(chosen))
        self._say_all()

    def _change_gateway(self, api: Gateway) -> None:
        if self.more.value("batch_size") == self._api.batch.preset:
            self.more.set_value("batch_size", api.batch.preset)
        self._api = api
        self._show_gateway()

    def _show_gateway(self) -> None:
        """Show the fields of the gateway, and no other's."""
        own = keys_of(self._api)
        for key in gateway_keys():
            self._form_of(key).show(key, key in own)

    def _form_of(self, key: str) -> Form:
        return self.form if key in self.form else self.more

    def _value(self, key: str) -> Any:
        return self._form_of(key).value(key)

    def _say_all(self) -> None:
        """Say what the present values mean."""
        self._say_plan()
        self._say_address()
        self._say_secret()
        self.more.set_note("most_parts", parts_note(self._api, self._value("most_parts")))

    def _say_plan(self) -> None:
        plan = plan_of(self._value("retry_rate"), self._value("stop_retrying_after"))
        warning = retry.warning(plan) if plan else None
        if warning:
            self.form.set_note("stop_retrying_after", warning, "warning")
        else:
            self.form.set_note("stop_retrying_after", retry.describe(plan) if plan else None)

    def _say_address(self) -> None:
        warned = False
        for address in self._api.addresses:
            warning = _address_warning(self._value(address.key))
            self._form_of(address.key).set_note(address.key, f"{warning}." if warning else None, "warning")
            warned = warned or bool(warning)
        self.form.show("allow_plain_http", warned or self._base.allow_plain_http)

    def _say_secret(self) -> None:
        """A secret that would go to another place or person has to be entered again."""
        if self.seen is None:
            return
        typed = {each.key: self._value(each.key) for each in self._api.plain}
        other = moved((self.seen.api_type, self.seen.settings), self._api, typed)
        secret = self._api.secret
        said = f"{' and '.join(other)} changed: enter the {secret.label} again." if other else None
        self.form.set_note(secret.key, None if self._value(secret.key) else said, "warning")

    # Saving

    def action_save(self) -> None:
        """As any editor; what waits at a disabled handler goes out at once when it is enabled."""
        if self.seen is not None and not self.seen.enabled and self._value("enabled"):
            self.run_worker(self._ask_and_save(self.seen), exclusive=True, group="asking")
        else:
            super().action_save()

    async def _ask_and_save(self, seen: Handler) -> None:
        waiting = await self.console.read(message_history.waiting_at, [seen.id])
        if await agreed(self.console, SendSize(*waiting), f"Enable {seen.name}"):
            super().action_save()

    def write(self, values: Mapping[str, Any]) -> Saved:
        """On a thread: check and write."""
        desk = self.console.desk
        assert desk is not None
        form = form_from(self._base, values)
        if self.seen is None:
            saved = handlers.add(desk, form)
        else:
            saved = handlers.edit(desk, self.seen.id, self.seen.revision, form)
        self.console.nudge()
        return saved

    def read_again(self) -> Handler:
        desk = self.console.desk
        assert desk is not None and self.seen is not None
        found = desk.read(stored.get, self.seen.id)
        if found is None or found.removed_at is not None:
            raise Refused(GONE)
        return found

    def differs(self, now: Handler) -> bool:
        return self.seen is not None and now.revision != self.seen.revision

    def values_of(self, record: Handler) -> dict[str, Any]:
        return values_of(handlers.form_of(record))

    def saved(self, result: Any) -> None:
        self.console.tell(f"{result.handler.name} is saved")
        for warning in result.warnings:
            self.console.warn(warning)


def _address_warning(address: str) -> str | None:
    """What to say of plain http; nothing of an address that is still being typed."""
    try:
        return plain_http_warning(address) if urlsplit(address).hostname else None
    except ValueError:
        return None
