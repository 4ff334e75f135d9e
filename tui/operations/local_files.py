"""Files that a person names by typing: read whole, written whole or not at all.

`Anywhere` takes any path of this machine. `OwnFolder` is for sessions that must not roam: names
only, inside one folder, and no links are followed, hard ones neither.
"""

import errno
import io
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO, TypeVar

from tui.operations.errors import Refused

if TYPE_CHECKING:
    from tui.operations.desk import Desk

T = TypeVar("T")

FIELD = "File"
HOOK = "files"
"""The attribute of the console that holds its `LocalFiles`; without it any path may be typed."""


MEGABYTE = 1_000_000
QUOTA = 50 * MEGABYTE  # bytes of all files in a folder of one's own
MOST_FILES = 50
FLOOR = 200 * MEGABYTE
"""Bytes that stay free: twice what the engine warns at, so that no export ever stops the sending."""


class LocalFiles(Protocol):
    """Where the console may read and write."""

    @property
    def hint(self) -> str:
        """What may be typed, for the line below the field."""

    def path(self, typed: str) -> Path:
        """The file that was named. Raises `Refused`."""

    def room(self, desk: "Desk", path: Path) -> int | None:
        """How many bytes `desk` may write in the place of `path`; None: no limit. Raises `Refused`."""


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

    def room(self, desk: "Desk", path: Path) -> int | None:
        return None


@dataclass(frozen=True)
class OwnFolder:
    """Plain names inside `folder`: no paths, no hidden files, no links.

    `offer` is called with each file that was written, to hand it on to the person. `viewers_write` is
    False where viewers have another way to take things along. `quota` and `floor` are in bytes.
    """

    folder: Path
    hint: str = "The name of a file in your own folder."
    offer: Callable[[Path], object] | None = None
    viewers_write: bool = True
    quota: int = QUOTA
    most_files: int = MOST_FILES
    floor: int = FLOOR

    def path(self, typed: str) -> Path:
        name = _name(typed)
        if "/" in name or os.sep in name or name.startswith(".") or (os.altsep and os.altsep in name):
            raise Refused("File must be a plain name in your own folder, such as people.csv", FIELD)
        path = self.folder / name
        if _is_link(path):
            raise Refused(f"File {name} is a link: name the file itself", FIELD)
        return path

    def room(self, desk: "Desk", path: Path) -> int | None:
        from storage.vocabulary import Role

        if not self.viewers_write:
            desk.require(Role.OPERATOR, "writing a file (standard output takes an export: user export -)")
        self._forget_broken_off()
        others = [each for each in self.folder.iterdir() if each.name != path.name]
        if len(others) >= self.most_files:
            raise Refused(f"there are {len(others)} files in your folder: {MAKE_ROOM}", FIELD)
        left = self.quota - sum(each.lstat().st_size for each in others)
        if left <= 0:
            raise Refused(f"your folder holds {self.quota // MEGABYTE} MB, its limit: {MAKE_ROOM}", FIELD)
        free = shutil.disk_usage(self.folder).free - self.floor
        if free <= 0:
            raise Refused(
                f"the disk has less than {self.floor // MEGABYTE} MB left, which sending needs:"
                " use standard output, or free some space",
                FIELD,
            )
        return min(left, free)

    def _forget_broken_off(self) -> None:
        """Take away what processes that have ended were writing."""
        for each in self.folder.glob(".*"):
            owner = each.name.rpartition(".")[2]
            if owner.isdigit() and not Path(f"/proc/{owner}").exists():
                each.unlink(missing_ok=True)


MAKE_ROOM = "remove some first (commsdesk file list, file remove NAME), or use standard output"


def of(console: object) -> LocalFiles:
    """Where this console may read and write."""
    files: LocalFiles = getattr(console, HOOK, None) or Anywhere()
    return files


def read(files: LocalFiles, typed: str, most: int, kind: str = "CSV file", *, pipes: bool = False) -> bytes:
    """At most `most` bytes of the file and one more, so that a longer one can be told. Raises `Refused`.

    With `pipes` a named pipe or a shell's <(…) is read as well, where any path may be named: whoever waits
    for it can give up.
    """
    path = files.path(typed)
    try:
        if pipes and isinstance(files, Anywhere) and (pipe := _pipe(typed)) is not None:
            with pipe.open("rb") as source:
                return source.read(most + 1)
        # A pipe or a device would wait for ever, or never end.
        if path.exists() and not path.is_file():
            raise Refused(f"{typed.strip()} is no file: name a {kind}", FIELD)
        with open(path, "rb", opener=_no_links(files)) as source:
            return source.read(most + 1)
    except (OSError, ValueError) as error:
        raise Refused(f"{typed.strip()} cannot be read ({_reason(error)}): name a {kind}", FIELD) from None


def _pipe(typed: str) -> Path | None:
    """The pipe of that name, not resolved: /dev/fd/63 leads to no name of the file system."""
    path = Path(typed.strip()).expanduser()
    return path if path.is_fifo() else None


def exists(files: LocalFiles, typed: str) -> bool:
    """Whether writing would take the place of a file. Raises `Refused`."""
    try:
        return files.path(typed).exists()
    except (OSError, ValueError) as error:
        raise Refused(f"{typed.strip()} cannot be used ({_reason(error)}): name another", FIELD) from None


def write(
    files: LocalFiles, desk: "Desk", typed: str, fill: Callable[[TextIO], T], *, encoding: str = "utf-8"
) -> T:
    """Let `fill` write the text; what it gives. Written beside and moved there, readable by its owner only.

    Raises `Refused` (also for who may write nothing here, and where there is no room); a file that was
    there is then as it was.
    """
    path = files.path(typed)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            raise Refused(f"{typed.strip()} is no file but a folder or a device: name a file", FIELD)
        room = files.room(desk, path)
        try:
            with _open_new(beside, room, encoding) as out:
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


class _Limited(io.FileIO):
    """A file that takes no more than `room` bytes."""

    room: int | None = None

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        if self.room is not None and size > self.room:
            self.room = 0
            raise Refused(f"there is no room for all of it: {MAKE_ROOM}", FIELD)
        written = super().write(data) or 0
        if self.room is not None:
            self.room -= written
        return written


@contextmanager
def _open_new(path: Path, room: int | None, encoding: str) -> Iterator[TextIO]:
    raw = _Limited(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    raw.room = room
    try:
        out = io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, newline="")
        yield out
        out.flush()
        out.detach().detach()
    finally:
        # The raw file is closed, not the buffers above it: what they hold after a refusal is for nobody.
        raw.close()


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
