"""`commsdesk secrets`: the key that encrypts API keys and passwords."""

from tui.cli.existing_site import existing_desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, note, say

app = plain_app()


@app.callback()
def secrets() -> None:
    """The key that encrypts API keys and passwords."""


@app.command()
def rotate(json: Json = False) -> None:
    """Make a new secret key, encrypt everything with it, and drop the old one.

    Engines and consoles that are running take the new key up by themselves. Backups made
    before can only be read with the key that was kept with them.
    """
    from storage.secrets import VARIABLE
    from tui.operations import site_care

    with existing_desk() as desk:
        done = site_care.change_key(desk)
    if json:
        emit(
            {
                "secrets": done.secrets,
                "review_keys": done.review_keys,
                "unreadable": list(done.unreadable),
                "from_environment": done.from_environment,
            }
        )
    elif done.from_environment:
        say(f"everything is encrypted with the first key of {VARIABLE}: the others can be dropped")
    else:
        say(f"a new secret key is in use: {done.secrets} handlers' secrets are encrypted with it")
        note("backups made before need the key that was kept with them: make a new backup")
    if done.unreadable:
        note(f"could not be read with any key, enter again: {', '.join(done.unreadable)}")
