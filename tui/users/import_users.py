"""Users from a CSV file: name the file, look at what it would do, then all of it or nothing."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, ProgressBar, Static

from storage import custom_fields
from tui.dialogs.confirm import Confirm
from tui.keys.registry import REGISTRY
from tui.operations import local_files, user_csv
from tui.operations.csv_table import LARGEST_FILE
from tui.operations.errors import Refused
from tui.operations.user_csv import CheckedFile, Fate, Preview, Progress
from tui.text.content import plain, plain_block
from tui.users.import_preview import (
    COLUMNS,
    ColumnMatch,
    PreviewSource,
    Show,
    columns_line,
    lines_of,
    match_columns,
    unknown,
)
from tui.widgets.inputs import TextInput, YesNo
from tui.widgets.key_line import KeyLine
from tui.widgets.paged_table import PagedTable
from tui.widgets.row_source import ListSource
from tui.widgets.steady_text import SteadyText

if TYPE_CHECKING:
    from tui.operations.desk import Desk
    from tui.port import Console

T = TypeVar("T")

EMPTY = "Type the name of a CSV file above and press enter."
MOST_ASKED = 20  # a longer import asks once more
TELL_EVERY = 0.1  # seconds


class Stopped(Exception):
    """The operator has closed the screen while the file was being read."""


@dataclass(frozen=True)
class Read:
    """A file as it was read. `preview` is None where the columns are not understood."""

    columns: list[ColumnMatch]
    checked: CheckedFile | None = None
    preview: Preview | None = None


class FileInput(TextInput):
    HELP = """\
The CSV file to read. Enter reads it and shows what it would do; nothing is imported before ctrl+s."""


class PreviewTable(PagedTable):
    HELP = """\
What each line of the file would do. Lines that are refused come first, each with its reason: mend \
them in the file, then read it again with f5. f4 shows only some of the lines."""
    _OFF: ClassVar[set[str]] = {
        "sort", "reverse", "mark", "mark_all", "mark_up", "mark_down", "clear_marks", "menu", "choose",
    }  # fmt: skip

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in self._OFF


class ImportUsers(Screen[bool]):
    """Ends with whether users were imported."""

    PLACE = "import"
    HELP = """\
