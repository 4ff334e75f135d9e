"""How much is drawn of a terminal: each cell costs memory, and a client may say any size."""

from textual.geometry import Size

MOST_COLUMNS, MOST_ROWS = 500, 200


def within_reason(size: Size) -> Size:
    """The size, or the part of it at the upper left that is drawn."""
    return Size(min(size.width, MOST_COLUMNS), min(size.height, MOST_ROWS))
