"""Writing users to a CSV file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from storage.users import EVERYONE, UserFilter
from tui.dialogs.confirm import Confirm
from tui.dialogs.editor_screen import EditorScreen
from tui.operations import local_files
from tui.operations.user_export import export
from tui.widgets.fields import ChoiceField, Field, TextField, YesNoField

if TYPE_CHECKING:
    from tui.port import Console

PROPOSED = "users.csv"
EXCEL = "Marks the file as UTF-8, so that Excel reads accents."


class FileExists(Exception):
    """There is a file of that name, and the operator has not said to replace it."""


class ExportUsers(EditorScreen[int]):
    """Ends with how many users were written."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Write", id="editor.save")]

    HELP = """\
Users as a CSV file: a line for each, a column for each custom field, in the form that the import \
reads. ctrl+s writes it, escape leaves. A file that is there is replaced only after a question, and \
only when the new one is complete."""

    def __init__(self, console: "Console", words: str = "") -> None:
        """`words` is the filter of the list; it can be chosen to write only what that shows."""
        self._files = local_files.of(console)
        fields: list[Field] = [
            TextField(key="file", label="File", required=True, help=self._files.hint),
            YesNoField(key="excel", label="For Excel", help=EXCEL),
        ]
        if words:
            options = ((f"those with the words {words}", words), ("everyone", ""))
            fields.insert(1, ChoiceField(key="words", label="Users", required=True, options=options))
        super().__init__("Export users", fields, {"file": PROPOSED, "words": words})
        self._site = console
        self._replace: str | None = None

    def on_mount(self) -> None:
        self.form.focus_field("file")

    def save_values(self, values: Mapping[str, Any]) -> int:
        desk, name = self._site.desk, values["file"]
        assert desk is not None, "nothing is exported before the site is open"
        if name != self._replace and local_files.exists(self._files, name):
            raise FileExists(name)
        words = values.get("words") or ""
        wanted = UserFilter(words=words) if words else EVERYONE
        count = local_files.write(
            self._files,
            desk,
            name,
            lambda out: export(desk, out, wanted),
            encoding="utf-8-sig" if values["excel"] else "utf-8",
        )
        path = self._files.path(name)
        self._site.tell(f"{count:,} user{'' if count == 1 else 's'} written to {path}")
        return count

    def _show_error(self, error: BaseException | None) -> None:
        if not isinstance(error, FileExists):
            super()._show_error(error)
            return
        name = str(error)

        def answered(answer: str | None) -> None:
            if answer == "yes":
                self._replace = name
                self.action_save()

        self.app.push_screen(Confirm(f"Replace the file {name}?", yes="Replace", no="Keep it"), answered)
