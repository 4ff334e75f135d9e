"""`commsdesk review verify`: whether the review is as it was written."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli import context
from tui.cli.existing_site import existing_desk
from tui.cli.options import Json
from tui.cli.output import emit, local_time, note, say

if TYPE_CHECKING:
    from storage.review_verify import Verdict


def verify(
    start: Annotated[
        int | None,
        typer.Option("--from", min=1, metavar="ID", help="Check from this entry on"),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="FILE", help="Also look for the newest entry of this backup"),
    ] = None,
    json: Json = False,
) -> None:
    """Find the first entry that was altered, removed or inserted, and a cut end.

    Exit status 1 when there is one, or when entries are signed with a key that is not here.
    """
    from tui.operations import site_care

    with existing_desk() as desk:
        other = context.files().path(against) if against is not None else None
        verdict, beside = site_care.verify_review(desk, start=start, against=other)
    if json:
        emit(_as_json(verdict, beside))
    else:
        _show(verdict, beside)
    raise typer.Exit(0 if verdict.intact and beside is None else 1)


def _as_json(verdict: "Verdict", beside: str | None) -> dict[str, Any]:
    from tui.operations.views import iso

    head = verdict.head
    return {
        "intact": verdict.intact and beside is None,
        "first": verdict.first,
        "last": verdict.last,
        "checked": verdict.checked,
        "bad_id": verdict.bad_id,
        "problem": verdict.problem or beside,
        "unsigned": [list(span) for span in verdict.unsigned],
        "erased": verdict.erased,
        "head": None if head is None else {"id": head.id, "at": iso(head.at)},
        "notes": list(verdict.notes),
    }


def _show(verdict: "Verdict", beside: str | None) -> None:
    for text in (verdict.problem, beside):
        if text:
            note(f"commsdesk: {text}")
    for first, last in verdict.unsigned:
        which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        note(f"commsdesk: {which} signed with a key that is not here: only their texts could be checked")
    for text in verdict.notes:
        note(f"commsdesk: {text}")
    if verdict.problem is None:
        say(f"{verdict.checked:,} entries checked, {verdict.first} to {verdict.last}" + _erased(verdict))
    if verdict.head is None:
        note("no end was kept apart yet (an engine keeps it once a minute): a cut end may not show")
    elif verdict.problem is None:
        say(f"the end that was kept apart at {local_time(verdict.head.at)} reaches entry {verdict.head.id}")


def _erased(verdict: "Verdict") -> str:
    return f"; {verdict.erased:,} with their text erased" if verdict.erased else ""
