"""All that the console uses of Textual beyond its public names.

A new version of Textual is held against this file. First what Textual has no public way for: what goes to
the terminal, what ends a screen, the mouse and the frames while it runs. Then six faults of Textual,
mended in its own classes, as its widgets (the command palette, an open choice, a button) have the faults
that ours inherit from them:

- `OptionList` looks up the line of the highlighted option, which has none before the first layout, and
  none in a window without room: a KeyError whenever a page key comes with the one that opens the list.
- `OptionList` takes a click for the option that was drawn there, which the list may have lost since: an
  IndexError at a click while the palette finds less.
- `Screen.dismiss` closes whatever is on top: two keys that both close a question took the editor below it
  along, or the last screen, and a screen that was done while a help lay over it closed the help.
- `CommandPalette` takes the screen under it for there when it opens: an IndexError where that one ended
  with the key before, as an editor that has just been saved.
- `Content` that is not wrapped is cut into pieces as wide as its widget, which may be nothing: a ValueError.
- `Screen` asks where a text that the mouse points at stands, also of one that was taken away since it was
  drawn, which stands nowhere: an AttributeError at a click in a list that is just being read again.
"""

from typing import Any

from textual import screen as textual_screen
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._context import active_message_pump
from textual._node_list import DuplicateIds
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.content import Content
from textual.events import Click, Mount
from textual.filter import Monochrome, NoColor
from textual.geometry import Offset
from textual.keys import _character_to_key as key_of_character
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList
from textual.worker import WorkerFailed, active_worker

__all__ = [
    "ChopsUpdate",
    "CompositorUpdate",
    "DuplicateIds",
    "LayoutUpdate",
    "XTermParser",
    "key_of_character",
]

_move_page = OptionList._move_page
_on_click = OptionList._on_click
_dismiss = Screen.dismiss
_mount_palette = CommandPalette._on_mount
_wrap_and_format = Content._wrap_and_format
_widget_and_offset_at = Screen.get_widget_and_offset_at


def _move_page_when_laid_out(self: OptionList, direction: Any) -> None:
    if (self.highlighted or 0) in self._index_to_line:
        _move_page(self, direction)


async def _click_what_is_there(self: OptionList, event: Click) -> None:
    clicked = event.style.meta.get("option")
    if clicked is None or clicked < self.option_count:
        await _on_click(self, event)


def _mount_where_it_still_stands(self: CommandPalette, _: Mount) -> None:
    if self in self.app.screen_stack[1:]:
        _mount_palette(self, _)


def _wrap_to_something(self: Content, width: int, *others: Any, **options: Any) -> Any:
    return _wrap_and_format(self, max(1, width), *others, **options)


def _dismiss_this(self: Screen[Any], result: Any = None) -> AwaitComplete:
    app = self.app
    if self not in app.screen_stack:
        return AwaitComplete()
    while app.screen is not self:
        app.pop_screen()
    closed: AwaitComplete = _dismiss(self, result)
    return closed


def _widget_that_stands_at(self: Screen[Any], x: int, y: int) -> tuple[Widget | None, Offset | None]:
    found, offset = _widget_and_offset_at(self, x, y)
    gone = found is not None and found is not self and not found.is_attached
    return (None, None) if gone else (found, offset)


class WatchedApp(App[int]):
    """An app that is asked what to send to the terminal, and what to do when a screen fails."""

    def to_send(self, update: CompositorUpdate) -> CompositorUpdate | None:
        """What of an update goes to the terminal; None where it is nothing."""
        return update

    def screen_failed(self, error: Exception, where: MessagePump | None) -> None:
        """Something of a screen raised an error that nobody handled; `where` is the part that it was in."""
        self.end_failed(error)

    def end_failed(self, error: Exception) -> None:
        """End with status 1, and without Textual's own report: that prints local variables."""
        self._return_code = 1
        self._exception = error
        self._exception_event.set()
        self.exit(1, 1)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        # Only what Textual would write now: what it drops must not count as shown.
        drawn = isinstance(renderable, CompositorUpdate) and self._running and not self._closed
        if drawn and not (self._batch_count or self.is_headless or self._driver is None):
            renderable = self.to_send(renderable)
        super()._display(screen, renderable)

    def _handle_exception(self, error: Exception) -> None:
        where: MessagePump | None = active_message_pump.get(None)
        if isinstance(error, WorkerFailed) and (worker := active_worker.get(None)) is not None:
            where = worker.node  # while it runs, the app counts as active
        self.screen_failed(error, where)


def is_going(pump: MessagePump | None) -> bool:
    """Whether a part of the screen is being taken away, or what it stands on is."""
    while pump is not None and not isinstance(pump, App):
        if pump._closing or pump._closed or getattr(pump, "_pruning", False):
            return True
        if isinstance(pump, Screen) and isinstance(pump._parent, App):
            # A screen that was closed is off the stack at once, and goes a little later.
            return pump not in pump._parent.screen_stack
        pump = pump._parent
    return pump is None


def parent_of(pump: MessagePump) -> MessagePump | None:
    """What a message that `pump` has no use for goes to next."""
    return pump._parent


def is_used_up(message: Message) -> bool:
    """Whether the one that had a message last keeps it from its parents."""
    return message._stop_propagation


def awaits_more(parser: XTermParser) -> bool:
    """Whether what a terminal has sent may be the beginning of a key."""
    return parser._timeout_time is not None


def set_frames(app: App[Any], frames: int) -> None:
    """Let the screens that are there and those to come draw at most so many frames a second."""
    # Textual reads its own limit from the environment, before the settings of a person are known.
    period = 1 / frames
    setattr(textual_screen, "UPDATE_PERIOD", period)  # noqa: B010 - declared final
    for shown in app.screen_stack:
        shown._update_timer._interval = period


def set_mouse(app: App[Any], wanted: bool) -> None:
    """Take the mouse from the terminal, or give it back, while the app runs."""
    driver: Any = app._driver
    if driver is None or not hasattr(driver, "_enable_mouse_support"):
        return
    # The driver passes over both calls while it believes that there is no mouse.
    if not wanted:
        driver._disable_mouse_support()
    driver._mouse = wanted
    driver._enable_mouse_support()


def drop_colours(app: App[Any]) -> None:
    """Show no colours from here on, shades of grey included."""
    # Textual chose its filter before it knew our theme.
    filters = [each for each in app._filters if not isinstance(each, Monochrome | NoColor)]
    app._filters[:] = [*filters, NoColor()]


def install() -> None:
    """Once for the process; again does nothing more."""
    OptionList._move_page = _move_page_when_laid_out  # type: ignore[method-assign]
    OptionList._on_click = _click_what_is_there  # type: ignore[method-assign]
    CommandPalette._on_mount = _mount_where_it_still_stands  # type: ignore[method-assign]
    Content._wrap_and_format = _wrap_to_something  # type: ignore[method-assign]
    Screen.dismiss = _dismiss_this  # type: ignore[method-assign]
    Screen.get_widget_and_offset_at = _widget_that_stands_at  # type: ignore[method-assign]
