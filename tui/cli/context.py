"""Which site a command works on, and as whom: the global options, kept until the command ends."""

import os
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.operations.errors import Refused

if TYPE_CHECKING:
    from tui.operations.access import Identity
    from tui.operations.desk import Desk
    from tui.operations.local_files import LocalFiles

DATA_VARIABLE = "COMMSDESK_DATA"


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The global options as given. `operator` is None for the owner of this login.

    `operator_id` is that of someone who came in with an SSH key, `own_folder` the only one whose
    files they may name; nothing that a client sends sets either.
    """

    folder: Path
    operator: str | None = None
    operator_id: int | None = None
    own_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How a console is opened: with an engine or not, and what takes the place of `settings.toml`."""

    engine: bool = True
    mouse: bool | None = None
    theme: str | None = None
    link: str | None = None


_look: ContextVar[Look] = ContextVar("commsdesk_look", default=Look())  # noqa: B039  (it never changes)
_global_options: ContextVar[GlobalOptions | None] = ContextVar("commsdesk_settings", default=None)
_pinned: ContextVar[GlobalOptions | None] = ContextVar("commsdesk_pinned", default=None)
_beginning: ContextVar[bool] = ContextVar("commsdesk_beginning", default=False)
_open: ContextVar["Desk | None"] = ContextVar("commsdesk_desk", default=None)


def default_folder() -> Path:
    """COMMSDESK_DATA, else the platform's user data folder for commsdesk."""
    given = os.environ.get(DATA_VARIABLE)
    if given:
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("commsdesk", appauthor=False)


def given(folder: Path) -> bool:
    """Whether a folder is another than the platform's own for this login."""
    from platformdirs import user_data_path

    return folder != user_data_path("commsdesk", appauthor=False)


def pin(chosen: GlobalOptions) -> None:
    """From now on these hold, whatever a command line or the environment says."""
    close()
    _pinned.set(chosen)
    _global_options.set(chosen)


def configure(folder: Path | None, operator: str | None) -> None:
    """Take the global options of this command."""
    close()
    if _pinned.get() is not None:
        return
    name = " ".join(operator.split()) if operator is not None else None
    if name == "":
        raise Refused("--operator is empty: name the person at work, e.g. --operator ana", "operator")
    _global_options.set(GlobalOptions((folder or default_folder()).expanduser().absolute(), name))


def set_look(look: Look) -> None:
    _look.set(look)


def look() -> Look:
    """How a console that this command opens is to look."""
    return _look.get()


def global_options() -> GlobalOptions:
    """The global options, with their presets when none were given."""
    found = _global_options.get()
    if found is None:
        found = GlobalOptions(default_folder().expanduser().absolute())
        _global_options.set(found)
    return found


def files() -> "LocalFiles":
    """The files that may be named."""
    from tui.operations.local_files import Anywhere, OwnFolder

    own = global_options().own_folder
    return Anywhere() if own is None else OwnFolder(own, viewers_write=False)


def identity() -> "Identity":
    """Who says to be at work."""
    from tui.operations.access import Identity
    from tui.operations.local_account import local_name

    chosen = global_options()
    return Identity(local_name(), chosen.operator, chosen.operator_id)


def desk() -> "Desk":
    """The operator at the site. The site is opened once a command, and made only after `begin_site`.

    Raises `StorageError` when it cannot be used, `Refused` when there is none or this person may not
    work there.
    """
    found = _open.get()
    if found is None:
        # Here and not above: `--help` and `--version` open nothing and should load nothing.
        from storage.errors import NotASite
        from tui.operations.access import open_desk

        folder = global_options().folder
        try:
            found = open_desk(folder, identity(), create=_beginning.get())
        except NotASite as error:
            if (folder / "commsdesk.sqlite3").exists():
                raise
            raise Refused(f"{error}: {HOW_TO_BEGIN}") from None
        _open.set(found)
    return found


HOW_TO_BEGIN = "name its folder with --data, or begin one: commsdesk field add, handler add, or the console"


def begin_site() -> None:
    """This command may make a new site: it adds something that a site begins with. A mistyped folder
    for any other command is refused, not made into a site with a key of its own."""
    _beginning.set(True)


def close() -> None:
    """Close the site if this command opened it."""
    _beginning.set(False)
    found = _open.get()
    if found is not None:
        found.database.close()
        _open.set(None)
