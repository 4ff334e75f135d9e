"""What a random walk does at one step: keys, texts, pastes, resizes, the mouse, actions by their names."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from textual import events
from textual.geometry import Size
from textual.pilot import Pilot

from tests.tui.textual_private import comes, mouse_comes, window_becomes
from tui.keys.registry import REGISTRY
from tui.widgets.palette import target_of

MORE_SIZES = ((20, 5), (40, 12), (80, 24), (160, 50), (250, 70), (1, 1))
MOVES = (
    "up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "enter", "escape",
    "space", "backspace", "delete", "ctrl+a", "ctrl+u", "ctrl+k", "ctrl+z", "ctrl+y", "shift+down", "f2",
)  # fmt: skip
TYPED = "abAZ09 +-.,:;'\"{}[]()%$@\\/é€ж国👍\u202e"
PASTED = (
    "one\r\ntwo\rthree", "+61 400 000 000", "\x1b[31mred\x1b[0m", "x" * 5_000, "{Name} {Zone}", "",
    "\x00\x07",
    "*/5 9-17 * * 1-5", "crew.csv", "יוסי 국 👩‍👩‍👧", "a\tb\n",
)  # fmt: skip

NOT_CHOSEN = {"app.quit"}  # each leg ends with it
SINGLY = tuple(action.id for action in REGISTRY if not action.key)
"""Actions without a key: done by name, as the palette does."""


class Hands:
    """Does it, and says so in the trail."""

    chance: random.Random
    steps: int
    actions: Counter[str]
    trail: list[str]

    def _see(self, app: Any) -> None:
        """Note what is shown after a key."""
        raise NotImplementedError

    patience: float = 2.0  # seconds

    async def _until(
        self, pilot: Pilot[Any], state: Callable[[], object], seconds: float | None = None
    ) -> bool:
        """Wait a while for what chance may have prevented."""
        end = time.monotonic() + (seconds or self.patience)
        while not state():
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.005)
        await rest(pilot)
        return True

    def _says(self, what: str) -> None:
        self.trail = [*self.trail[-400:], what]

    async def _step(self, pilot: Pilot[Any]) -> None:
        self.steps += 1
        kinds = (
            self._key,
            self._move,
            self._type,
            self._paste,
            self._resize,
            self._mouse,
            self._burst,
            self._by_name,
        )
        how = self.chance.choices(kinds, (40, 14, 8, 3, 3, 14, 12, 1))[0]
        await how(pilot)

    def _offered(self, app: Any) -> dict[str, str]:
        """The actions that have a key here now, with one of the keys."""
        return {
            str(active.binding.id): key
            for key, active in app.screen.active_bindings.items()
            if active.enabled and active.binding.id in REGISTRY and active.binding.id not in NOT_CHOSEN
        }

    async def _key(self, pilot: Pilot[Any]) -> None:
        offered = self._offered(pilot.app)
        if not offered:
            return
        weights = [1 / (1 + self.actions[name]) for name in offered]
        name = self.chance.choices(list(offered), weights)[0]
        await self._press(pilot, offered[name])

    async def _move(self, pilot: Pilot[Any]) -> None:
        await self._press(pilot, self.chance.choice(MOVES))

    async def _type(self, pilot: Pilot[Any]) -> None:
        await self._press(pilot, *self.chance.choices(TYPED, k=self.chance.randint(1, 6)))

    async def _paste(self, pilot: Pilot[Any]) -> None:
        await self._put(pilot, self.chance.choice(PASTED))

    async def _put(self, pilot: Pilot[Any], text: str) -> None:
        self._says(f"paste {text[:30]!r}")
        comes(pilot.app, events.Paste(text))
        await rest(pilot)

    async def _resize(self, pilot: Pilot[Any]) -> None:
        size = self.chance.choice(MORE_SIZES)
        self._says(f"resize {size}")
        window_becomes(pilot.app, Size(*size))
        await rest(pilot)

    async def _mouse(self, pilot: Pilot[Any]) -> None:
        x, y = (self.chance.randrange(max(1, most)) for most in pilot.app.size)
        kind = self.chance.choice(("click", "click", "double", "right", "ctrl", "wheel", "drag"))
        self._says(f"{kind} at {x},{y}")
        button = 3 if kind == "right" else 1
        if kind == "wheel":
            self._send_mouse(
                pilot, self.chance.choice((events.MouseScrollDown, events.MouseScrollUp)), x, y, 0
            )
        else:
            for _ in range(2 if kind == "double" else 1):
                self._send_mouse(pilot, events.MouseMove, x, y, 0)
                self._send_mouse(pilot, events.MouseDown, x, y, button, kind == "ctrl")
                if kind == "drag":
                    x, y = (self.chance.randrange(max(1, most)) for most in pilot.app.size)
                    self._send_mouse(pilot, events.MouseMove, x, y, button)
                self._send_mouse(pilot, events.MouseUp, x, y, button, kind == "ctrl")
        await rest(pilot)

    @staticmethod
    def _send_mouse(
        pilot: Pilot[Any], kind: type[events.MouseEvent], x: int, y: int, button: int, ctrl: bool = False
    ) -> None:
        event = kind(None, x, y, 0, 0, button, False, False, ctrl, screen_x=x, screen_y=y)
        mouse_comes(pilot.app, event)

    async def _burst(self, pilot: Pilot[Any]) -> None:
        """Several at once, as from a link that hung."""
        keys = list(self._offered(pilot.app).values()) or list(MOVES)
        chosen = [
            self.chance.choice(keys) if self.chance.random() < 0.5 else self.chance.choice(MOVES)
            for _ in range(self.chance.randint(2, 6))
        ]
        await self._press(pilot, *chosen)

    async def _by_name(self, pilot: Pilot[Any]) -> None:
        """As the palette does it: an action that can be done and has no key."""
        can = [name for name in SINGLY if target_of(REGISTRY[name], pilot.app.screen) is not None]
        if can:
            await self._do(pilot, min(can, key=lambda name: self.actions[name]))

    async def _do(self, pilot: Pilot[Any], name: str) -> None:
        action = REGISTRY[name]
        target = target_of(action, pilot.app.screen)
        self._says(f"by name {action.id}")
        if target is not None:
            await pilot.app.run_action(action.action, target)
        await rest(pilot)

    async def _press(self, pilot: Pilot[Any], *keys: str) -> None:
        """All of them are there before the first is looked at."""
        self._says("keys " + " ".join(keys))
        for key in keys:
            named = {" ": "space"}.get(key, key)
            character = key if len(key) == 1 else {"space": " ", "enter": "\r"}.get(key)
            comes(pilot.app, events.Key(named, character))
        await rest(pilot)
        self._see(pilot.app)


async def rest(pilot: Pilot[Any]) -> None:
    """Let what was sent act."""
    for _ in range(3):
        await asyncio.sleep(0)
    if pilot.app.is_running and not pilot.app.leaving:  # type: ignore[attr-defined]
        await pilot.pause(0)
