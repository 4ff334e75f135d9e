"""The top lines of the console: which site, who sends, what asks for a person, and the handlers' lights."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from scheduling.money import money
from storage.vocabulary import HandlerState
from tui.operations.overview import Light, Overview
from tui.text.content import middle_cut, plain, plain_str
from tui.widgets.content_strip import content_strip

SIGNS: dict[str, str] = {
    HandlerState.RUNNING: "●",
    HandlerState.ERROR: "▲",
    HandlerState.STARTING: "◌",
    HandlerState.PAUSED: "‖",
    HandlerState.DISABLED: "○",
    HandlerState.STOPPED: "○",
}
COLOURS: dict[str, str] = {
    HandlerState.RUNNING: "$text-success",
    HandlerState.ERROR: "$text-error",
    HandlerState.STARTING: "$text-warning",
    HandlerState.PAUSED: "$text-warning",
    HandlerState.DISABLED: "$text-muted",
    HandlerState.STOPPED: "$text-warning",
}
GAP = "   "
SHORTEST_NAME, MOST_BALANCE = 9, 24
MOST_CURRENCY = 10


class SiteHeader(Widget):
    """Two lines: the site and its sender; each handler's light and balance."""

    DEFAULT_CSS = """
    SiteHeader { height: 2; width: 100%; background: $panel; color: $foreground; }
    SiteHeader:ansi { background: ansi_default; }
    """

    _shown = ""

    overview: reactive[Overview | None] = reactive(None)
    place: reactive[str] = reactive("")
    operator: reactive[str] = reactive("")
    here: reactive[str | None] = reactive(None)
    trouble: reactive[str | None] = reactive(None)
    opening: reactive[str | None] = reactive("opening the site…")

    def keep_time(self) -> None:
        """Draw again if what it says has changed with the time; an idle screen sends nothing."""
        said = str(self._said())
        if said != self._shown:
            self._shown = said
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        right = self._who() if y == 0 else Content("")
        room = max(0, width - 2 - right.cell_length - (2 if right else 0))
        left = self._first(room) if y == 0 else self._lights(room)
        shown = left.truncate(room, ellipsis=True, pad=True)
        content = Content.assemble(shown, "  " if right else "", right)
        return content_strip(content, width, self.visual_style, self.app.stylesheet.parse_style)

    def _who(self) -> Content:
        return plain(self.operator).stylize("$text-muted")

    def _first(self, width: int) -> Content:
        """Where it is too narrow for all of it, the program's own name goes first."""
        said = self._said()
        name = Content("commsdesk").stylize("bold")
        place = plain(self.place, width=max(12, width // 2))
        gap = GAP if self.place else ""
        full = Content.assemble(name, " · " if self.place else "", place, GAP, said)
        if full.cell_length <= width:
            return full
        short = self._said(short=True)
        placed = [Content.assemble(place.stylize("bold"), gap, each) for each in (said, short)]
        # What asks for a person is never cut off for the name of the place.
        return next((each for each in (*placed, said, short) if each.cell_length <= width), short)

    def _said(self, *, short: bool = False) -> Content:
        if self.opening:
            return Content.styled(self.opening, "$text-muted")
        if self.trouble:
            return plain(f"▲ {self.trouble}").stylize("$text-error")
        if self.overview is None:  # who sends is not known before the site has been read
            return Content.styled("reading the site…", "$text-muted")
        return Content.assemble(self._sender(self.overview), GAP, _queue(self.overview, short))

    def _sender(self, overview: Overview) -> Content:
        if overview.held:
            return Content.styled("▲ held, nothing is sent: ^p, site: Adopt", "$text-error")
        if not overview.engine_running:
            return Content.styled("▲ nothing sends: no engine is running", "$text-error")
        if overview.tasks_held_until is not None:
            until = f"{overview.tasks_held_until.astimezone():%H:%M}"
            said = f"▲ clock jumped, tasks wait till {until}: ^p, Let tasks go on"
            return Content.styled(said, "$text-warning")
        if overview.sender == self.here:
            said = "engine here"
        else:
            said = f"{overview.sender_kind or 'engine'} {overview.sender_pid} sends"
        age = overview.beat_age(datetime.now(UTC))
        if age is not None:
            return Content.styled(f"▲ {said}, last beat {_age(age)} ago", "$text-warning")
        return Content.assemble(("●", "$text-success"), f" {said}")

    def _lights(self, width: int) -> Content:
        overview = self.overview
        if overview is None:
            return Content("")
        if not overview.lights:
            return Content.styled("no handlers yet", "$text-muted")
        return _row_of(overview.lights, width)


def _row_of(lights: Sequence[Light], width: int) -> Content:
    """All lights with names and balances; where they do not fit, shorter names, then no balances."""
    longest = min(width, max(len(light.name) for light in lights))
    for balances in (True, False):
        for cells in range(longest, SHORTEST_NAME - 1, -1):
            row = Content(GAP).join(_light(light, cells, balances) for light in lights)
            if row.cell_length <= width:
                return row
    # Not all can be seen: what is wrong comes first.
    in_order = sorted(lights, key=lambda light: light.status != HandlerState.ERROR)
    return Content(GAP).join(_light(light, SHORTEST_NAME, False) for light in in_order)


def _queue(overview: Overview, short: bool) -> Content:
    """What asks for a person first, then what waits; failures of today last. In `short` more by signs."""
    parts = _alerts(overview, short)
    if waiting := overview.waiting + overview.sending:
        parts.append(Content(f"{waiting:,} waiting"))
    if overview.retrying:
        parts.append(Content(f"{overview.retrying:,} {'↻' if short else 'retrying'}"))
    if overview.unknown:
        parts.append(Content.styled(f"? {overview.unknown:,}{'' if short else ' unknown'}", "$text-warning"))
    if overview.oldest_due_at is not None:
        late = datetime.now(UTC) - overview.oldest_due_at
        if late > timedelta(seconds=10):
            said = f"due {_age(late)} ago" if short else f"oldest due {_age(late)} ago"
            parts.append(Content.styled(said, "$text-warning"))
    if overview.failed_today:
        said = f"✗ {overview.failed_today:,} {'today' if short else 'failed today'}"
        parts.append(Content.styled(said, "$text-error"))
    return Content(", ").join(parts) if parts else Content.styled("nothing waits", "$text-muted")


def _alerts(overview: Overview, short: bool) -> list[Content]:
    found = []
    if overview.unanswered:
        found.append(Content.styled(f"▲ {overview.unanswered:,} unanswered", "$text-error"))
    if overview.nobody_told:
        found.append(Content.styled(f"▲ {overview.nobody_told:,} told to nobody", "$text-error"))
    others = overview.open_alerts - overview.unanswered
    if others:
        noun = "" if short else " alert" if others == 1 else " alerts"
        found.append(Content.styled(f"▲ {others:,}{noun} open", "$text-error"))
    elif overview.answered_alerts and not overview.open_alerts:
        found.append(Content.styled(f"● {overview.answered_alerts:,} answered", "$text-warning"))
    if overview.silences:
        noun = "" if short else " silence" if overview.silences == 1 else " silences"
        found.append(Content.styled(f"⊘ {overview.silences:,}{noun}", "$text-warning"))
    return found


def _light(light: Light, longest: int, with_balance: bool) -> Content:
    balance = ""
    if with_balance and light.balance is not None:
        # The currency is as the gateway wrote it.
        balance = " " + plain_str(money(light.balance, light.currency))[:MOST_BALANCE]
    name = middle_cut(plain(light.name), longest)
    sign = (SIGNS.get(light.status, "?"), COLOURS.get(light.status, ""))
    return Content.assemble(sign, " ", name, (balance, "$text-muted"))


def _age(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < 90:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 5400 else f"{seconds // 3600} h"
