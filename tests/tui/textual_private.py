"""All that the tests use of Textual beyond its public names; `test_private_names` holds the others to it.

A new version of Textual is held against this file, as against tui/terminal/textual_private.py.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.segment import Segment
from textual import events, strip
from textual._context import visible_screen_stack
from textual.app import App
from textual.color import Color
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.geometry import Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets._toast import Toast
from textual.worker import Worker

# What is on the screen


def strips_of(app: App[Any]) -> list[Strip]:
    """The lines as they are drawn. What they find around a dialog stays drawn, so it must be there."""
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_strips()


def as_sent(app: App[Any], segments: list[Segment]) -> list[Segment]:
    """One line after the filters that it passes on its way to the terminal."""
    for each in app._filters:
        if each.enabled:
            segments = each.apply(segments, Color.parse("black"))
    return segments


def notified(app: App[Any]) -> list[str]:
    """The sentences told at the edge of the screen."""
    return [notification.message for notification in app._notifications]


def note_layouts(app: App[Any], laid: list[object]) -> None:
    """Note in `laid` each time that the screen is laid out."""
    screen = app.screen
    layout = screen._refresh_layout

    def refresh_layout(*size: Any, **how: Any) -> None:
        laid.append(size)
        layout(*size, **how)

    screen._refresh_layout = refresh_layout  # type: ignore[method-assign]


# What comes from the terminal


def comes(app: App[Any], event: Message) -> None:
    """A key or a paste as the terminal's driver hands it on, before the app has looked at the last one."""
    app._driver.send_message(event)  # type: ignore[union-attr]


def key_comes(app: App[Any], key: str) -> None:
    """A key by its name, or a character."""
    comes(app, events.Key(key, key if len(key) == 1 else None))


def hand_on(event: Message) -> None:
    """Mark an event as one that the app has had and that goes to a widget now."""
    event._set_forwarded()


def mouse_comes(app: App[Any], event: events.MouseEvent) -> None:
    app._driver.process_message(event)  # type: ignore[union-attr]


def window_becomes(app: App[Any], size: Size) -> None:
    """The terminal's window has another size from now on."""
    app._driver._size = size  # type: ignore[union-attr]
    app.post_message(events.Resize(size, size))


# Keys and actions


def keys_of(kind: type[DOMNode]) -> set[str]:
    """The keys that are bound where a widget or screen of this kind has the keys, by it itself."""
    merged = kind._merged_bindings
    return set(merged.key_to_bindings) if merged else set()


def keys_left_to(kind: type[Widget]) -> set[str]:
    """The same, put together anew."""
    return set(kind._merge_bindings().key_to_bindings)


def target_and_name(app: App[Any], action: Any, default: Any, spaces: Any) -> tuple[Any, str]:
    """Which part of the screen an action is for, and its name there."""
    target, name, _ = app._parse_action(action, default, spaces)
    return target, name


def providers_of(palette: Any) -> set[type]:
    return {type(each) for each in palette._providers}


# Whether something is still to come


def is_at_work(app: App[Any]) -> bool:
    """Whether something will still change the screen without anybody touching it."""
    screen = app.screen
    return (
        any(seen.size != app.size for seen in (screen, *app._background_screens))
        or any(not worker.is_finished and not _waits_for_person(worker, app) for worker in app.workers)
        or any(_is_due(timer) for pump in _pumps(app) for timer in pump._timers)
        or bool(screen._layout_required or screen._dirty_widgets or screen._callbacks)
    )


def _waits_for_person(worker: Worker[Any], app: Any) -> bool:
    """Whether it has asked something in a dialog and waits for the answer."""
    asked = [waits.future for screen in app.screen_stack for waits in screen._result_callbacks]
    waits_for = getattr(worker._task, "_fut_waiter", None)
    return waits_for is not None and (waits_for in asked or waits_for in getattr(app, "awaited", ()))


def _pumps(app: App[Any]) -> Iterable[MessagePump]:
    yield app
    for screen in app.screen_stack:
        yield from (node for node in screen.walk_children(with_self=True) if not isinstance(node, Toast))


def _is_due(timer: Timer) -> bool:
    """A timer that runs once: a pause before reading, the end of a batch of drawing."""
    return timer._repeat is not None and timer._task is not None and not timer._task.done()


# States that a busy machine comes into by chance


