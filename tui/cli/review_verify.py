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
    with_key: Annotated[
        str | None,
        typer.Option(
            "--with-key",
            metavar="FILE",
            help="The secret key of then, for entries whose key is missing (as kept with a backup)",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Find the first entry that was altered, removed or inserted, and a cut end.

    The review is whole (exit status 0), altered (1), or cannot be judged (1): entries are signed
    with a key that this site's secret key does not open, and --with-key was not given.
    """
    from tui.operations import site_care

    with existing_desk() as desk:
        other = context.files().path(against) if against is not None else None
        key = context.files().path(with_key) if with_key is not None else None
        verdict, beside = site_care.verify_review(desk, start=start, against=other, with_key=key)
    if json:
        emit(_as_json(verdict, beside))
    else:
        _show(verdict, beside)
    raise typer.Exit(0 if verdict.intact and beside is None else 1)


def _as_json(verdict: "Verdict", beside: str | None) -> dict[str, Any]:
    from tui.operations.views import iso

    head = verdict.head
    return {
        "verdict": str(verdict.standing) if beside is None else "altered",
        "intact": verdict.intact and beside is None,
        "first": verdict.first,
        "last": verdict.last,
        "checked": verdict.checked,
        "bad_id": verdict.bad_id,
        "problem": verdict.problem or beside,
        "missing_keys": [
            {"key": gap.key_id, "first": gap.first, "last": gap.last} for gap in verdict.missing
        ],
        "head": None if head is None else {"id": head.id, "at": iso(head.at)},
    }


def _show(verdict: "Verdict", beside: str | None) -> None:
    for text in (verdict.problem, beside):
        if text:
            note(f"commsdesk: altered: {text}")
    if verdict.missing:
        gaps = "; ".join(map(str, verdict.missing))
        note(f"commsdesk: cannot be judged: {gaps} (--with-key FILE takes the secret key of then)")
    if verdict.problem is None:
        whole = "whole: " if verdict.intact and beside is None else ""
        say(f"{whole}{verdict.checked:,} entries checked, {verdict.first} to {verdict.last}")
        if verdict.head is not None:
            at = local_time(verdict.head.at)
            say(f"the end that was kept apart at {at} reaches entry {verdict.head.id}")
