"""Files over a real sshd: the console's dialogs, and links planted in a person's own folder."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.vocabulary import Role
from tests.operations.arrange import make_people
from tests.processes.support import until
from tests.processes.terminal import Terminal
from tests.system.operators_over_ssh import SiteOverSsh

pytestmark = pytest.mark.timeout(600)

CTRL_S, ESCAPE = "\x13", "\x1b"
EMPTY_FIELD = "\x05\x15"  # to its end, and all before it away
USERS, REVIEW = "2", "6"
OUTSIDE = "Name\nNot Ana's\n"  # a file outside, before and after
NOT_PLAIN, IS_LINK = "must be a plain name in your own folder", "File {} is a link"


@pytest.fixture(scope="module")
def site(over_ssh: SiteOverSsh) -> Iterator[SiteOverSsh]:
    over_ssh.add("ana", Role.ADMINISTRATOR)
    make_people(over_ssh.database, {"Joe Hart": "+447700900123"})
    yield over_ssh


@pytest.fixture
def own(site: SiteOverSsh) -> Iterator[Path]:
    """Ana's folder, empty."""
    folder = site.own_folder("ana")
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture
def outside(site: SiteOverSsh) -> Iterator[Path]:
    """A file at the site that the account could write, and nobody over SSH may."""
    path = site.folder / "outside.csv"
    path.write_text(OUTSIDE)
    before = sorted(each.name for each in site.folder.iterdir())
    yield path
    assert path.read_text() == OUTSIDE
    assert sorted(each.name for each in site.folder.iterdir()) == before
    path.unlink()


@pytest.fixture
def ana(site: SiteOverSsh) -> Iterator[Terminal]:
    """Ana at her console."""
    opened = site.console("ana")
    yield opened
    opened.press(ESCAPE)
    opened.process.kill()
    site.nobody_is_left()


def use(ana: Terminal, name: str, key: str, says: str) -> None:
    """Put the name into the field in place of what is there, press the key, and wait for the words."""
    ana.press(EMPTY_FIELD + name)
    ana.on_screen(name)
    ana.press(key)
    ana.on_screen(says.format(name))


def plant(own: Path, outside: Path) -> None:
    """Two links in the folder to a file outside: whoever has the account can make them, and no operator."""
    (own / "link.csv").symlink_to(outside)
    (own / "hard.csv").hardlink_to(outside)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("section", "row", "heading", "holds"),
    [(USERS, "Joe Hart", "Export users", "Joe Hart"), (REVIEW, "added", "Export the review", "ana added")],
    ids=["users", "review"],
)
def test_an_export_goes_into_ones_own_folder_only(
    ana: Terminal, own: Path, outside: Path, section: str, row: str, heading: str, holds: str
) -> None:
    plant(own, outside)
    ana.press(section)
    ana.on_screen(row)
    ana.press("X")
    ana.on_screen(heading)
    for name, says in (
        (str(outside), NOT_PLAIN), ("link.csv", IS_LINK), (".hidden", NOT_PLAIN), ("hard.csv", IS_LINK),
    ):  # fmt: skip
        use(ana, name, CTRL_S, says)
    assert names_in(own) == ["hard.csv", "link.csv"]
    use(ana, "mine.csv", CTRL_S, row)
    written = own / "mine.csv"
    until(written.exists, "the file is written")
    assert holds in written.read_text() and written.stat().st_mode & 0o777 == 0o600
    assert names_in(own) == ["hard.csv", "link.csv", "mine.csv"]


def test_an_import_reads_from_ones_own_folder_only(
    site: SiteOverSsh, ana: Terminal, own: Path, outside: Path
) -> None:
    plant(own, outside)
    (own / "mine.csv").write_text("Name\nAnn Lee\n")
    ana.press(USERS)
    ana.on_screen("Joe Hart")
    ana.press("I")
    ana.on_screen("Import users")
    for name, says in (
        (str(outside), NOT_PLAIN), ("../../outside.csv", NOT_PLAIN), ("link.csv", IS_LINK),
        ("hard.csv", IS_LINK),
    ):  # fmt: skip
        use(ana, name, "\r", says)
        assert not any("Not Ana" in line for line in ana.lines)
    use(ana, "mine.csv", "\r", "ctrl+s imports all of it")
    ana.press(CTRL_S)
    ana.on_screen("Imported from mine.csv")
    names = [user["name"] for user in map(json.loads, site.cli("user", "list", "--json").stdout.splitlines())]
    assert names == ["Joe Hart", "Ann Lee"]


@pytest.mark.parametrize("name", ["link.csv", "hard.csv"])
def test_a_link_planted_in_the_folder_is_no_way_to_what_is_outside(
    site: SiteOverSsh, own: Path, outside: Path, name: str
) -> None:
    plant(own, outside)
    commands = ("user import {}", "review verify --against {}", "operator add x --role viewer --key-file {}",
                "handler add x --api one --api-key-file {}", "user export {}")  # fmt: skip
    with site.connection("ana") as by_it:
        for command in commands:
            refused = site.ask("ana", command.format(name), options=by_it)
            assert (refused.returncode, refused.stdout) == (1, ""), (command, refused)
            assert IS_LINK.format(name) in refused.stderr, (command, refused)
            assert "Not Ana" not in refused.stderr, (command, refused)
    assert names_in(own) == ["hard.csv", "link.csv"]
    assert (own / "link.csv").is_symlink() and (own / "hard.csv").samefile(outside)
