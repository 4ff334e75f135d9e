"""The console's screen: opens the site after the first frame, and leaves cleanly.

Everything that reads or writes the site happens off the screen's thread: `PortApp` hands calls
to threads, `SiteWatch` posts what is new, and the engine has a thread and a loop of its own: a
screen that fails takes neither the site nor the engine along (`OpenSite`).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from rich.text import Text
from textual import events
from textual.actions import ActionParseResult, parse
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.dom import DOMNode, NoScreen
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

from storage.vocabulary import InstanceKind
from tui.console import session_limits
from tui.console.appearance import Appearance
from tui.console.main_screen import MainScreen
from tui.console.open_site import OpenSite
from tui.console.port_app import PortApp
from tui.console.settings import ConsoleSettings
from tui.console.watch import Reviewed, RoleChanged, SignedOff, SiteChanged, SiteWatch, WatchFailed
from tui.dialogs.confirm import Confirm
from tui.dialogs.help import HelpScreen
from tui.keys.action import Action
from tui.keys.key_map import load_keymap
from tui.keys.registry import REGISTRY
from tui.operations.local_account import local_name
from tui.operations.overview import Overview
from tui.sections.section import Section
from tui.terminal import paste
from tui.terminal.key_order import TYPED, InOrder
from tui.terminal.size import within_reason
from tui.terminal.textual_private import CompositorUpdate, install, is_going
from tui.text.plain import plain_str
from tui.widgets.menu import ContextMenu
from tui.widgets.palette import ActionProvider

if TYPE_CHECKING:
    from scheduling.engine_thread import EngineThread
    from storage.vocabulary import Role
    from tui.operations.desk import Desk

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

install()

LOOK_EVERY = 1.0  # seconds
NOTICE_STAYS = 60.0  # seconds
MOST_MISHAPS = 10
TOUCHES = (events.Key, events.Paste, events.MouseDown, events.MouseScrollUp, events.MouseScrollDown)


class SiteReady(Message):
    """The site is open."""


class SiteUnusable(Message):
    """The site cannot be opened; the console can only say why."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


paste.install()


