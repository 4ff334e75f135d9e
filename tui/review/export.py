"""Writing what the Review section shows to a file."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from storage.review import ReviewFilter
from tui.dialogs.editor_screen import EditorScreen
from tui.operations import local_files, review_export
from tui.operations.errors import Refused
from tui.widgets.fields import TextField

if TYPE_CHECKING:
    from tui.port import Console


class ExportReview(EditorScreen[int]):
    """Asks for a file; its ending chooses the form. Ends with how many entries were written."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Write", id="editor.save")]

    HELP = """\
Writes the entries that the list shows to a file: CSV when its name ends in .csv, else JSON lines. A \
file that is there is not written over. ctrl+s writes it."""

    def __init__(self, console: "Console", wanted: ReviewFilter) -> None:
        files = local_files.of(console)
        name = f"review-{datetime.now().astimezone():%Y%m%d-%H%M}.csv"
        field = TextField(
            key="file", label="File", help=f"Ends in .csv or .jsonl. {files.hint}", required=True
        )
        super().__init__("Export the review", [field], {"file": name})
        self.console, self.wanted, self.files = console, wanted, files

    def save_values(self, values: Mapping[str, Any]) -> int:
        assert self.console.desk is not None
        typed = str(values["file"])
        if local_files.exists(self.files, typed):
            raise Refused(f"{typed} is there already: name another file", local_files.FIELD)
        as_csv = typed.strip().casefold().endswith(".csv")
        fill = partial(review_export.write, self.console.desk, wanted=self.wanted, as_csv=as_csv)
        return local_files.write(self.files, self.console.desk, typed, fill)
