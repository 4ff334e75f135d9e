"""What is typed acts in the order in which it was typed, also when much of it comes at once.

Textual gives a key to the widget that has the focus and takes the next one, while a key that the widget
has no use for is still on its way up to the bindings: of `ab`, backspace, `c` that come together (a link
that hung, a busy machine) backspace would act last. Here what follows such a key waits until it has acted.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import events
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Input, TextArea

from tui.terminal.textual_private import is_used_up, parent_of

if TYPE_CHECKING:
    from textual.app import App

Typed = events.Key | events.Paste
TYPED = (events.Key, events.Paste)
# Should a key be lost with its widget, those behind it wait no longer.
LONGEST = 2.0  # seconds


class InOrder:
    """Hands on what is typed. `hand_on` is what Textual does with it."""

    def __init__(self, app: "App[int]", hand_on: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app, self._hand_on = app, hand_on
        self._waiting: deque[Typed] = deque()
        self._acting: Typed | None = None
        self._since = 0.0

    async def take(self, typed: Typed) -> None:
        """Hand it on, now or after those before it. Called as the app's own message loop comes to it."""
        self._waiting.append(typed)
        if self._acting is None or time.monotonic() - self._since > LONGEST:
            await self._go_on()

    async def _go_on(self) -> None:
        """Hand on as much as need not wait for what is before it."""
        self._acting = None
        while self._waiting and self._acting is None and self._app.screen_stack:
            typed = self._waiting.popleft()
            screen = self._app.screen
            target = self._app.focused or screen
            if _is_text(typed, target):
                await self._hand_on(typed)
                continue
            self._acting, self._since = typed, time.monotonic()
            await self._hand_on(typed)
            if typed.is_forwarded:
                self._follow(typed, target, screen)
            else:  # a binding of the app's own came first, and has acted
                self._done(typed, screen)

    def _follow(self, typed: Typed, pump: MessagePump, screen: Screen[object]) -> None:
        """Go the way that Textual sends it: behind it through the queue of each that it comes to."""
        if not pump.call_later(self._seen, typed, pump, screen):
            self._done(typed, screen)

    def _seen(self, typed: Typed, pump: MessagePump, screen: Screen[object]) -> None:
        """`pump` has had it; what it did not use is in the queue of its parent now."""
        above = parent_of(pump)
        if is_used_up(typed) or above is None:
            self._done(typed, screen)
        else:
            self._follow(typed, above, screen)

    def _done(self, typed: Typed, before: Screen[object]) -> None:
        """The next, once a screen that was opened has given something the focus."""
        app = self._app
        screen = app.screen_stack[-1] if app.screen_stack else before
        if screen is before or not screen.call_later(app.call_later, self._acted, typed):
            app.call_later(self._acted, typed)

    async def _acted(self, typed: Typed) -> None:
        # Another has been handed on meanwhile where this one took longer than it may.
        if typed is self._acting:
            await self._go_on()


def _is_text(typed: Typed, target: MessagePump) -> bool:
    """Whether the target takes it for text as it comes to it, so that what follows comes after it."""
    text = isinstance(typed, events.Paste) or typed.is_printable
    return text and isinstance(target, (Input, TextArea))
