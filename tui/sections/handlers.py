"""The section Handlers: status, balance and queue of each communication handler."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from scheduling import retry
from scheduling.gateways import registry
from scheduling.gateways.description import Gateway
from scheduling.money import money
from scheduling.send_size import SendSize
from storage import message_history
from storage.records import Queue
from storage.vocabulary import HandlerState, OnUnknown
from tui.dialogs.confirm import Confirm
from tui.keys.places import Place
from tui.messages.large_send import agreed
from tui.review.lines import short_time
from tui.sections.section import Section
from tui.sections.sorting import ordered
from tui.sections.switching import wanted_state
from tui.text.content import plain, plain_block
from tui.widgets.columns import Column
from tui.widgets.header import COLOURS, SIGNS
from tui.widgets.row_source import ListSource, Row, RowSource

if TYPE_CHECKING:
    from tui.operations.handler_status import HandlerView


class HandlersSection(Section):
    """Communication handlers: the accounts at Clickatell that messages go through."""

    PLACE = Place.HANDLERS
    HELP = """\
The communication handlers. Status says Running with the account's balance when the handler reaches \
Clickatell, and otherwise what is wrong; i finds out more. t checks key and balance at no cost, T \
sends a test message. "busy, paused until" is a gateway that limits what it takes: alarms try all the \
same; L lets any paused handler go on. A disabled handler keeps its messages waiting."""
    EMPTY = "No handlers yet. Press n to add an account at Clickatell."
    SORT = ("name", False)
    RECORD = "handler"
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("name", "Name", 14, flex=2),
        Column("type", "Type", 22, priority=4),
        Column("api", "API Type", 8, priority=3),
        Column("status", "Status", 27, flex=4),
        Column("balance", "Balance", 14, align="right", priority=2),
        Column("queue", "Queue", 18, align="right", priority=1),
        Column("accepted", "Last accepted", 13, align="right", priority=2),
    )
    MENU = (
        "handlers.edit",
        "handlers.test",
        "handlers.test_send",
        "handlers.diagnose",
        "-",
        "handlers.go_on",
        "handlers.enable",
        "-",
        "handlers.new",
        "handlers.delete",
    )

    async def make_source(self) -> RowSource:
        from tui.operations import handler_status

        self._views = {view.handler.id: view for view in await self.console.ask(handler_status.listing)}
        words = self.words.casefold().split()
        shown = [v for v in self._views.values() if all(w in _searched(v) for w in words)]
        return ListSource([_row(view) for view in ordered(shown, self.order, _SORTS)])

    async def total(self) -> int | None:
        return len(self._views)

    async def detail(self, key: int) -> Content | None:
        view = self._views.get(key)
        return _detail(view) if view else None

    # What can be done

    def action_new(self) -> None:
        from tui.editors.handler import HandlerEditor

        self.console.open_editor(partial(HandlerEditor.load, self.console, None))

    def action_edit(self) -> None:
        from tui.editors.handler import HandlerEditor

        key = self.table.cursor_key
        if key is not None:
            self.console.open_editor(partial(HandlerEditor.load, self.console, key))

    async def action_enable(self) -> None:
        from tui.operations import handlers

        views = [self._views[key] for key in self.table.chosen if key in self._views]
        chosen = [(view.handler.name, view.handler.enabled) for view in views]
        uses = [use for view in views for use in await self.console.read(handlers.uses, view.handler.id)]
        hangs = ["Its messages wait until it is enabled again" if len(views) == 1 else "Their messages wait"]
        hangs += [f"It is the sender of {use}" for use in dict.fromkeys(uses)] if len(views) == 1 else []
        enabled = await wanted_state(self.console, "handlers", chosen, hangs)
        if enabled is None:
            return
        if enabled and not await self._agreed_to_enable([view for view in views if not view.handler.enabled]):
            return
        for view in views:
            waiting = await self.attempt(self.console.operate(handlers.set_enabled, view.handler.id, enabled))
            if not enabled and waiting:
                self.console.tell(f"{view.handler.name} is off: {waiting} messages wait for it")

    async def _agreed_to_enable(self, views: "Sequence[HandlerView]") -> bool:
        """What has waited at a disabled handler goes out at once when it is enabled."""
        waiting = await self.console.read(message_history.waiting_at, [view.handler.id for view in views])
        what = f"Enable {views[0].handler.name}" if len(views) == 1 else f"Enable {len(views):,} handlers"
        return await agreed(self.console, SendSize(*waiting), what)

    async def action_test(self) -> None:
        from tui.operations import handler_check

        for key in self.table.chosen:
            checked = await self.attempt(self.console.operate(handler_check.check_account, key))
            if checked is not None:
                self.console.tell(checked.sentence, problem=not checked.ok)

    async def action_go_on(self) -> None:
        from tui.operations import handlers

        for key in self.table.chosen:
            found = await self.attempt(self.console.operate(handlers.go_on, key))
            if found is not None:
                self.console.tell(f"{found.name} goes on")

    def action_test_send(self) -> None:
        from tui.messages.send_test import TestSend

        view = self._views.get(self.table.cursor_key or 0)
        if view:
            self.app.push_screen(TestSend(self.console, view.handler))

    def action_diagnose(self) -> None:
        from tui.dialogs.diagnosis import Diagnosis

        view = self._views.get(self.table.cursor_key or 0)
        if view:
            self.app.push_screen(Diagnosis(self.console, handler_id=view.handler.id, name=view.handler.name))

    async def action_delete(self) -> None:
        from tui.operations import handlers

        view = self._views.get(self.table.cursor_key or 0)
        if view is None:
            return
        uses = await self.console.read(handlers.uses, view.handler.id)
        hangs = [f"It is the sender of {use}" for use in uses]
        if view.queue.total:
            one = view.queue.total == 1
            hangs.append(
                f"{view.queue.total:,} {'message waits' if one else 'messages wait'} at it:"
                f" {'it is' if one else 'they are'} cancelled"
            )
        question = Confirm(f"Remove the handler {view.handler.name}?", yes="Remove", hangs=hangs)
        if await self.console.ask_person(question) == "yes":
            await self.attempt(
                self.console.operate(
                    handlers.remove, view.handler.id, cancel_waiting=True, although_used=True
                )
            )


