"""Files that a person names: where they may lie, and written whole or not at all."""

from pathlib import Path
from typing import Any, TextIO

import pytest

from storage.vocabulary import Role
from tui.operations import local_files
from tui.operations.errors import NotAllowed, Refused
from tui.operations.local_files import Anywhere, OwnFolder


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Anywhere().path(" ~/people.csv ") == tmp_path / "people.csv"


@pytest.mark.parametrize("typed", ["", "  ", "a\x00b"])
def test_what_names_no_file_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refusal:
        Anywhere().path(typed)
    assert refusal.value.field == "File"


@pytest.mark.parametrize("typed", ["/etc/passwd", "../x", "a/b", ".x", "..", "~/x"])
def test_an_own_folder_takes_plain_names_only(typed: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="plain name"):
        OwnFolder(tmp_path).path(typed)


@pytest.mark.parametrize("hard", [False, True])
def test_an_own_folder_follows_no_link(tmp_path: Path, hard: bool) -> None:
    (tmp_path / "secret").write_text("x")
    own = tmp_path / "own"
    own.mkdir()
    if hard:
        (own / "link").hardlink_to(tmp_path / "secret")
    else:
        (own / "link").symlink_to(tmp_path / "secret")
    for act in (lambda: local_files.read(OwnFolder(own), "link", 10), lambda: write(OwnFolder(own), "link")):
        with pytest.raises(Refused, match="link"):
            act()
    assert (tmp_path / "secret").read_text() == "x"
    (tmp_path / "secret").unlink()
    if hard:  # it has one name now, which is in the folder
        assert local_files.read(OwnFolder(own), "link", 10) == b"x"


def test_reading_stops_one_past_the_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    assert local_files.read(Anywhere(), str(tmp_path / "f"), 4) == b"01234"


class Anybody:
    """Stands for a desk: who is asked for a role, and has it or not."""

    def __init__(self, allowed: bool = True) -> None:
        self.allowed = allowed

    def require(self, role: Role, what: str) -> None:
        if not self.allowed:
            raise NotAllowed(f"vic is a viewer: {what} needs an operator")


DESK: Any = Anybody()


def write(files: local_files.LocalFiles, typed: str) -> int:
    return local_files.write(files, DESK, typed, lambda out: out.write("new"))


def test_a_failed_writing_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")

    def fails(out: TextIO) -> None:
        out.write("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(Refused, match="No space left"):
        local_files.write(Anywhere(), DESK, str(path), fails)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    assert write(Anywhere(), str(path)) == 3
    assert path.read_text() == "new"


@pytest.mark.parametrize("typed", ["{}", "{}/gone/f", "{}/" + "x" * 300, "/dev/null", "~nobody-here/f"])
def test_what_cannot_be_written_is_refused(typed: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        write(Anywhere(), typed.format(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_followed_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write(Anywhere(), str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "there").read_text() == "new"


# What may be written into a folder of one's own


def test_a_quota_holds_for_all_files_together_and_leaves_what_was_there(tmp_path: Path) -> None:
    files = OwnFolder(tmp_path, quota=100, floor=0)
    assert local_files.write(files, DESK, "a", lambda out: out.write("x" * 60)) == 60
    for much in ("y" * 41, "y" * 100_000):
        with pytest.raises(Refused, match="there is no room for all of it: remove some first"):
            local_files.write(files, DESK, "b", lambda out, much=much: out.write(much))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert local_files.write(files, DESK, "b", lambda out: out.write("y" * 40)) == 40
    with pytest.raises(Refused, match="its limit: remove some first"):
        local_files.write(files, DESK, "c", lambda out: out.write("z"))
    assert local_files.write(files, DESK, "a", lambda out: out.write("new")) == 3
    assert (tmp_path / "a").read_text() == "new" and (tmp_path / "b").read_text() == "y" * 40


def test_a_small_disk_keeps_what_sending_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = local_files.FLOOR + 10
    monkeypatch.setattr("tui.operations.local_files.shutil.disk_usage", lambda path: Disk(free))
    with pytest.raises(Refused, match="no room"):
        local_files.write(OwnFolder(tmp_path), DESK, "a", lambda out: out.write("x" * 11))
    assert local_files.write(OwnFolder(tmp_path), DESK, "a", lambda out: out.write("x" * 10)) == 10
    free = local_files.FLOOR
    with pytest.raises(Refused, match="less than 200 MB left, which sending needs"):
        local_files.write(OwnFolder(tmp_path), DESK, "b", lambda out: out.write("x"))


class Disk:
    def __init__(self, free: int) -> None:
        self.free = free


def test_what_a_killed_process_was_writing_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / ".people.csv.99999999").write_text("half")
    write(OwnFolder(tmp_path, most_files=1), "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_whoever_may_not_write_leaves_nothing(tmp_path: Path) -> None:
    vic: Any = Anybody(allowed=False)
    with pytest.raises(NotAllowed, match="standard output takes an export"):
        local_files.write(OwnFolder(tmp_path, viewers_write=False), vic, "a", lambda out: out.write("x"))
    assert list(tmp_path.iterdir()) == []
    assert local_files.write(OwnFolder(tmp_path), vic, "a", lambda out: out.write("x")) == 1
