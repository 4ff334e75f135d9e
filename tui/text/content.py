"""The one door through which text from outside reaches a widget."""

from textual.content import Content

from tui.text.plain import plain_str

__all__ = ["plain", "plain_block", "plain_str"]

# More code points than any character a terminal shows in one cell is made of.
_POINTS_PER_CELL = 8
_LABEL_CELLS = 12


def plain(text: str, *, width: int | None = None) -> Content:
    """Outside text as one line of Content: no markup is read in it, no control survives.

    With `width` (cells) a longer text is cut with `…`; the cost then depends on the width and
    not on the length of the text.
    """
    if width is None:
        return Content(plain_str(text))
    longest = width * _POINTS_PER_CELL + _POINTS_PER_CELL
    return Content(plain_str(text[:longest])).truncate(width, ellipsis=True)


def plain_block(text: str) -> Content:
    """Outside text as Content of several lines: line breaks and tabs are kept, nothing else."""
    return Content(plain_str(text, block=True))


def middle_cut(text: Content, width: int) -> Content:
    """A name in at most `width` cells, cut in its middle: names that begin alike stay apart."""
    if text.cell_length <= width:
        return text
    tail = (width - 1) // 2
    start = len(text)
    while start and text[start - 1 :].cell_length <= tail:
        start -= 1
    end = text[start:]
    head = text.truncate(max(0, width - 1 - end.cell_length))
    return Content.assemble(head, "…", end) if width > 0 else Content("")


def detail_line(name: str, value: str, style: str = "") -> Content:
    """A line of a detail pane: a name and its value. Both may be outside text."""
    label, shown = plain(name), plain(value)
    label = label.pad_right(max(0, _LABEL_CELLS - label.cell_length)).stylize("$text-muted")
    return Content.assemble(label, " ", shown.stylize(style) if style else shown)