def drag_in(screen: Any, event: events.MouseEvent, over: Widget) -> None:
    """A mouse event while a text is being selected, over a widget that is being removed and still drawn."""
    screen._selecting = True
    parent, over._parent = over._parent, None
    screen._forward_event(event)
    over._parent = parent


@contextmanager
def watching_workers(ended: Callable[[Worker[Any]], None]) -> Iterator[None]:
    """Show each worker to `ended` when it has ended, well or not."""
    worked = Worker._run

    async def run(worker: Worker[Any], app: App[Any]) -> None:
        await worked(worker, app)
        ended(worker)

    Worker._run = run  # type: ignore[method-assign]
    try:
        yield
    finally:
        Worker._run = worked  # type: ignore[method-assign]


# What takes most of the time of a test, done once for all consoles of this process

_parse, _apply = Stylesheet.parse, Stylesheet.apply
_PARSED: dict[tuple[object, ...], list[RuleSet]] = {}
_SORTED: dict[int, "_Sorted"] = {}


class _Sorted:
    """Rules, and those of them that can be about a node with certain names."""

    def __init__(self, rules: list[RuleSet], by_name: dict[str, list[RuleSet]]) -> None:
        self.rules, self.by_name = rules, by_name
        self.about: dict[frozenset[str], list[RuleSet]] = {}

    def that_name(self, names: frozenset[str]) -> list[RuleSet]:
        found = self.about.get(names)
        if found is None:
            wanted = {id(rule) for name in names for rule in self.by_name[name]}
            found = self.about[names] = [rule for rule in self.rules if id(rule) in wanted]
        return found


class _FewRules(Stylesheet):
    """A style sheet with the rules that can be about one node; for all others it asks the whole."""

    def __init__(self, whole: Stylesheet, rules: list[RuleSet], names: frozenset[str]) -> None:
        self._whole, self._rules, self._rules_map = whole, rules, dict.fromkeys(names, rules)
        self._require_parse = False

    def apply(self, node: DOMNode, *, animate: bool = False, cache: Any = None) -> None:
        self._whole.apply(node, animate=animate, cache=cache)


def _parse_once(self: Stylesheet) -> None:
    """The same sources with the same variables give the same rules, in whichever console."""
    sources = (*self._variables.items(), *self.source.items())
    rules = _PARSED.get(sources)
    if rules is None:
        _parse(self)
        _PARSED[sources] = self._rules
    else:
        self._rules, self._require_parse = rules, False
    kept = _SORTED.get(id(self._rules))
    self._rules_map = kept.by_name if kept else None


def _apply_few(self: Stylesheet, node: DOMNode, *, animate: bool = False, cache: Any = None) -> None:
    """Textual looks through all rules for each node; here only through those that name it."""
    rules = self.rules
    kept = _SORTED.get(id(rules))
    if kept is None:
        kept = _SORTED[id(rules)] = _Sorted(rules, self.rules_map)
    names = frozenset(kept.by_name.keys() & node._selector_names)
    _apply(_FewRules(self, kept.that_name(names), names), node, animate=animate, cache=cache)


async def _wait_for_the_busy(self: Pilot[Any], timeout: float = 30.0) -> bool:  # noqa: ASYNC109 - as Textual has it
    """Textual waits at each key for a word of every widget; here only of those that have something to do."""
    app = self.app
    if not app.screen_stack:
        return False
    left, over = 0, asyncio.Event()

    def has_come_to_it() -> None:
        nonlocal left
        left -= 1
        if not left:
            over.set()

    pumps = (pump for pump in app.screen.walk_children() if not _is_idle(pump))
    for pump in (app, app.screen, *pumps):
        left += pump.call_later(has_come_to_it)
    if left:
        waits = [asyncio.create_task(event.wait()) for event in (over, app._exception_event)]
        ended, _ = await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        if not ended:
            raise WaitForScreenTimeout("the screen still has something to do")
    return not left


def _is_idle(pump: MessagePump) -> bool:
    """Whether it waits for its next message, and none is there."""
    queue: Any = pump._message_queue
    return queue.empty() and any(not waiter.done() for waiter in queue.ready_event._waiters)


def quicken() -> None:
    """Once for the process. Nothing looks different, as `test_screens` shows."""
    Stylesheet.parse = _parse_once  # type: ignore[method-assign]
    Stylesheet.apply = _apply_few  # type: ignore[method-assign]
    Pilot._wait_for_screen = _wait_for_the_busy  # type: ignore[method-assign]
    strip.FIFOCache = lambda size: {}  # type: ignore[assignment,misc] # seven for each piece of a line
