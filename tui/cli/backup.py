"""`commsdesk backup`: a copy of the site in one file, made while it is in use."""

from pathlib import Path
from typing import Annotated

import typer

from tui.cli.existing_site import existing_desk
from tui.cli.options import Json
from tui.cli.output import emit, note, say


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write")],
    with_key: Annotated[
        Path | None,
        typer.Option("--with-key", metavar="FILE", help="Write the secret key to this file of its own"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files if they are there")] = False,
    json: Json = False,
) -> None:
    """Copy the site to one file, checked, while it is in use.

    The secret key that opens API keys and passwords is left out unless --with-key names a file
    for it: keep the two apart.
    """
    from tui.operations import site_care

    with existing_desk() as desk:
        made = site_care.make_backup(desk, file, key_file=with_key, force=force)
    key = str(made.key_file) if made.key_file else None
    if json:
        emit({"file": str(made.file), "bytes": made.size, "review_head": made.head_id, "key_file": key})
        return
    say(f"backup written to {made.file} ({made.size / 1_000_000:.1f} MB, checked)")
    if key:
        say(f"secret key written to {key}: keep it apart from the backup")
    else:
        note("the secret key is not in it: without secret.key the handlers' secrets must be entered again")
