"""Text on a screen that is drawn anew only when it has changed."""

from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Static


class SteadyText(Static):
    """Textual's own lays out the whole screen at each `update`, be the text as large as the one before."""

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        shown = self.content
        if isinstance(content, Content) and isinstance(shown, Content) and content.is_same(shown):
            return
        super().update(content, layout=False)
        if layout and self._takes_other_room():
            self.refresh(layout=True)

    def _takes_other_room(self) -> bool:
        styles, (width, height) = self.styles, self.content_size
        if not styles.auto_dimensions:
            return False
        if styles.is_auto_width or not (width and height):
            return True
        return self.visual.get_height({}, width) != height
