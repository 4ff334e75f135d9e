"""The main screen: header, sections, the live review below every one of them, footer."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Static

from storage.records import Review
from storage.vocabulary import Role
from tui.console.appearance import Appearance
from tui.console.open_site import OpenSite
from tui.keys.places import SECTIONS, Place
from tui.keys.registry import REGISTRY
from tui.operations.overview import Overview
from tui.port import Console, console_of, run_waiting
from tui.review.kinds import line_of
from tui.review.panel import ReviewPanel
from tui.sections.registry import make_section
from tui.sections.section import Section
from tui.text.content import plain, plain_block
from tui.widgets.header import SiteHeader
from tui.widgets.key_line import KeyLine
from tui.widgets.next_step import NextStep
from tui.widgets.section_bar import Badge, SectionBar
from tui.widgets.steady_text import SteadyText

LOOK_EVERY = 1.0  # seconds
LEAST_FOR_PANEL = 20  # rows of the screen; below them the list gets what the live review would take
CANNOT_OPEN = "this site cannot be opened"


def badges_of(overview: Overview) -> dict[str, Badge]:
    """What the sections' labels count: alerts that somebody must see to, and messages that failed."""
    found: dict[str, Badge] = {}
    if overview.open_alerts:
        found[Place.ALERTS] = Badge("▲", overview.open_alerts, "$text-error")
    elif overview.answered_alerts:
        found[Place.ALERTS] = Badge("●", overview.answered_alerts, "$text-warning")
    if overview.failed_today:
        found[Place.MESSAGES] = Badge("✗", overview.failed_today, "$text-error")
    elif overview.unknown:
        found[Place.MESSAGES] = Badge("?", overview.unknown, "$text-warning")
    return found


