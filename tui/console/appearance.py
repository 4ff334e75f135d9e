"""How the console looks to the person at it: theme, mouse and link, from their settings and options."""

import asyncio
import logging
import os
from typing import Any

from textual.app import App
from textual.theme import Theme

from tui.console import preferences
from tui.console.preferences import Choices
from tui.console.settings import ConsoleSettings
from tui.port import console_of
from tui.terminal import slow_link as link
from tui.terminal import textual_private, themes
from tui.terminal.screen_diff import TerminalCells
from tui.terminal.textual_private import CompositorUpdate

log = logging.getLogger(__name__)


class Appearance:
    """Holds `choices`, and sees to it that the app follows them."""

    def __init__(self, app: App[Any], settings: ConsoleSettings, operator: str) -> None:
        self._app, self._settings = app, settings
        self._preferences = settings.preferences
        self.choices: Choices = self._preferences.of(operator)
        self._theme_set: str | None = None
        self._shown: TerminalCells | None = None

    @property
    def is_slow(self) -> bool:
        """Whether the slow profile holds."""
        return self._shown is not None

    def begin(self) -> None:
        """Before the first frame."""
        self._follow()
        self._app.theme_changed_signal.subscribe(self._app, self._theme_changed)

    def tell_problems(self) -> None:
        """Say what is wrong in the file, one sentence for each."""
        for problem in self._preferences.problems:
            self._app.notify(problem, severity="warning", markup=False, title=preferences.NAME)

    def use(self, operator: str) -> None:
        """The operator is known now: someone with an SSH key is so only once the site is open."""
        before, self.choices = self.choices, self._preferences.of(operator)
        if self.choices != before:
            self._follow()
            if self.choices.mouse != before.mouse:
                textual_private.set_mouse(self._app, self.choices.mouse)

    def _follow(self) -> None:
        if trouble := themes.apply(self._app, self.choices):
            self._app.notify(trouble, severity="warning", markup=False)
        self._theme_set = self._app.theme
        # What a browser shows does not go over the SSH that may have started its server.
        environ = {} if self._settings.kind == "web" else os.environ
        slow = link.is_slow(self.choices.link, environ)
        if slow and self._shown is None:
            textual_private.set_frames(self._app, link.FRAMES)
        self._shown = (self._shown or TerminalCells()) if slow else None

    # A theme chosen in the palette

    def _theme_changed(self, theme: Theme) -> None:
        """Keep what was chosen, for this person only; what was set by `_follow` is kept already."""
        if theme.name == self._theme_set or self._app.no_color:
            return
        self._theme_set = theme.name
        path, desk = self._preferences.path, console_of(self._app).desk
        if path is None or desk is None:
            return
        name = next((name for name, ours in themes.THEMES.items() if ours.name == theme.name), theme.name)

        async def keep() -> None:
            try:
                await asyncio.to_thread(preferences.remember, path, desk.operator, "theme", name)
            except (OSError, ValueError) as error:
                log.warning("the theme is not kept: %s", error)
                console_of(self._app).tell(f"The theme is not remembered: {path.name}: {error}", problem=True)

        self._app.run_worker(keep(), group="theme", exclusive=True, exit_on_error=False)

    # What the terminal shows

    def changes(self, update: CompositorUpdate) -> CompositorUpdate | None:
        """What of an update has to be sent over this link."""
        return self._shown.changes(update) if self._shown else update

    def forget(self) -> None:
        """The terminal may show something else than was sent: send all of it the next time."""
        if self._shown:
            self._shown.forget()
