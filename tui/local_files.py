"""Files that a person names by typing: read whole, written whole or not at all.

`Anywhere` takes any path of this machine. `OwnFolder` is for sessions that must not roam: names
only, inside one folder, and no links are followed, hard ones neither.
"""

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

from tui.operations.errors import Refused

T = TypeVar("T")

FIELD = "File"
HOOK = "files"
"""The attribute of the console that holds its `LocalFiles`; without it any path may be typed."""


class LocalFiles(Protocol):
    """Where the console may read and write."""

    @property
    def hint(self) -> str:
        """What may be typed, for the line below the field."""

    def path(self, typed: str) -> Path:
        """The file that was named. Raises `Refused`."""


@dataclass(frozen=True)
class Anywhere:
    """Any path; `~` is the home folder, and what is not absolute begins where the console was started."""

    hint: str = "A path on the console's machine; ~ is the home folder."

    def path(self, typed: str) -> Path:
        name = _name(typed)
        try:
            return Path(name).expanduser().resolve()
        except (OSError, RuntimeError):  # links in a circle, a home folder that nobody has
            raise Refused(f"File {name} leads nowhere: name another", FIELD) from None


@dataclass(frozen=True)
class OwnFolder:
    """Plain names inside `folder`: no paths, no hidden files, no links.

    `offer` is called with each file that was written, to hand it on to the person.
    """

    folder: Path
    hint: str = "The name of a file in your own folder."
    offer: Callable[[Path], object] | None = None

    def path(self, typed: str) -> Path:
        name = _name(typed)
        if "/" in name or os.sep in name or name.startswith(".") or (os.altsep and os.altsep in name):
            raise Refused("File must be a plain name in your own folder, such as people.csv", FIELD)
        path = self.folder / name
        if _is_link(path):
            raise Refused(f"File {name} is a link: name the file itself", FIELD)
        return path


def of(console: object) -> LocalFiles:
    """Where this console may read and write."""
    files: LocalFiles = getattr(console, HOOK, None) or Anywhere()
    return files


def read(files: LocalFiles, typed: str, most: int, kind: str = "CSV file") -> bytes:
    """At most `most` bytes of the file and one more, so that a longer one can be told. Raises `Refused`."""
    path = files.path(typed)
    try:
        # A pipe or a device would wait for ever, or never end.
        if path.exists() and not path.is_file():
            raise Refused(f"{typed.strip()} is no file: name a {kind}", FIELD)
        with open(path, "rb", opener=_no_links(files)) as source:
            return source.read(most + 1)
    except (OSError, ValueError) as error:
        raise Refused(f"{typed.strip()} cannot be read ({_reason(error)}): name a {kind}", FIELD) from None


def exists(files: LocalFiles, typed: str) -> bool:
    """Whether writing would take the place of a file. Raises `Refused`."""
    try:
        return files.path(typed).exists()
    except (OSError, ValueError) as error:
        raise Refused(f"{typed.strip()} cannot be used ({_reason(error)}): name another", FIELD) from None


def write(files: LocalFiles, typed: str, fill: Callable[[TextIO], T], *, encoding: str = "utf-8") -> T:
    """Let `fill` write the text; what it gives. Written beside and moved there, readable by its owner only.

    Raises `Refused`; a file that was there is then as it was.
    """
    path = files.path(typed)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            raise Refused(f"{typed.strip()} is no file but a folder or a device: name a file", FIELD)
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding=encoding, newline="") as out:
                given = fill(out)
            beside.replace(path)
            if offer := getattr(files, "offer", None):
                offer(path)
            return given
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = _reason(error)
        raise Refused(f"{typed.strip()} cannot be written ({reason}): name another file", FIELD) from None


def _name(typed: str) -> str:
    name = typed.strip()
    if not name:
        raise Refused("File is needed: type its name", FIELD)
    if "\x00" in name:
        raise Refused("File holds a character that no file name has: type it again", FIELD)
    return name


def _is_link(path: Path) -> bool:
    """Also where the file has another name, which may be one outside."""
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink > 1)


def _no_links(files: LocalFiles) -> Any:
    extra = getattr(os, "O_NOFOLLOW", 0) if isinstance(files, OwnFolder) else 0
    return lambda path, flags: os.open(path, flags | extra)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a link"
    return (error.strerror if isinstance(error, OSError) else None) or "its name cannot be used"
