"""The command palette: every action of the table that can be done from here, as "area: action"."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.actions import parse
from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.screen import Screen

from tui.keys.action import Action
from tui.keys.registry import REGISTRY


def target_of(action: Action, screen: Screen[Any]) -> DOMNode | None:
    """What would carry the action out: the focus or what is around it, else what the app names.

    A node is a place when its `PLACE` is the action's place. An app that has
    `action_target(action)` may name a node that is not around the focus, such as the section
    shown. A node whose `check_action` refuses is passed over, so roles hold here as for keys.
    """
    for node in (screen.focused or screen).ancestors_with_self:
        if getattr(node, "PLACE", None) == action.place:
            return node if _can(node, action) else None
    ask = getattr(screen.app, "action_target", None)
    named = ask(action) if ask else None
    return named if named is not None and _can(named, action) else None


def _can(node: DOMNode, action: Action) -> bool:
    _, name, parameters = parse(action.action)
    has = any(hasattr(node, f"{prefix}action_{name}") for prefix in ("", "_"))
    return has and bool(node.check_action(name, parameters))


class ActionProvider(Provider):
    """Put into `App.COMMANDS`."""

    def _possible(self) -> Iterator[tuple[Action, DOMNode]]:
        for action in REGISTRY:
            if action.palette and (target := target_of(action, self.screen)):
                yield action, target

    def _run(self, action: Action, target: DOMNode) -> None:
        app: App[object] = self.app
        app.call_later(app.run_action, action.action, target)

    def _help(self, action: Action) -> str:
        keys = ", ".join(REGISTRY.shown_keys(action.id))
        return f"{action.description}  ({keys})" if keys else action.description

    async def discover(self) -> Hits:
        for action, target in sorted(self._possible(), key=lambda found: found[0].label):
            yield DiscoveryHit(action.label, partial(self._run, action, target), help=self._help(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action, target in self._possible():
            score = matcher.match(action.label)
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(action.label),
                    partial(self._run, action, target),
                    help=self._help(action),
                )