def _api(view: "HandlerView") -> Gateway:
    return registry.of(view.handler.api_type)


def _searched(view: "HandlerView") -> str:
    return f"{view.handler.name} {_api(view).label} {view.shown.status} {view.shown.words}".casefold()


_SORTS = {
    "name": lambda view: view.handler.name.casefold(),
    "type": lambda view: view.handler.name.casefold(),
    "api": lambda view: view.handler.api_type,
    "status": lambda view: (view.shown.light, view.shown.words),
    "balance": lambda view: view.found.balance if view.found.balance is not None else -1,
    "queue": lambda view: view.queue.total,
    "accepted": lambda view: view.found.last_accepted_at or datetime.min.replace(tzinfo=UTC),
}


def status_of(view: "HandlerView") -> Content:
    """The Status column: sign, word, and for an error what is wrong."""
    light = view.shown.light
    sign, colour = SIGNS.get(light, "?"), COLOURS.get(light, "")
    marked = light in (HandlerState.ERROR, HandlerState.PAUSED)
    return Content.assemble((sign, colour), " ", plain(view.shown.words).stylize(colour if marked else ""))


def queue_of(queue: Queue) -> str:
    """Waiting, retrying and since when: "3 · 1 ↻ · 14:02"."""
    if not queue.total:
        return "–"
    parts = [f"{queue.waiting + queue.sending:,}"]
    if queue.retrying:
        parts.append(f"{queue.retrying:,} ↻")
    if queue.oldest_at:
        parts.append(short_time(queue.oldest_at, datetime.now(UTC)))
    return " · ".join(parts)


def _row(view: "HandlerView") -> Row:
    handler, found = view.handler, view.found
    accepted = found.last_accepted_at
    return Row(
        handler.id,
        (
            handler.name,
            "Clickatell SMS Sender",
            _api(view).label,
            status_of(view),
            money(found.balance, found.currency),
            queue_of(view.queue),
            short_time(accepted, datetime.now(UTC)) if accepted else "–",
        ),
        frozenset() if handler.enabled else frozenset({"dim"}),
    )


def _detail(view: "HandlerView") -> Content:
    handler, found, api = view.handler, view.found, _api(view)
    lines: list[Content] = [plain(handler.name).stylize("bold"), status_of(view)]
    if view.error:
        lines += [plain_block(view.error).stylize("$text-error")]
    facts = [
        ("Balance", money(found.balance, found.currency)),
        ("Paused", view.pause or ""),
        ("Checked", short_time(found.checked_at, datetime.now(UTC)) if found.checked_at else "–"),
        ("API", f"{api.label}, {api.subject_of(handler.settings)}"),
        ("Address", api.address_of(handler.settings) or ""),
        ("Secret", handler.secret_hint or "–"),
        ("Retries", retry.describe(view.plan)),
        ("Unknown", "send again" if handler.on_unknown is OnUnknown.RESEND else "hold for an operator"),
        ("Sends to", view.telephone_field or "no Telephone Number field yet"),
        ("Queue", queue_of(view.queue)),
        ("Notes", handler.notes),
    ]
    lines.append(Content(""))
    lines += [
        Content.assemble((f"{name:<9}", "$text-muted"), plain_block(value)) for name, value in facts if value
    ]
    lines += [plain_block(f"▲ {warning}").stylize("$text-warning") for warning in view.warnings]
    return Content("\n").join(lines)
