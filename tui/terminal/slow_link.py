"""What a slow link changes: the profile of a console that is looked at over SSH."""

from collections.abc import Mapping

FRAMES = 15
"""Frames a second at most: a held key draws every fourth of what a local terminal is sent."""

GATHER_SECONDS = 0.5
"""How long new review lines are gathered. An entry is still there within a second."""


def is_slow(link: str, environ: Mapping[str, str]) -> bool:
    """Whether a setting of `auto`, `fast` or `slow` means the slow profile here."""
    if link == "auto":
        return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    return link == "slow"
