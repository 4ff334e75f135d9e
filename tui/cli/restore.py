"""`commsdesk restore`: put a backup in the place of the site's database."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import context
from tui.cli.existing_site import existing_desk
from tui.cli.options import Json
from tui.cli.output import confirmed, emit, local_time, note, say

if TYPE_CHECKING:
    from storage.logins import Newcomer
    from storage.vocabulary import Role


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup")],
    with_key: Annotated[
        Path | None,
        typer.Option("--with-key", metavar="FILE", help="The secret key that was kept with the backup"),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also where the backup lets operators in who may not come in now")
    ] = False,
    json: Json = False,
) -> None:
    """Check a backup and put it in the place of the site's database, which is kept beside.

    Refused while a console, an engine or another command has the site open, and where it would let
    operators log in, or do more, who cannot now, until you agree. Afterwards
    the site is held: what waited is of unknown outcome, and nothing is sent until `commsdesk adopt`.
    """
    from tui.operations import site_care
    from tui.operations.views import iso

    chosen = context.global_options()
    who, role = _administrator()
    done = site_care.put_back(
        chosen.folder, file, who, role=role, key_file=with_key, agree=lambda found: yes or _agreed(found)
    )
    if json:
        emit(
            {
                "folder": str(chosen.folder),
                "replaced": str(done.replaced) if done.replaced else None,
                "backed_up_at": iso(done.backed_up_at),
                "held": True,
                "unknown": done.held_messages,
                "secrets_missing": list(done.unreadable),
                "may_log_in_now": [each.name for each in done.newcomers],
            }
        )
        return
    made = f" of {local_time(done.backed_up_at)}" if done.backed_up_at else ""
    say(f"restored the backup{made} to {chosen.folder}")
    if done.replaced:
        say(f"the database that was there is kept: {done.replaced}")
    for each in done.newcomers:
        note(f"may log in now: {site_care.newcomer_said(each)}")
    if done.unreadable:
        note(f"secret missing: enter it again for {', '.join(done.unreadable)}")
    if done.held_messages:
        note(f"{done.held_messages:,} of unknown outcome: commsdesk message list --state unknown")
    note("the site is held: nothing is sent until you say that it is the live one: commsdesk adopt")


def _agreed(newcomers: "Sequence[Newcomer]") -> bool:
    """Ask on a terminal; elsewhere nobody can be asked, and the answer is no."""
    from tui.operations.site_care import newcomer_said

    names = "; ".join(newcomer_said(each) for each in newcomers)
    return confirmed(f"It would let in {names}. Restore it all the same?", yes=False, without_terminal=False)


def _administrator() -> "tuple[str, Role]":
    """Who restores. A site that cannot be opened is the very one to restore: then the account decides."""
    from storage.errors import StorageError
    from storage.vocabulary import Role
    from tui.operations.access import check_account

    check_account(context.global_options().folder)
    try:
        with existing_desk() as desk:
            return desk.operator, desk.role
    except StorageError:
        identity = context.identity()
        return identity.name or identity.local, Role.ADMINISTRATOR
