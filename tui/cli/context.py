"""Which site a command works on, and as whom: the global options, kept until the command ends."""

import os
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui.operations.errors import Refused

if TYPE_CHECKING:
    from tui.operations.desk import Desk

DATA_VARIABLE = "COMMSDESK_DATA"


@dataclass(frozen=True, slots=True)
class Settings:
    """The global options as given. `operator` is None for the owner of this login."""

    folder: Path
    operator: str | None = None


_settings: ContextVar[Settings | None] = ContextVar("commsdesk_settings", default=None)
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


def configure(folder: Path | None, operator: str | None) -> None:
    """Take the global options of this command."""
    close()
    name = " ".join(operator.split()) if operator is not None else None
    if name == "":
        raise Refused("--operator is empty: name the person at work, e.g. --operator ana", "operator")
    _settings.set(Settings((folder or default_folder()).expanduser().absolute(), name))


def settings() -> Settings:
    """The global options, with their presets when none were given."""
    found = _settings.get()
    if found is None:
        found = Settings(default_folder().expanduser().absolute())
        _settings.set(found)
    return found


def desk() -> "Desk":
    """The operator at the site. The site is opened once a command; made when it is new.

    Raises `StorageError` when it cannot be used.
    """
    found = _open.get()
    if found is None:
        # Here and not above: `--help` and `--version` open nothing and should load nothing.
        from storage.site import open_site
        from tui.operations.desk import Desk, local_name

        chosen = settings()
        found = Desk(open_site(chosen.folder), chosen.operator or local_name())
        _open.set(found)
    return found


def close() -> None:
    """Close the site if this command opened it."""
    found = _open.get()
    if found is not None:
        found.database.close()
        _open.set(None)
