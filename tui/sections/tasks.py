from tui.sections.section import Section
from tui.widgets.columns import Column
from tui.widgets.row_source import ListSource, RowSource


class TasksSection(Section):
    PLACE = "tasks"
    COLUMNS = (Column("name", "Name", 20, flex=1),)

    async def make_source(self) -> RowSource:
        return ListSource()
