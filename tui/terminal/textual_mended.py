"""Textual, made to hold where a terminal has hardly any room, or a key comes before a list was drawn.

Said of Textual's own classes, as its widgets (the command palette, an open choice, a button) have the
faults that ours inherit from them:

- `OptionList` looks up the line of the highlighted option, which has none before the first layout, and
  none in a window without room: a KeyError whenever a page key comes with the one that opens the list.
- `Screen.dismiss` closes whatever is on top: two keys that both close a question took the editor below it
  along, or the last screen, and a screen that was done while a help lay over it closed the help.
- `Content` that is not wrapped is cut into pieces as wide as its widget, which may be nothing: a ValueError.
"""

from typing import Any

from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList

_move_page = OptionList._move_page
_dismiss = Screen.dismiss
_wrap_and_format = Content._wrap_and_format


def _move_page_when_laid_out(self: OptionList, direction: Any) -> None:
    if (self.highlighted or 0) in self._index_to_line:
        _move_page(self, direction)


def _wrap_to_something(self: Content, width: int, *others: Any, **options: Any) -> Any:
    return _wrap_and_format(self, max(1, width), *others, **options)


def _dismiss_this(self: Screen[Any], result: Any = None) -> AwaitComplete:
    app = self.app
    if self not in app.screen_stack:
        return AwaitComplete()
    while app.screen is not self:
        app.pop_screen()
    closed: AwaitComplete = _dismiss(self, result)
    return closed


def install() -> None:
    """Once for the process; again does nothing more."""
    OptionList._move_page = _move_page_when_laid_out  # type: ignore[method-assign]
    Content._wrap_and_format = _wrap_to_something  # type: ignore[method-assign]
    Screen.dismiss = _dismiss_this  # type: ignore[method-assign]
