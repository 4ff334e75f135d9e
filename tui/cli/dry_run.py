"""`--dry-run [--at T]`: what a command would send, printed instead of done."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tui.cli.context import desk
from tui.cli.output import emit_all, local_time, note, say

if TYPE_CHECKING:
    from tui.operations.rehearsal import Line, RehearsalDesk

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what it would send, and do nothing")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="T", help="With --dry-run: as if it were then, e.g. 2026-12-25T12:00, +2h"),
]


def rehearsal(dry_run: bool, at: str | None) -> "RehearsalDesk | None":
    """The desk to act at where a dry run is asked for, else None."""
    if not dry_run:
        if at is not None:
            raise typer.BadParameter("--at goes with --dry-run")
        return None
    from tui.operations import moments
    from tui.operations.rehearsal import desk_for

    return desk_for(desk(), None if at is None else moments.moment(at, "At", desk().now()))


def report(rehearsed: "RehearsalDesk", warnings: Iterable[str], *, json: bool) -> NoReturn:
    """Print what the rehearsal came to, and end the command: 1 where nobody would get anything."""
    from tui.operations.rehearsal import outlook

    found = outlook(rehearsed)
    for warning in warnings:
        note(f"warning: {warning}")
    for doubt in found.doubts:
        note(f"note: {doubt}")
    if json:
        emit_all(_line_json(line) for line in found.lines)
    else:
        for line in found.lines:
            say(_in_words(line))
        say("dry run: nothing was sent" if found.lines else "dry run: it would send nothing")
    raise typer.Exit(0 if found.reaches_somebody else 1)


def _line_json(line: "Line") -> dict[str, Any]:
    return {
        "would": line.would,
        "user": line.user,
        "to": line.to,
        "handler": line.handler,
        "parts": line.parts,
        "encoding": line.encoding,
        "text": line.text,
        "why": line.why,
        "until": _iso(line.until),
    }


def _iso(at: datetime | None) -> str | None:
    from tui.operations.views import iso

    return iso(at)


def _in_words(line: "Line") -> str:
    """`would send: Joe Hart +44 …, Clickatell, 1 part GSM (task Rounds): Gate open`."""
    from scheduling.phone import readable
    from tui.operations.form_values import counted

    if line.to is None or line.parts is None:
        return f"would {line.would}: {line.user} {line.why}"
    until = f" until {local_time(line.until, seconds=False)}" if line.until else ""
    who = f"{line.user} {readable(line.to)}" if line.user else readable(line.to)
    why = f" ({line.why})" if line.why else ""
    size = f"{counted(line.parts, 'part')} {line.encoding}"
    return f"would {line.would}{until}: {who}, {line.handler}, {size}{why}: {line.text}"
