"""The section Alerts: what may be raised, and what each stage sends."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import sqlalchemy as sa
from textual.content import Content

from scheduling.holds import silence_said
from storage import occurrence_history
from storage.holds import Silence
from storage.occurrence_history import OccurrenceFilter
from storage.vocabulary import Stage
from tui.dialogs.confirm import Confirm
from tui.keys.places import Place
from tui.operations import alerts
from tui.operations.alerts import AlertView
from tui.operations.form_values import counted, minutes_of
from tui.sections.section import Section
from tui.sections.sorting import ordered
from tui.sections.subview import show_view
from tui.sections.switching import wanted_state
from tui.text.content import detail_line, plain, plain_block
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, Row, RowSource

MOST_TEXT = 200


class AlertsSection(Section):
    """Alerts. While something is active, arriving here shows the occurrences first."""

    PLACE = Place.ALERTS
    HELP = """\
Alerts: what is sent, and to whom, at each stage of something that happens. r raises the alert under \
the cursor, enter opens it with a tab for each stage, e lets it be raised or not. o shows the \
occurrences: each time that an alert was raised. While one is active they are what is shown first. \
▲ marks an alert that would not reach everyone, with the reason."""
    EMPTY = "No alerts yet. Press n to make one."
    SORT = ("name", False)
    RECORD = "alert"
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("name", "Name", 16, flex=3),
        Column("state", "State", 12, flex=3),
        Column("active", "Active", 6, align="right"),
        Column("sends", "Sends", 18, flex=2, priority=1, sortable=False),
        Column("priority", "Priority", 8, align="right"),
    )
    MENU = (
        "alerts.raise",
        "alerts.occurrences",
        "-",
        "alerts.edit",
        "alerts.enable",
        "-",
        "alerts.new",
        "alerts.delete",
    )

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._views: dict[int, AlertView] = {}
        self._stays = False
        self._looks = False

    async def make_source(self) -> RowSource:
        self._views = {view.alert.id: view for view in await self.console.ask(alerts.listing)}
        words = self.words.casefold().split()
        shown = [v for v in self._views.values() if all(word in _searched(v) for word in words)]
        return ListSource([_row(view) for view in ordered(shown, self.order, _SORTS)])

    async def total(self) -> int | None:
        return len(self._views)

    async def detail(self, key: int) -> Content | None:
        view = self._views.get(key)
        return _detail(view) if view else None

    def may(self, action_id: str, keys: tuple[int, ...]) -> bool:
        if action_id == "alerts.raise":
            view = self._views.get(keys[0])
            return len(keys) == 1 and view is not None and view.alert.enabled
        return len(keys) == 1 or action_id not in ("alerts.edit", "alerts.delete")

    @property
    def _here(self) -> AlertView | None:
        return self._views.get(self.table.cursor_key or 0)

    # Arriving: what is active comes before what could be

    def returned_to(self) -> None:
        """The next time it is shown, show the alerts and not what is active."""
        self._stays = True

    def on_show(self) -> None:
        if not self._stays:
            self._look_for_active()
        self._stays = False

    def site_ready(self) -> None:
        super().site_ready()
        self._look_for_active()

    def _look_for_active(self) -> None:
        if self.console.desk is not None and self.display and not self._looks:
            self._looks = True
            self.run_worker(self._show_active(), group="active", exit_on_error=False)

    async def _show_active(self) -> None:
        try:
            active = await self.console.read(occurrence_history.count, OccurrenceFilter(active_only=True))
        finally:
            self._looks = False
        if active and self.console.shows(self):
            self.action_occurrences()

    # What can be done

    def action_occurrences(self) -> None:
        from tui.sections.occurrences import OccurrencesSection

        show_view(self, OccurrencesSection)

    def action_new(self) -> None:
        from tui.editors.alert import AlertEditor

        self.console.open_editor(partial(AlertEditor.load, self.console, None))

    def action_edit(self) -> None:
        from tui.editors.alert import AlertEditor

        if self._here:
            self.console.open_editor(partial(AlertEditor.load, self.console, self._here.alert.id))

    def action_raise(self) -> None:
        from tui.occurrences.raise_alert import RaiseAlert

        if self._here:
            self.console.open_editor(partial(RaiseAlert.load, self.console, self._here.alert.id))

    async def action_enable(self) -> None:
        views = [self._views[key] for key in self.table.chosen if key in self._views]
        chosen = [(view.alert.name, view.alert.enabled) for view in views]
        hangs = ["It cannot be raised while it is disabled" if len(views) == 1 else "They cannot be raised"]
        enabled = await wanted_state(self.console, "alerts", chosen, hangs)
        if enabled is None:
            return
        for view in views:
            saved = await self.attempt(self.console.operate(alerts.set_enabled, view.alert.id, enabled))
            for warning in saved.warnings if saved else ():
                self.console.tell(f"▲ {view.alert.name}: {warning}")

    async def action_delete(self) -> None:
        view = self._here
        if view is None:
            return
        hangs = (
            [f"{counted(len(view.alert.actions), 'action')} will go with it"] if view.alert.actions else []
        )
        if view.active:
            hangs.append(f"{counted(view.active, 'active occurrence')} will be finalised, and nothing sent")
        if past := await self.console.read(_raised, view.alert.id):
            hangs.append(f"It was raised {past:,} times: its history stays")
        question = Confirm(f"Delete the alert {view.alert.name}?", yes="Delete", no="Keep", hangs=hangs)
        if await self.console.ask_person(question) == "yes":
            await self.attempt(
                self.console.operate(alerts.remove, view.alert.id, although_active=bool(view.active))
            )


def _raised(connection: sa.Connection, alert_id: int) -> int:
    return occurrence_history.count(connection, OccurrenceFilter(alert_id=alert_id))


def _searched(view: AlertView) -> str:
    alert = view.alert
    return f"{alert.name} {alert.description} {' '.join(view.problems)}".casefold()


def _state_order(view: AlertView) -> tuple[bool, bool]:
    return not view.broken, not view.alert.enabled


_SORTS = {
    "name": lambda view: view.alert.name.casefold(),
    "state": _state_order,
    "active": lambda view: view.active,
    "priority": lambda view: view.alert.priority,
}


def _state(view: AlertView) -> Content:
    if not view.alert.enabled:
        return Content.styled("○ disabled", "$text-muted")
    if view.problems:
        more = f" (and {len(view.problems) - 1} more)" if len(view.problems) > 1 else ""
        return plain(f"▲ {view.problems[0]}{more}", width=MOST_TEXT).stylize("$text-error")
    if view.silence is not None:
        return plain(_silenced(view.silence), width=MOST_TEXT).stylize("$text-warning")
    return Content.styled("● enabled", "$text-success")


def _silenced(silence: Silence) -> str:
    """ "⊘ silenced until 16:00 (ana: works on door 7)"; with the key where it is of one."""
    return f"⊘ {f'{silence.key} ' if silence.key else ''}{silence_said(silence)}"


def _sends(view: AlertView) -> str:
    """How many actions each tab has: "Created 2, Restored 1"."""
    numbers = [(stage, sum(action.stage == stage for action in view.alert.actions)) for stage in Stage]
    return ", ".join(f"{stage} {number}" for stage, number in numbers if number) or "–"


def _row(view: AlertView) -> Row:
    active = Content.styled(f"▲ {view.active:,}", "$text-error") if view.active else Content("–")
    alert = view.alert
    return Row(
        alert.id,
        (alert.name, _state(view), active, _sends(view), str(alert.priority)),
        frozenset() if alert.enabled else frozenset({"dim"}),
    )


def _detail(view: AlertView) -> Content:
    alert = view.alert
    lines = [plain(alert.name).stylize("bold")]
    lines += [
        plain_block(f"▲ {problem}").stylize("$text-error") for problem in view.problems if alert.enabled
    ]
    if view.silence is not None:
        lines.append(plain_block(_silenced(view.silence)).stylize("$text-warning"))
    lines += [
        Content(""),
        detail_line("State", "enabled" if alert.enabled else "disabled"),
        detail_line("Priority", str(alert.priority)),
        detail_line("Active", str(view.active) if view.active else "–"),
    ]
    if alert.fields:
        lines.append(
            detail_line("Fields", ", ".join(_field(item.name, item.default) for item in alert.fields))
        )
    if alert.useful_life:
        lines.append(detail_line("Useful life", f"{minutes_of(alert.useful_life):g} min"))
    if alert.settle:
        lines.append(detail_line("Settle", f"{minutes_of(alert.settle):g} min"))
    if alert.system:
        lines.append(detail_line("Raised by", f"the program: {alert.system}"))
    if alert.description:
        lines += [Content(""), plain_block(alert.description)]
    for action in alert.actions:
        to = ", ".join(person.name or person.number or "" for person in action.recipients[:6])
        more = f" and {len(action.recipients) - 6} more" if len(action.recipients) > 6 else ""
        off = "" if action.enabled else "  ○ off"
        lines += [
            Content(""),
            Content.assemble((action.stage or "", "bold"), plain(f"  {action.handler} to {to}{more}{off}")),
            plain_block(action.text).stylize("$text-muted"),
        ]
    return Content("\n").join(lines)


def _field(name: str, default: str | None) -> str:
    return name if default is None else f"{name} ({default})"
