"""What a slow link changes: the profile of a console that is looked at over SSH."""

from collections.abc import Mapping
from typing import Any

from textual import screen
from textual.app import App

FRAMES = 15
"""Frames a second at most: a held key draws every fourth of what a local terminal is sent."""

GATHER_SECONDS = 0.5
"""How long new review lines are gathered. An entry is still there within a second."""


def is_slow(link: str, environ: Mapping[str, str]) -> bool:
    """Whether a setting of `auto`, `fast` or `slow` means the slow profile here."""
    if link == "auto":
        return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    return link == "slow"


def limit_frames(app: App[Any], frames: int = FRAMES) -> None:
    """Let the screens that are there and those to come draw so often at most."""
    # Textual reads its own limit from the environment, before the settings of a person are known.
    period = 1 / frames
    setattr(screen, "UPDATE_PERIOD", period)  # noqa: B010 - declared final
    for shown in app.screen_stack:
        shown._update_timer._interval = period