class MainScreen(Screen[None]):
    """One section at a time, each made when it is first looked at."""

    PLACE = "main"
    HELP = """\
The console. The digits go to the sections; tab goes from the list to the live review and back. \
What is done in a list is at the bottom of the screen; m or a right click shows all of it. \
Ctrl+p finds any command by name."""

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("main")]

    def __init__(self, site: OpenSite, appearance: Appearance) -> None:
        super().__init__()
        self._site, self._appearance = site, appearance
        self._overview: Overview | None = None
        self._ready = False
        self._wanted = ""
        self._unread: str | None = None
        self._newest_open: int | None = None
        self._chosen = False
        self._making = asyncio.Lock()
        self._folded: bool | None = None  # as the operator said; None leaves it to the height

    @property
    def console(self) -> Console:
        return console_of(self)

    @property
    def current(self) -> Section | None:
        """The section that is shown."""
        name = self.query_one(ContentSwitcher).current
        return self.query_one(f"#{name}", Section) if name else None

    def compose(self) -> ComposeResult:
        yield SiteHeader(id="header")
        if self._site.settings.banner:
            yield SteadyText(plain(self._site.settings.banner), id="banner")
        yield NextStep()
        with Horizontal(id="middle"):
            yield SectionBar(list(SECTIONS.items()), id="sections")
            with Vertical(id="stage"):
                yield SteadyText(id="unusable")
                yield ContentSwitcher(id="content")
                yield ReviewPanel(id="review-panel")
        yield KeyLine()

    def on_mount(self) -> None:
        header = self.query_one(SiteHeader)
        header.place = self._site.settings.place
        self._go_to(self._appearance.choices.section)
        self.set_interval(LOOK_EVERY, self._look)

    # What the app passes on

    @property
    def _is_left(self) -> bool:
        """Whether the console is being left: what is still told then finds nothing to show it."""
        return self.query_one_optional(SiteHeader) is None or self.query_one_optional(ReviewPanel) is None

    def on_screen_resume(self) -> None:
        """What was written while an editor was open is shown now."""
        if self._ready and not self._is_left and self.current is not None:
            self.current.site_changed()

    def site_ready(self) -> None:
        if self._is_left:
            return
        desk = self.console.desk
        assert desk is not None
        self._ready = True
        header = self.query_one(SiteHeader)
        header.opening = None
        self.role_changed()
        engine = self._site.engine
        header.here = engine.engine.instance_id if engine and engine.engine else None
        for section in self.query(Section):
            section.site_ready()

    def role_changed(self) -> None:
        """Who is at work, and as what where that is less than everything."""
        desk, role = self.console.desk, self.console.role
        if self._is_left or desk is None or role is None:
            return
        less = f" ({role})" if not role.allows(Role.ADMINISTRATOR) else ""
        self.query_one(SiteHeader).operator = f"{desk.operator}{less}"

    def site_unusable(self, reason: str) -> None:
        if self._is_left:
            return
        header = self.query_one(SiteHeader)
        header.opening, header.trouble = None, CANNOT_OPEN
        # In full: a path alone may be longer than a line.
        sentence = plain_block(f"{CANNOT_OPEN[0].upper()}{CANNOT_OPEN[1:]}.\n\n{reason}\n\nctrl+q leaves.")
        self.query_one("#unusable", Static).update(sentence)
        self.add_class("-unusable")
        for section in self.query(Section):
            section.show_trouble(CANNOT_OPEN)

    def site_changed(self, overview: Overview, wrote: bool) -> None:
        if self._is_left:
            return
        self._overview = overview
        header = self.query_one(SiteHeader)
        header.overview = overview
        self.query_one(SectionBar).badges = badges_of(overview)
        self._heed_alerts(overview)
        self._say_next_step()
        self._look()
        if wrote and (section := self.current) is not None:
            section.site_changed()

    def _heed_alerts(self, overview: Overview) -> None:
        """A new open alert rings once; a console that opens while one is open shows it."""
        if self._newest_open is None:
            self._newest_open = overview.newest_open
            if overview.open_alerts and not self._chosen and len(self.app.screen_stack) == 1:
                self.action_section(Place.ALERTS)
        elif overview.newest_open > self._newest_open:
            self._newest_open = overview.newest_open
            if self._appearance.choices.bell:
                self.app.bell()

    def reviewed(self, entries: list[Review]) -> None:
        if self._is_left:
            return
        self.query_one(ReviewPanel).append([line_of(entry) for entry in entries])

    def saved(self, what: object) -> None:
        """An editor has closed: show what it saved."""
        if what is not None and self.current is not None:
            self.current.saved(what)

    def watch_failed(self, reason: str | None) -> None:
        if self._is_left:
            return
        self._unread = reason
        self._look()

    def _look(self) -> None:
        """What no write tells of: the engine waits for a lock, or the last beat grows old."""
        if self._is_left or not self._ready:
            return
        engine = self._site.engine
        header = self.query_one(SiteHeader)
        header.trouble = (engine.engine.trouble if engine and engine.engine else None) or self._unread
        header.keep_time()

    def _say_next_step(self) -> None:
        desk, overview = self.console.desk, self._overview
        if desk is not None and overview is not None:
            self.query_one(NextStep).say(overview.missing, desk.role)

    def action_next_step(self) -> None:
        """Make what a new site still lacks."""
        from tui.editors.first_steps import SECTION_OF, make

        missing = self._overview.missing if self._overview is not None else None
        if missing is not None:
            self.action_section(SECTION_OF[missing.step])  # where what is made is seen
            make(self.console, missing)

    # Sections

    def action_section(self, name: str) -> None:
        """Show a section; it is made when it is first shown."""
        self._chosen = True
        self._go_to(name)

    def _go_to(self, name: str) -> None:
        self._wanted = name
        if self.query(f"#{name}"):
            self._show(name)
            self.query_one(f"#{name}", Section).reload()
        else:
            self.run_worker(self._make(name), group="section", exit_on_error=False)

    async def _make(self, name: str) -> None:
        async with self._making:  # it may be asked for again while it is made
            if not self.query(f"#{name}"):
                section = make_section(name)
                await self.query_one(ContentSwitcher).add_content(section)
                if self._ready:
                    section.site_ready()
        if name == self._wanted:  # or another was asked for while this one was made
            self._show(name)

    async def show_section(self, name: str) -> Section:
        """Show a section and wait until it is there."""
        self._chosen = True
        self._wanted = name
        if self.query(f"#{name}"):
            self._show(name)
        else:
            await self._make(name)
        return self.query_one(f"#{name}", Section)

    # The live review

    def on_resize(self) -> None:
        self._fold()

    def action_panel(self) -> None:
        """Fold the live review away, or show it again."""
        self._folded = not self.has_class("-folded")
        self._fold()

    def _fold(self) -> None:
        """The whole review has no second one below it; a low screen belongs to the list."""
        low = self._folded if self._folded is not None else self.size.height < LEAST_FOR_PANEL
        folded = low or self._wanted == Place.REVIEW
        if folded and self.query_one(ReviewPanel).has_focus and self.current is not None:
            self.current.focus_list()
        self.set_class(folded, "-folded")

    def _show(self, name: str) -> None:
        self._fold()
        self.query_one(ContentSwitcher).current = name
        self.query_one(SectionBar).current = name
        section = self.query_one(f"#{name}", Section)
        section.focus_list()

    def on_section_bar_chosen(self, event: SectionBar.Chosen) -> None:
        self.action_section(event.name)

    def on_review_panel_entry_chosen(self, event: ReviewPanel.EntryChosen) -> None:
        from tui.review.entry import show_entry

        show_entry(self.console, event.entry_id)

    def place_of(self, place: str) -> DOMNode | None:
        """What carries out the actions of a place when the focus is elsewhere."""
        if place in SECTIONS:
            section = self.current
            return section if section is not None and place == section.PLACE else None
        found: dict[str, DOMNode | None] = {
            "main": self,
            "app": self.app,
            "panel": self.query_one(ReviewPanel),
            "table": self.current.table if self.current else None,
        }
        return found.get(place)

    def action_filter(self) -> None:
        if self.current is not None:
            self.current.start_filter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "adopt":
            return self._overview is not None and self._overview.held
        if action == "tasks_go_on":
            return self._overview is not None and self._overview.tasks_held_until is not None
        if action == "next_step":
            return self._overview is not None and self._overview.missing is not None
        return True

    def action_adopt(self) -> None:
        from tui.dialogs.adopt import adopt

        run_waiting(self, adopt(self.console), group="adopt")

    def action_tasks_go_on(self) -> None:
        from tui.tasks.go_on import tasks_go_on

        run_waiting(self, tasks_go_on(self.console), group="tasks_go_on")

    def action_reload(self) -> None:
        if self.current is not None:
            self.current.reload()
