"""The sections by name: a line of tabs where the screen is narrow, a list at the left where it is wide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

MOST = 99
STACKED = 15  # cells of a label in the list at the left
# How labels are drawn, the widest first: what stands around them, before a badge, and letters at most.
FITS = ((" ", "", MOST), ("", " ", MOST), ("", "", MOST), ("", "", 6), ("", "", 4), ("", "", 2))


@dataclass(frozen=True, slots=True)
class Badge:
    """A sign and how many: "▲2"."""

    sign: str
    count: int
    colour: str

    @property
    def text(self) -> str:
        return f"{self.sign}{self.count}" if self.count <= MOST else f"{self.sign}{MOST}+"


class SectionBar(Widget):
    """Shows which section is open. The digits choose; so does a click."""

    DEFAULT_CSS = """
    SectionBar { height: 1; width: 100%; color: $text-muted; }
    """

    ALLOW_SELECT = False
    current: reactive[str] = reactive("")
    badges: reactive[Mapping[str, Badge]] = reactive({})
    """What asks for a person, by the section where it is found."""

    class Chosen(Message):
        """A section was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, sections: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        """`sections` are (name, title) pairs in the order of their digits."""
        super().__init__(id=id)
        self._sections = tuple(sections)

    @property
    def _stacked(self) -> bool:
        return self.size.height > 1

    def render(self) -> Content:
        return Content("\n" if self._stacked else " ").join(self._labels())

    def _labels(self) -> list[Content]:
        """Of a line that has no room for them, the labels lose the space around them, then letters."""
        for space, gap, most in FITS:
            labels = [
                self._label(number, name, title[:most], space, gap)
                for number, (name, title) in enumerate(self._sections, 1)
            ]
            width = sum(label.cell_length + 1 for label in labels) - 1
            if self._stacked or width <= self.size.width:
                break
        return labels

    def _label(self, number: int, name: str, title: str, space: str, gap: str) -> Content:
        badge = self.badges.get(name)
        label = Content(f"{space}{number} {title}{space}")
        if badge is not None:
            label = Content.assemble(label, gap, (badge.text, badge.colour), "" if self._stacked else space)
        if self._stacked:
            label = label.pad_right(max(0, STACKED - label.cell_length))
        return label.stylize("bold $text-accent reverse") if name == self.current else label

    def on_click(self, event: events.Click) -> None:
        """The label under the pointer."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if self._stacked:
            if at.y < len(self._sections):
                self.post_message(self.Chosen(self._sections[at.y][0]))
            return
        start = 0
        for (name, _), label in zip(self._sections, self._labels(), strict=True):
            width = label.cell_length + 1
            if start <= at.x < start + width:
                self.post_message(self.Chosen(name))
                return
            start += width
