"""Lists that stand in a section's place for a while: user groups, custom fields."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import ContentSwitcher

from tui.sections.section import Section
from tui.terminal.textual_private import DuplicateIds
from tui.widgets.steady_text import SteadyText

View = TypeVar("View", bound="SubSection")


class SubSection(Section):
    """A list reached from the section `PARENT`, with a line that says where one is."""

    PARENT: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""

    DEFAULT_CSS = """
    SubSection > .where { height: 1; padding: 0 1; color: $text-muted; }
    """

    def compose(self) -> ComposeResult:
        back = Content.styled("   escape: back", "$text-muted")
        yield SteadyText(Content.styled(self.TITLE, "bold $text-accent") + back, classes="where")
        yield from super().compose()

    def arrived(self) -> None:
        """It is shown now."""
        self.focus_list()
        self.reload()

    def go_back(self) -> None:
        """Show the section it was reached from."""
        if parent := self.screen.query_one_optional(f"#{self.PARENT}", Section):
            parent.returned_to()
        self.console.go_to_section(self.PARENT)

    def key_escape(self) -> None:
        # Only heard where nothing is selected: then the table takes it to select none.
        self.go_back()


def show_view(section: Section, kind: type[View]) -> View:
    """Show a list in place of the section; it is made when it is first shown."""
    switcher = next(node for node in section.ancestors if isinstance(node, ContentSwitcher))
    view = switcher.query_one_optional(f"#{kind.PLACE}", kind)
    if view is None:
        view = kind(id=kind.PLACE)
        section.run_worker(_add(switcher, view, switcher.current), group="view", exit_on_error=False)
    else:
        switcher.current = kind.PLACE
        view.arrived()
    return view


async def _add(switcher: ContentSwitcher, view: SubSection, below: str | None) -> None:
    """Show the view, made, over the list `below`, unless another was asked for while it was made."""
    try:
        await switcher.add_content(view)
    except DuplicateIds:  # asked for again while it was made
        view = switcher.query_one(f"#{view.id}", SubSection)
    if switcher.current not in (below, view.id):
        return
    switcher.current = view.id
    view.arrived()
