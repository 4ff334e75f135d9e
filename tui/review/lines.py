"""One line of the live review panel."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from textual.content import Content

from tui.text.content import plain

Kind = Literal["info", "warning", "error", "retry", "accepted", "delivered", "failed", "unknown"]

SIGNS: dict[Kind, str] = {
    "info": "·",
    "warning": "▲",
    "error": "▲",
    "retry": "↻",
    "accepted": "✓",
    "delivered": "✓✓",
    "failed": "✗",
    "unknown": "?",
}
COLOURS: dict[Kind, str] = {
    "info": "$text-muted",
    "warning": "$text-warning",
    "error": "$text-error",
    "retry": "$text-warning",
    "accepted": "$text-success",
    "delivered": "$text-success",
    "failed": "$text-error",
    "unknown": "$text-warning",
}
PROBLEMS: frozenset[Kind] = frozenset({"warning", "error", "retry", "failed", "unknown"})
"""The kinds that are left when only problems are shown."""

_SIGN_CELLS = 3
_CATEGORY_CELLS = 8


@dataclass(frozen=True)
class ReviewLine:
    """An entry of the review as the panel shows it. `category` and `text` are outside text."""

    id: int
    at: datetime
    kind: Kind
    category: str
    text: str


def short_time(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """The local time of day, with the date only where it is not today. `zone` None is the machine's."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.year == today.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local:%Y-%m-%d %H:%M}"


def review_content(line: ReviewLine, now: datetime, width: int, zone: tzinfo | None = None) -> Content:
    """Time, sign, category and text in at most `width` cells."""
    colour = COLOURS[line.kind]
    time = short_time(line.at, now, zone)
    category = plain(line.category, width=_CATEGORY_CELLS).truncate(_CATEGORY_CELLS, pad=True)
    head = Content.assemble(
        (time, "$text-muted"),
        " ",
        (SIGNS[line.kind].ljust(_SIGN_CELLS), colour),
        category.stylize(colour) if line.kind in PROBLEMS else category,
        " ",
    )
    return (head + plain(line.text, width=max(1, width - head.cell_length))).truncate(width, ellipsis=True)
