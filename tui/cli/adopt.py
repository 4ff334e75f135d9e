"""`commsdesk adopt`: say that this is the live site."""

from tui.cli.existing_site import existing_desk
from tui.cli.options import Json
from tui.cli.output import emit, note, say


def adopt(json: Json = False) -> None:
    """Say that this is the live site, after it was copied or restored: firing and sending go on.

    Make sure first that the original no longer runs, or people get every message twice. What
    was held stays of unknown outcome until someone decides about it.
    """
    from tui.operations import site_care, status

    with existing_desk() as desk:
        adopted = site_care.adopt(desk)
        unknown = status.status(desk).unknown
        folder = desk.database.folder.path
    if json:
        emit({"folder": str(folder), "adopted": adopted, "unknown": unknown})
    elif adopted:
        say(f"{folder} is the live site from now on")
    else:
        say(f"{folder} is the live site already: nothing to adopt")
    if adopted and unknown:
        note(
            f"{unknown:,} of unknown outcome wait for a decision: commsdesk message list --state unknown,"
            " then message resend, arrived or drop"
        )