Users from a CSV file. Its first line names the columns: Name, custom fields by their names, Groups \
(several parted by ;), and if wanted Id, Enabled and Notes. A user is found by Id, else by Name. An \
empty cell takes a value away; a column that is not there changes nothing. All lines are imported, or \
none."""

    BINDINGS: ClassVar[list[BindingType]] = [*REGISTRY.bindings("import")]

    DEFAULT_CSS = """
    ImportUsers {
        background: $background;
        & #heading { height: 1; padding: 0 1; text-style: bold; }
        & #rule { height: 1; padding: 0 1; max-width: 100; color: $border-blurred; }
        & .line { height: 1; padding: 0 1; }
        & .line > Static { width: 20; color: $text-muted; }
        & .line > Input { width: 1fr; max-width: 80; }
        & #hint { height: auto; padding: 0 1 0 21; color: $text-muted; }
        & #trouble { height: auto; max-height: 5; padding: 0 1; color: $text-error; display: none; }
        & #trouble.-shown { display: block; }
        & #columns { height: auto; max-height: 3; padding: 0 1; }
        & #summary { height: auto; max-height: 6; padding: 1 1; text-style: bold; }
        & #whole { height: auto; max-height: 4; padding: 0 1; color: $text-muted; }
        & #progress { height: 1; padding: 0 1; display: none; }
        & #progress.-shown { display: block; }
        & #progress > Static { width: 32; color: $text-muted; }
    }
    """

    class Progressed(Message):
        """So many lines are done."""

        def __init__(self, what: str, done: int, total: int) -> None:
            super().__init__()
            self.what, self.done, self.total = what, done, total

    def __init__(self, console: "Console") -> None:
        super().__init__()
        self._site = console
        self._files = local_files.of(console)
        self._show = Show.ALL
        self._read_file: Read | None = None
        self._busy = ""
        self._stopped = False

    def compose(self) -> ComposeResult:
        yield SteadyText("Import users", id="heading")
        yield SteadyText("─" * 98, id="rule")
        with Horizontal(classes="line"):
            yield SteadyText("File")
            yield FileInput(placeholder="people.csv")
        yield SteadyText(plain(self._files.hint), id="hint")
        with Horizontal(classes="line"):
            yield SteadyText("Unknown columns")
            yield YesNo(False)
            yield SteadyText("pass over them")
        yield SteadyText(id="trouble")
        with Horizontal(id="progress"):
            yield SteadyText()
            yield ProgressBar(show_eta=False)
        yield SteadyText(id="columns")
        yield SteadyText(id="summary")
        yield PreviewTable(COLUMNS, ListSource(), empty=EMPTY)
        yield SteadyText(id="whole")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(FileInput).focus()

    # Reading

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_read()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The preview is of another file now."""
        self._forget()

    def on_yes_no_changed(self) -> None:
        if self.query_one(FileInput).value.strip():
            self.action_read()

    def action_read(self) -> None:
        if not self._busy:
            self._forget()
            self._begin("reading")
            self.run_worker(self._read(), group="import", exit_on_error=False)

    async def _read(self) -> None:
        name, ignore = self.query_one(FileInput).value, self.query_one(YesNo).value
        found = await self._doing(lambda desk: self._look(desk, name, ignore))
        if found is None:
            return
        self._read_file = found
        self._show = Show.REFUSED if found.preview and found.preview.refused else Show.ALL
        self._show_read()

    def _look(self, desk: "Desk", name: str, ignore: bool) -> Read:
        """In a thread: the file, its columns, its lines, and what they would do."""
        data = local_files.read(self._files, name, LARGEST_FILE)
        fields = desk.read(custom_fields.listing)
        columns = match_columns(data, fields)
        if unknown(columns) and not ignore:
            return Read(columns)
        checked = user_csv.check(desk, data, ignore_unknown=ignore, progress=self._teller("checked"))
        return Read(columns, checked, user_csv.preview(desk, checked, progress=self._teller("compared")))

    async def _doing(self, work: "Callable[[Desk], T]") -> T | None:
        """Work on a thread; a refusal is shown, and None is given."""
        desk = self._site.desk
        assert desk is not None, "nothing is imported before the site is open"
        try:
            return await asyncio.to_thread(work, desk)
        except Stopped:
            return None
        except Refused as refusal:
            self._trouble(refusal.message)
        except Exception as error:
            self._trouble(f"This did not work: {str(error) or type(error).__name__}")
        finally:
            if not self._stopped:
                self._end()
        return None

    def _teller(self, what: str) -> Progress:
        """Tells the screen from a thread, not too often; ends the work when the screen is gone."""
        last = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal last
            if self._stopped:
                raise Stopped
            now = time.monotonic()
            if now - last >= TELL_EVERY or done == total:
                last = now
                self.post_message(self.Progressed(what, done, total))

        return tell

    # Importing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "apply":
            return self._ready
        if action == "show":
            return self._read_file is not None and self._read_file.preview is not None
        return not self._busy if action == "read" else True

    @property
    def _ready(self) -> bool:
        """Whether there is something to import, and nothing in its way."""
        preview = self._read_file.preview if self._read_file else None
        if preview is None or self._busy:
            return False
        return not preview.refused and bool(_moving(preview) or preview.new_groups)

    def action_apply(self) -> None:
        preview = self._read_file.preview if self._read_file else None
        if preview is None or not self._ready:
            return
        if _moving(preview) <= MOST_ASKED:
            self._apply()
            return
        question = Confirm(f"Import {preview}?", yes="Import", no="Not yet", hangs=_hanging(preview))
        self.app.push_screen(question, lambda answer: self._apply() if answer == "yes" else None)

    def _apply(self) -> None:
        self._begin("importing")
        self.run_worker(self._import(), group="import", exit_on_error=False)

    async def _import(self) -> None:
        read = self._read_file
        assert read is not None and read.checked is not None and read.preview is not None
        checked, expected = read.checked, read.preview
        name = PurePath(self.query_one(FileInput).value.strip()).name
        done = await self._doing(
            lambda desk: user_csv.apply(
                desk, checked, file_name=name, expected=expected, progress=self._teller("loaded")
            )
        )
        if done is not None:
            self._site.tell(f"Imported from {name}: {done}")
            self.dismiss(True)

    def action_leave(self) -> None:
        if self._busy == "importing":
            return
        self._stopped = True
        self.dismiss(False)

    # Showing

    def _begin(self, what: str) -> None:
        self._busy = what
        self._trouble(None)
        self.query_one(FileInput).disabled = what == "importing"
        self._set_progress(f"{what}…", None)
        self.query_one("#progress").add_class("-shown")
        self.refresh_bindings()

    def _end(self) -> None:
        self._busy = ""
        self.query_one(FileInput).disabled = False
        self.query_one("#progress").remove_class("-shown")
        self.refresh_bindings()

    def on_import_users_progressed(self, event: Progressed) -> None:
        self._set_progress(f"{event.what} {event.done:,} of {event.total:,}", (event.done, event.total))

    def _set_progress(self, text: str, done: tuple[int, int] | None) -> None:
        self.query_one("#progress > Static", Static).update(Content(text))
        bar = self.query_one(ProgressBar)
        bar.update(total=done[1] if done else None, progress=done[0] if done else 0)

    def _trouble(self, sentence: str | None) -> None:
        line = self.query_one("#trouble", Static)
        line.set_class(bool(sentence), "-shown")
        line.update(plain_block(f"✗ {sentence[:1].upper()}{sentence[1:]}" if sentence else ""))

    def _forget(self) -> None:
        if self._read_file is not None:
            self._read_file = None
            self.query_one(PreviewTable).set_source(ListSource(), empty=EMPTY)
        self.query_one("#columns", Static).update("")
        self.query_one("#summary", Static).update("")
        self._trouble(None)
        self.refresh_bindings()

    def _show_read(self) -> None:
        read = self._read_file
        assert read is not None
        self.query_one("#columns", Static).update(
            columns_line(read.columns, passed_over=read.checked is not None)
        )
        self.refresh_bindings()
        if read.preview is None:
            self._trouble(_not_known(unknown(read.columns)))
            return
        self._show_lines()
        self.query_one(PreviewTable).focus()

    def action_show(self) -> None:
        """Show the next kind of lines that there are."""
        preview = self._read_file.preview if self._read_file else None
        if preview is None:
            return
        kinds = [kind for kind in Show if kind is Show.ALL or lines_of(preview, kind)]
        self._show = kinds[(kinds.index(self._show) + 1) % len(kinds)] if self._show in kinds else Show.ALL
        self._show_lines()

    def _show_lines(self) -> None:
        read = self._read_file
        assert read is not None and read.checked is not None and read.preview is not None
        self.query_one("#summary", Static).update(self._summary(read.preview))
        source = PreviewSource(read.checked, read.preview, self._show)
        self.query_one(PreviewTable).set_source(source, empty="No such lines.")

    def _summary(self, preview: Preview) -> Content:
        if preview.refused:
            then, colour = (
                "Nothing is imported before the refused lines are mended in the file.",
                "$text-error",
            )
        elif self._ready:
            then, colour = "ctrl+s imports all of it.", "$text-success"
        else:
            then, colour = "There is nothing to import.", "$text-muted"
        counts = f"{preview}" + (f"; {len(preview.warnings):,} to look at" if preview.warnings else "")
        shown = "" if self._show is Show.ALL else f"\nShown: {self._show}; f4 shows others"
        return Content.assemble(plain(counts), "\n", (then, colour), (shown, "$text-muted"))

    def on_paged_table_row_highlighted(self, event: PagedTable.RowHighlighted) -> None:
        """The line under the cursor in full below the table."""
        event.stop()
        source = self.query_one(PagedTable).source
        text = source.text(event.key) if isinstance(source, PreviewSource) and event.key is not None else ""
        self.query_one("#whole", Static).update(plain(text))


def _moving(preview: Preview) -> int:
    return preview.count(Fate.ADDED) + preview.count(Fate.CHANGED)


def _hanging(preview: Preview) -> list[str]:
    return [f"{len(preview.warnings):,} values may be wrong: f4 shows them"] if preview.warnings else []


def _not_known(headings: list[str]) -> str:
    named = ", ".join(f'"{heading[:40]}"' for heading in headings[:5])
    more = f" and {len(headings) - 5} more" if len(headings) > 5 else ""
    which = "column is" if len(headings) == 1 else "columns are"
    return (
        f"This {which} not known: {named}{more}. Make custom fields of these names (O in Users), rename the"
        " columns in the file, or say Yes to passing over them."
    )
