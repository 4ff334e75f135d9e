"""Content drawn by a widget that draws its lines itself."""

from collections.abc import Callable

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style


def content_strip(
    content: Content, width: int, style: Style, parse_style: Callable[[str | Style], Style]
) -> Strip:
    """The content as a line of exactly `width` cells after one blank."""
    shown = content.without_spans if style.reverse else content
    segments = [Segment(" ", style.rich_style)]
    segments += [
        Segment(text, part.rich_style) for text, part in shown.render(style, end="", parse_style=parse_style)
    ]
    return Strip(segments, 1 + shown.cell_length).adjust_cell_length(width, style.rich_style)
