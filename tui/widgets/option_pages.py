"""Textual's lists of options do not fail on a page key that comes before they were laid out.

`OptionList` looks up the line of the highlighted option, which has none before the first layout (and
none in a window without room): a KeyError out of the command palette, of an open choice, of a question
or a menu, whenever two keys come together. Said of the class, as Textual's own lists inherit from it.
"""

from typing import Any

from textual.widgets import OptionList

_move_page = OptionList._move_page


def _move_page_when_laid_out(self: OptionList, direction: Any) -> None:
    if (self.highlighted or 0) in self._index_to_line:
        _move_page(self, direction)


def install() -> None:
    """Once for the process; again does nothing more."""
    OptionList._move_page = _move_page_when_laid_out  # type: ignore[method-assign]