class ConsoleApp(PortApp):
    """The Textual app. `desk` is there once the site is open."""

    TITLE = "commsdesk"
    PLACE = "app"
    CSS_PATH = "main_screen.tcss"
    COMMANDS: ClassVar[set[Any]] = {ActionProvider}
    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("app")]
    PAUSE_GC_ON_SCROLL = True

    def __init__(
        self,
        settings: ConsoleSettings,
        open_desk: Callable[[], "Desk"] | None = None,
        *,
        site: OpenSite | None = None,
        notice: str = "",
    ) -> None:
        """`site` is what an earlier screen has left open; `notice` is told as soon as this one stands."""
        super().__init__()
        self.settings = settings
        self.site = site or OpenSite(settings, open_desk)
        self.appearance = Appearance(self, settings, settings.operator or local_name())
        self.failure: Exception | None = None
        """What ended this screen, where it did not end as it was asked to."""
        self.mishaps: list[Exception] = []
        """What went wrong in actions since the start; each stopped only itself."""
        self._notice = notice
        self.overview = Overview()
        self.leaving = False
        self._watch: SiteWatch | None = None
        self._screen_loop: asyncio.AbstractEventLoop | None = None
        self._role: Role | None = None
        self.files = settings.files
        self.session_time = self.site.session_time
        self._warned = False
        self._typed = InOrder(self, super().on_event)
        self._main = MainScreen(self.site, self.appearance)

    def get_default_screen(self) -> Screen[Any]:
        self.with_width(self._main)
        return self._main

    @property
    def engine(self) -> "EngineThread | None":
        """The engine that this console has started; None without one."""
        return self.site.engine

    # Starting

    @property
    def loop_of_screen(self) -> asyncio.AbstractEventLoop | None:
        """The loop to hand calls to from other threads, once it runs."""
        return self._screen_loop

    def on_mount(self) -> None:
        self._screen_loop = asyncio.get_running_loop()
        self.appearance.begin()
        self.call_after_refresh(self._begin)
        if self.settings.limits.any:
            self.set_interval(LOOK_EVERY, self._keep_limits)

    def _begin(self) -> None:
        self.run_worker(self._open, thread=True, group="open", exit_on_error=False)

    def _open(self) -> None:
        """In a thread: the imports and the opening take longer than a frame."""
        try:
            self.desk = self.site.open()
            self._watch = SiteWatch(self.desk, self._from_watch)
            self._watch.start()
            self.post_message(SiteReady())
        except Exception as error:
            log.exception("the site cannot be opened")
            self.post_message(SiteUnusable(str(error) or type(error).__name__))

    def on_site_ready(self) -> None:
        keymap = load_keymap(self.settings.folder / "keys.toml")
        if keymap.keys:
            REGISTRY.use(keymap.keys)
            self.set_keymap(dict(keymap.keys))
        for problem in keymap.problems:
            self.notify(problem, severity="warning", markup=False, title="keys.toml")
        if self.desk is not None:
            self.appearance.use(self.desk.operator)
        self.appearance.tell_problems()
        self._main.site_ready()
        if self._notice:
            self.notify(plain_str(self._notice), severity="error", timeout=NOTICE_STAYS, markup=False)

    def on_site_unusable(self, message: SiteUnusable) -> None:
        self._main.site_unusable(message.reason)

    # How long it may be open

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Resize) and event.size != (size := within_reason(event.size)):
            event = events.Resize(size, size, pixel_size=event.pixel_size)
        if isinstance(event, TOUCHES):
            self.session_time.touched()
            self._warned = False
        if not isinstance(event, TYPED) or (event.is_forwarded and self.screen_stack):
            await super().on_event(event)
        elif not event.is_forwarded:
            await self._typed.take(event)

    def _keep_limits(self) -> None:
        near = self.session_time.left()
        if near is None or near.time > session_limits.WARN_BEFORE:
            return
        if near.time <= timedelta(0):
            self.leave(0, f"commsdesk: {near.closed}")
        elif not self._warned:
            self._warned = True
            self.tell(near.warning, problem=True)

    # What is sent to the terminal

    def to_send(self, update: CompositorUpdate) -> CompositorUpdate | None:
        return self.appearance.changes(update)

    @property
    def size(self) -> Size:
        return within_reason(super().size)

    def on_resize(self) -> None:
        self.appearance.forget()
        for menu in self.screen.query(ContextMenu):
            menu.action_close()  # what it belongs to is elsewhere now

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        # Nothing blinks, Textual's own palette included: over a slow link it never comes to rest.
        if hasattr(event.widget, "cursor_blink"):
            event.widget.cursor_blink = False

    def action_redraw(self) -> None:
        """Draw all of the screen again, after something else has written on the terminal."""
        self.appearance.forget()
        self.screen.refresh()

    @property
    def role(self) -> "Role | None":
        """What the operator may do at this moment, as far as is known; None before the site is open."""
        return self._role or (self.desk.role if self.desk else None)

    # What the watch tells

    def _from_watch(self, message: Message) -> bool:
        """In the watch's thread."""
        if isinstance(message, SignedOff):
            self.session_time.signed_off(message.reason)
        return self.post_message(message)

    def on_role_changed(self, message: RoleChanged) -> None:
        self._role = message.role
        self._main.role_changed()
        self.refresh_bindings()

    def on_signed_off(self, message: SignedOff) -> None:
        self.leave(1, f"commsdesk: {message.reason}")

    def on_site_changed(self, message: SiteChanged) -> None:
        self.overview = message.overview
        self._main.site_changed(message.overview, message.wrote)

    def on_reviewed(self, message: Reviewed) -> None:
        self._main.reviewed(message.entries)

    def on_watch_failed(self, message: WatchFailed) -> None:
        self._main.watch_failed(message.reason)

    def edited(self, what: object) -> None:
        self._main.saved(what)

    # Sections

    def shows(self, section: Widget) -> bool:
        """Whether a section is what the person sees, with no dialog over it."""
        return self.screen is self._main and self._main.current is section

    def go_to_section(self, name: str) -> None:
        """Show a section, where no dialog lies over the sections."""
        if self.screen is self._main:
            self._main.action_section(name)

    async def show_section(self, name: str) -> Section | None:
        """Show a section and wait until it is there; None where a dialog lies over the sections."""
        return await self._main.show_section(name) if self.screen is self._main else None

    # Actions

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Every key, menu and command comes through here: one that is not allowed says why."""
        refused = self._refusal(action, default_namespace or self)
        if refused is not None:
            self.tell(refused, problem=True)
            return True
        if screen := _screen_to_come(default_namespace):
            screen.call_later(self.run_action, action, default_namespace, namespaces)
            return True
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:  # no key ends the program: it is told, and does nothing
            self._mishap(error)
            return True

    def _mishap(self, error: Exception) -> None:
        log.error("an action of the console failed", exc_info=error)
        self.mishaps = [*self.mishaps, error][-MOST_MISHAPS:]
        self.tell(f"This did not work ({type(error).__name__}); the log says more", problem=True)

    def _refusal(self, action: "str | ActionParseResult", target: DOMNode) -> str | None:
        name = (parse(action) if isinstance(action, str) else action)[1]
        found = REGISTRY.get(f"{getattr(target, 'PLACE', '')}.{name}")
        if found is None or self.desk is None or self.role is None or self.role.allows(found.role):
            return None
        from tui.operations.desk import refusal

        return refusal(self.desk.operator, self.role, found.title, found.role)

    def action_target(self, action: Action) -> DOMNode | None:
        """Where an action of the palette is carried out when the focus is elsewhere."""
        return self._main.place_of(action.place)

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen.for_focus(self.screen))

    def action_command_palette(self) -> None:
        """Find any command by name. There is one palette, also where a help screen lies over it.

        Without Textual's fixed id: the palette before may just be on its way out.
        """
        if not any(isinstance(each, CommandPalette) for each in self.screen_stack):
            self.push_screen(CommandPalette())

    def action_diagnose(self) -> None:
        """Every check of the site, live."""
        from tui.dialogs.diagnosis import Diagnosis

        if self.desk is not None and not isinstance(self.screen, Diagnosis):
            self.push_screen(Diagnosis(self))

    async def action_quit(self) -> None:
        """Leave; asks first when nothing would be sent afterwards."""
        if self.leaving:
            return
        warning = await self._warning_before_leaving()
        if warning is None:
            self.leave()
            return
        question = Confirm("Leave the console?", yes="Leave", no="Stay", hangs=[warning])
        self.push_screen(question, lambda answer: self.leave() if answer == "yes" else None)

    async def _warning_before_leaving(self) -> str | None:
        """The sentence to ask with, where this console's engine is the only one alive."""
        here = self.engine.engine if self.engine else None
        kind = self.settings.kind
        if here is None or self.desk is None or not here.holds_lease or kind == InstanceKind.DEMO:
            return None
        from storage import instances

        alive = await self.read(instances.alive, self.desk.now())
        if any(other.id != here.instance_id for other in alive):
            return None
        return self.overview.nothing_sent_after

    def leave(self, status: int = 0, last_words: str | None = None) -> None:
        """Stop claiming at once, let the answers come, then end; `last_words` stay on the terminal."""
        if self.leaving:
            return
        self.leaving = True
        self.exit(status, status, Text(plain_str(last_words)) if last_words else None)

    async def on_unmount(self) -> None:
        if self._watch is not None:
            self._watch.stop()

    # Errors

    def screen_failed(self, error: Exception, where: MessagePump | None) -> None:
        if self.leaving or is_going(where):
            # A screen that is being closed, perhaps before it stood: nobody misses what it lacks.
            log.warning("a screen that is being closed failed", exc_info=error)
            return
        log.critical("the console has failed", exc_info=error)
        if self.failure is None:
            self.failure = error
        self.end_failed(error)


def _screen_to_come(target: DOMNode | None) -> Screen[Any] | None:
    """The screen that an action came too early for: it is on its way, and not composed yet."""
    if not isinstance(target, Widget):
        return None
    try:
        return None if target.screen.is_mounted else target.screen
    except NoScreen:  # it was taken away
        return None
