"""`commsdesk user import` and `export`: users from and to CSV files."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.context import desk
from tui.cli.files import read_bytes
from tui.cli.options import Json
from tui.cli.output import emit, note, progress, say, say_block
from tui.operations import local_files

if TYPE_CHECKING:
    from storage.users import UserFilter
    from tui.operations.user_csv import Preview

MOST_WARNINGS = 20


def import_users(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file; - reads standard input")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done")] = False,
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Pass over columns that are no custom field")
    ] = False,
    json: Json = False,
) -> None:
    """Add and change users from a CSV file: all of it, or nothing if any line is refused.

    The first line names the columns: Name, custom fields by their names, Groups (several
    parted by ;), and if wanted Id, Enabled, Notes. A user is found by Id, else by Name. An
    empty cell takes a value away; a column that is not there changes nothing.
    """
    context.begin_site()
    from tui.operations import user_csv

    checked = user_csv.check(
        desk(), _read(file), ignore_unknown=ignore_unknown, progress=_progress("checked")
    )
    if dry_run:
        plan = user_csv.preview(desk(), checked)
        _show(plan, json=json, every_line=True, done=False)
        if plan.refused:
            raise user_csv.ImportRefused(plan)
        return
    name = "standard input" if file == "-" else Path(file).name
    try:
        plan = user_csv.apply(desk(), checked, file_name=name, progress=_progress("loaded"))
    except user_csv.ImportRefused as refusal:
        for line in refusal.preview.refused:
            note(str(line))
        if json:
            _emit(refusal.preview, every_line=False, done=False)
        raise
    _show(plan, json=json, every_line=False, done=True)


def export_users(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="Where to write; - or nothing: standard output")
    ] = "-",
    group: Annotated[str | None, typer.Option("--group", metavar="G", help="Members of a group only")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="Those with all of these words")
    ] = None,
    excel: Annotated[
        bool, typer.Option("--excel", help="Mark the file as UTF-8, so that Excel reads accents")
    ] = False,
) -> None:
    """Write users as CSV, in the form that import reads."""
    wanted = user_filter(group, search)
    if file == "-":
        _to_output(wanted, excel)
        return
    count = _to_file(file, wanted, excel)
    note(f"{count:,} user{'' if count == 1 else 's'} written to {file}")


def user_filter(group: str | None, search: str | None) -> "UserFilter":
    from storage.users import UserFilter
    from tui.operations import names

    with desk().database.read() as connection:
        group_id = names.group(connection, group).id if group is not None else None
    return UserFilter(words=search or "", group_id=group_id)


def _read(file: str) -> bytes:
    from tui.operations.csv_table import LARGEST_FILE

    return read_bytes(file, LARGEST_FILE)


def _progress(what: str) -> Callable[[int, int], None]:
    """A line that counts up on a terminal, nothing elsewhere."""

    def shown(done: int, total: int) -> None:
        end = "\r" if done < total else f"\r{' ' * 60}\r"
        progress(f"{what} {done:,} of {total:,} lines", end)

    return shown if sys.stderr.isatty() else lambda done, total: None


def _show(plan: "Preview", *, json: bool, every_line: bool, done: bool) -> None:
    from tui.operations.user_csv import Fate

    if json:
        _emit(plan, every_line, done)
        return
    for line in plan.lines if every_line else ():
        if line.fate is not Fate.UNCHANGED:
            changes = f": {'; '.join(line.changes)}" if line.changes else ""
            say(f"line {line.line}: {line.name} {line.fate}{changes}")
    for bad in plan.refused:
        say(f"line {bad.line}: refused: {bad.reason}")
    for warning in plan.warnings[:MOST_WARNINGS]:
        note(f"warning: {warning}")
    if len(plan.warnings) > MOST_WARNINGS:
        note(f"warning: {len(plan.warnings) - MOST_WARNINGS:,} more like these")
    if plan.ignored:
        note(f"passed over: {', '.join(plan.ignored)}")
    say(str(plan) if done else f"{plan}; nothing is imported yet")


def _emit(plan: "Preview", every_line: bool, done: bool) -> None:
    from tui.operations.user_csv import Fate

    for line in plan.lines if every_line else ():
        emit(
            {
                "line": line.line,
                "name": line.name,
                "fate": str(line.fate),
                "user_id": line.user_id,
                "changes": list(line.changes),
            }
        )
    for bad in plan.refused:
        emit({"line": bad.line, "fate": "refused", "column": bad.column, "reason": bad.reason})
    emit(
        {
            **{str(fate): plan.count(fate) for fate in Fate},
            "refused": len({bad.line for bad in plan.refused}),
            "new_groups": list(plan.new_groups),
            "ignored": list(plan.ignored),
            "warnings": [str(warning) for warning in plan.warnings],
            "imported": done,
        }
    )


def _to_output(wanted: "UserFilter", excel: bool) -> None:
    from tui.operations.user_export import export

    if sys.stdout.isatty():  # what a terminal would obey stays out of it
        text = io.StringIO()
        export(desk(), text, wanted)
        say_block(text.getvalue())
        return
    sys.stdout.flush()
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8-sig" if excel else "utf-8", newline="")
    try:
        export(desk(), out, wanted)
        out.flush()
    finally:
        out.detach()


def _to_file(file: str, wanted: "UserFilter", excel: bool) -> int:
    from tui.operations.user_export import export

    encoding = "utf-8-sig" if excel else "utf-8"
    here = context.files()
    return local_files.write(here, desk(), file, lambda out: export(desk(), out, wanted), encoding=encoding)
