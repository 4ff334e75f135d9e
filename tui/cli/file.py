"""`commsdesk file`: the files that operators keep at the site."""

from typing import Annotated

import typer

from tui.cli.existing_site import existing_desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit_all, local_time, note, say, show_table

app = plain_app()


@app.command("list")
def list_files(json: Json = False) -> None:
    """Your own files at the site: exports that you wrote. At the machine itself, those of everybody."""
    from tui.operations import own_files
    from tui.operations.views import iso

    with existing_desk() as desk:
        found = own_files.listing(desk)
    if json:
        emit_all(
            {"name": f.name, "owner": f.owner, "size": f.size, "changed_at": iso(f.changed_at)} for f in found
        )
        return
    if not found:
        note("no files")
        return
    rows = [[f.name, f"{f.size:,}", local_time(f.changed_at), f.owner] for f in found]
    show_table(["File", "Bytes", "Changed", "Whose"], rows, right=(1,))


@app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The file's name")],
    of: Annotated[
        str | None, typer.Option("--of", metavar="OPERATOR", help="Whose, where several have such a file")
    ] = None,
) -> None:
    """Remove one of your files."""
    from tui.operations import own_files

    with existing_desk() as desk:
        gone = own_files.remove(desk, name, of)
    say(f"removed {gone.name} of {gone.owner}, {gone.size:,} bytes")
