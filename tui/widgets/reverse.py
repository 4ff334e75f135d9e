"""Reverse video for the parts of a widget: what marks the cursor where there is no colour."""

from typing import TYPE_CHECKING

from textual.style import Style
from textual.widget import Widget

# A base that is itself a widget would hide the other base's bindings and component classes.
if TYPE_CHECKING:
    _Base = Widget
else:
    _Base = object

_REVERSED = Style(reverse=True)


class KeepsReverse(_Base):
    """Put before a Textual widget: component styles keep `text-style: reverse`, which Textual drops."""

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        style = super().get_visual_style(*component_classes, partial=partial)
        styles = [self.get_component_styles(name) for name in component_classes]
        return style + _REVERSED if any(each.text_style.reverse for each in styles) else style
