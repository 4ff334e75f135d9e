"""The files that operators keep at the site: exports that they wrote and lists that they brought.

Each operator who comes in over SSH has a folder, `files/ID` in the data folder; consoles in a browser
share `web-files`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage import operators
from storage.vocabulary import Role
from tui.operations.desk import Desk
from tui.operations.errors import Refused

FOLDER = "files"
WEB_FOLDER = "web-files"
IN_A_BROWSER = "a browser"


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of an operator. `owner` is the operator's name, or who else keeps files there."""

    name: str
    owner: str
    size: int  # bytes
    changed_at: datetime
    path: Path


def folder_of(site: Path, operator_id: int) -> Path:
    return site / FOLDER / str(operator_id)


def listing(desk: Desk) -> list[OwnFile]:
    """An operator's own files; for the account that owns the site, those of everybody."""
    site = desk.database.folder.path
    if desk.operator_id is not None:
        desk.require(Role.VIEWER, "looking at files")
        return list(_files(folder_of(site, desk.operator_id), desk.operator))
    found = list(_files(site / WEB_FOLDER, IN_A_BROWSER))
    with desk.database.read() as connection:
        for folder in sorted((site / FOLDER).glob("[0-9]*"), key=lambda path: (len(path.name), path.name)):
            operator = operators.get(connection, int(folder.name)) if folder.name.isdigit() else None
            found += _files(folder, operator.name if operator else f"operator {folder.name}")
    return found


def remove(desk: Desk, name: str, owner: str | None = None) -> OwnFile:
    """Remove a file by its name; `owner` says whose where several have one of that name. Raises `Refused`."""
    fitting = [
        each
        for each in listing(desk)
        if each.name == name and (owner is None or each.owner.casefold() == owner.casefold())
    ]
    if not fitting:
        raise Refused(f"there is no file {name}{f' of {owner}' if owner else ''}", "File")
    if len(fitting) > 1:
        owners = ", ".join(each.owner for each in fitting)
        raise Refused(f"there are {len(fitting)} files {name}: say whose with --of ({owners})", "--of")
    try:
        fitting[0].path.unlink(missing_ok=True)
    except OSError as error:
        raise Refused(f"{name} cannot be removed ({error.strerror})", "File") from None
    return fitting[0]


def _files(folder: Path, owner: str) -> Iterator[OwnFile]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        info = path.lstat()
        if path.name.startswith(".") or path.is_dir():
            continue
        changed = datetime.fromtimestamp(info.st_mtime, UTC)
        yield OwnFile(path.name, owner, info.st_size, changed, path)
