"""What a table tells the screen around it. Handlers are named `on_paged_table_…`."""

from textual.message import Message
from textual.widget import Widget


class TableMessage(Message, namespace="paged_table"):
    """From one table; `control` lets `@on(…, "#id")` choose."""

    def __init__(self, table: Widget) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> Widget:
        return self.table


class RowHighlighted(TableMessage, namespace="paged_table"):
    """The cursor stands on another record; `key` is None where there is none."""

    def __init__(self, table: Widget, key: int | None) -> None:
        super().__init__(table)
        self.key = key


class ListRead(TableMessage, namespace="paged_table"):
    """The list was read: it holds `count` rows."""

    def __init__(self, table: Widget, count: int) -> None:
        super().__init__(table)
        self.count = count


class ReadFailed(TableMessage, namespace="paged_table"):
    """The source raised this; the table shows it and keeps the rows it has."""

    def __init__(self, table: Widget, error: Exception) -> None:
        super().__init__(table)
        self.error = error


class RowChosen(TableMessage, namespace="paged_table"):
    """Enter or a double click on a record."""

    def __init__(self, table: Widget, key: int) -> None:
        super().__init__(table)
        self.key = key


class MenuRequested(TableMessage, namespace="paged_table"):
    """A menu is wanted for these records, at this cell of the screen."""

    def __init__(self, table: Widget, keys: tuple[int, ...], x: int, y: int) -> None:
        super().__init__(table)
        self.keys, self.x, self.y = keys, x, y


class SortChanged(TableMessage, namespace="paged_table"):
    """Another order is wanted: give the table a source in that order."""

    def __init__(self, table: Widget, column: str, descending: bool) -> None:
        super().__init__(table)
        self.column, self.descending = column, descending


class MarksChanged(TableMessage, namespace="paged_table"):
    """Other records are marked now."""

    def __init__(self, table: Widget, keys: tuple[int, ...]) -> None:
        super().__init__(table)
        self.keys = keys
