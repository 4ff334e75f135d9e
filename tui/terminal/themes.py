"""The colours: one calm dark theme, one light one, and the terminal's own sixteen."""

from typing import Any, Protocol

from textual.app import App
from textual.theme import Theme

from tui.terminal.textual_private import drop_colours

_SHARED = {
    "block-cursor-text-style": "none",
    "block-cursor-blurred-text-style": "none",
    "footer-background": "transparent",
    "footer-item-background": "transparent",
    "footer-key-background": "transparent",
    "footer-description-background": "transparent",
}

DARK = Theme(
    name="commsdesk-dark",
    primary="#5fb3b3",
    secondary="#5fb3b3",
    accent="#5fb3b3",
    foreground="#d3d7de",
    background="#15191f",
    surface="#1c2128",
    panel="#232a33",
    success="#8fbf7f",
    warning="#d9b26f",
    error="#e27d78",
    dark=True,
    variables={
        **_SHARED,
        "text-muted": "#8a93a1",
        "text-disabled": "#5d6673",
        "text-accent": "#7cc7c7",
        "block-cursor-background": "#2b4a50",
        "block-cursor-foreground": "#f0f3f6",
        "block-cursor-blurred-background": "#222932",
        "block-cursor-blurred-foreground": "#d3d7de",
        "border": "#5fb3b3",
        "border-blurred": "#343d49",
        "scrollbar": "#3a4552",
        "scrollbar-hover": "#4a5766",
        "scrollbar-active": "#5fb3b3",
        "scrollbar-background": "#15191f",
        "scrollbar-background-hover": "#15191f",
        "scrollbar-background-active": "#15191f",
        "footer-key-foreground": "#5fb3b3",
        "footer-description-foreground": "#8a93a1",
        "input-selection-background": "#2b4a50",
    },
)

LIGHT = Theme(
    name="commsdesk-light",
    primary="#0f6e6e",
    secondary="#0f6e6e",
    accent="#0f6e6e",
    foreground="#22272e",
    background="#fafaf7",
    surface="#f0f0ec",
    panel="#e6e6e1",
    success="#2f7d32",
    warning="#8f5a00",
    error="#b3261e",
    dark=False,
    variables={
        **_SHARED,
        "text-muted": "#626a74",
        "text-disabled": "#989fa8",
        "text-accent": "#0f6e6e",
        "block-cursor-background": "#c9e3e1",
        "block-cursor-foreground": "#10151a",
        "block-cursor-blurred-background": "#e9ebe7",
        "block-cursor-blurred-foreground": "#22272e",
        "border": "#0f6e6e",
        "border-blurred": "#c9ccc6",
        "scrollbar": "#c3c7c1",
        "scrollbar-hover": "#a9aea7",
        "scrollbar-active": "#0f6e6e",
        "scrollbar-background": "#fafaf7",
        "scrollbar-background-hover": "#fafaf7",
        "scrollbar-background-active": "#fafaf7",
        "footer-key-foreground": "#0f6e6e",
        "footer-description-foreground": "#626a74",
        "input-selection-background": "#c9e3e1",
    },
)

TERMINAL = Theme(
    name="terminal",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    variables={
        "ansi-background": "ansi_bright_black",
        "ansi-foreground": "ansi_default",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "screen-selection-background": "ansi_cyan",
        "screen-selection-foreground": "ansi_black",
        "text-muted": "ansi_default",
        "text-disabled": "ansi_default",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-text-style": "underline",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_bright_black",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "footer-key-foreground": "ansi_cyan",
        "input-cursor-text-style": "reverse",
    },
)

AUTO = "auto"
"""Dark; in a terminal that has 16 colours, `terminal`."""

THEMES = {"dark": DARK, "light": LIGHT, "terminal": TERMINAL}
"""By the names people write in their settings."""


class ThemeSettings(Protocol):
    """The part of the console's settings that is about colour."""

    @property
    def theme(self) -> str:
        """`auto`, `dark`, `light`, `terminal`, or the name of a theme that Textual brings along."""


def apply(app: App[Any], settings: ThemeSettings) -> str | None:
    """Give the app its themes and choose one; a sentence when the one wanted does not exist.

    With NO_COLOR in the environment (no-color.org) no colour at all is sent and the terminal
    theme is used, in which cursor and selection show by reverse video.
    """
    for theme in THEMES.values():
        app.register_theme(theme)
    # A blinking cursor costs a slow line kilobytes a second.
    app.animation_level = "none"
    if app.no_color:
        app.theme = TERMINAL.name
        drop_colours(app)
        return None
    wanted = (
        (TERMINAL if has_few_colours(app) else DARK) if settings.theme == AUTO else THEMES.get(settings.theme)
    )
    name = wanted.name if wanted else settings.theme
    if name not in app.available_themes:
        app.theme = DARK.name
        return f"There is no theme {settings.theme!r}. Choose one of: {', '.join([AUTO, *THEMES])}."
    app.theme = name
    return None


def has_few_colours(app: App[Any]) -> bool:
    """Whether the terminal shows 16 colours: the tones of the dark theme are one grey there.

    Rich finds it in TERM and COLORTERM. Where nothing is shown (a test, a picture) it does not matter.
    """
    return not app.is_headless and app.console.color_system in (None, "standard", "windows")
