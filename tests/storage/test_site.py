"""Opening a site: new, old, copied, and everything that cannot be one."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import adoption, sqlite
from storage.database import SCHEMA_VERSION, Database
from storage.errors import Damaged, DatabaseBusy, NewerSchema, NotASite, ReadOnly, Replaced, StorageError
from storage.site import open_site
from tests.storage.conftest import NOW, say, texts_of


@pytest.fixture(autouse=True)
def new_sites() -> None:
    """Here each new site goes through the migrations itself."""


def test_a_new_site_is_for_its_owner_only_and_is_not_held(site: Database) -> None:
    assert site.folder.path.stat().st_mode & 0o777 == 0o700
    for file in (site.path, site.folder.secret_key):
        assert file.stat().st_mode & 0o777 == 0o600
    with site.read() as connection:
        assert adoption.hold_of(connection) is None


def test_opening_again_and_again_never_holds_the_site(site: Database) -> None:
    site.close()
    for _ in range(3):
        again = open_site(site.folder.path)
        with again.read() as connection:
            assert not adoption.is_held(connection)
        again.close()


def test_two_that_start_at_once_share_one_database(tmp_path: Path) -> None:
    code = """
import sys
from storage import adoption
from storage.site import open_site
database = open_site(sys.argv[1])
with database.read() as connection:
    print(database.path.stat().st_ino, adoption.is_held(connection))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "site")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate(timeout=60)[0].strip() for process in both}
    assert len(said) == 1
    assert said.pop().endswith("False")


def test_many_made_at_once_in_one_process_are_each_whole(tmp_path: Path) -> None:
    folders = [tmp_path / f"site{n % 6}" for n in range(8)]  # two of them twice
    begin = threading.Barrier(len(folders))

    def make(folder: Path) -> Database:
        begin.wait()
        return open_site(folder)

    with ThreadPoolExecutor(len(folders)) as pool:
        made = list(pool.map(make, folders))
    for site in made:
        say(site, "whole")
        assert not sqlite_left_over(site.folder.path)
        site.close()
    assert len({site.path.stat().st_ino for site in made}) == 6


def sqlite_left_over(folder: Path) -> list[Path]:
    return list(folder.glob(".commsdesk-*"))


def test_an_empty_file_is_no_site(tmp_path: Path) -> None:
    (tmp_path / "commsdesk.sqlite3").touch()
    with pytest.raises(NotASite, match="is empty: restore a backup"):
        open_site(tmp_path)


def test_another_program_s_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "commsdesk.sqlite3"
    other = sqlite.connect(file, create=True)
    other.execute("CREATE TABLE song (title TEXT)")
    other.close()
    with pytest.raises(NotASite, match="is not a commsdesk database"):
        open_site(tmp_path)


def test_garbage_in_the_header_is_named_as_damage(filled: Database) -> None:
    filled.close()
    with filled.path.open("r+b") as file:
        file.write(b"\xa5" * 100)
    with pytest.raises(Damaged, match=r"is damaged .*restore the newest backup"):
        open_site(filled.folder.path)


def test_a_newer_schema_is_refused_by_name(site: Database) -> None:
    site.close()
    connection = sqlite.connect(site.path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(NewerSchema, match="written by a newer commsdesk"):
        open_site(site.folder.path)


def test_a_file_in_the_folder_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="is a file: name a folder"):
        open_site(tmp_path / "file")


def test_no_site_is_made_where_none_was_wanted(tmp_path: Path) -> None:
    with pytest.raises(NotASite, match="there is no commsdesk site in"):
        open_site(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_belongs_to_another_is_refused_in_words() -> None:
    # As the superuser may write everywhere, the opening is done by someone who may not.
    place = Path(tempfile.mkdtemp())
    try:
        open_site(place / "site").close()
        place.chmod(0o755)
        if os.geteuid() == 0:
            (place / "site").chmod(0o755)
            os.seteuid(65534)
        else:
            for file in (place / "site").iterdir():
                file.chmod(0o400)
        try:
            with pytest.raises(ReadOnly, match=r"check .*owner and rights"):
                open_site(place / "site")
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
    finally:
        shutil.rmtree(place)


def test_a_secret_key_that_is_none_is_refused_in_words(site: Database) -> None:
    site.close()
    site.folder.secret_key.write_text("hello\n")
    with pytest.raises(StorageError, match=r"restore secret\.key from its copy"):
        open_site(site.folder.path)


def test_without_its_secret_key_the_site_opens_and_says_what_is_lost(filled: Database) -> None:
    filled.close()
    filled.folder.secret_key.unlink()
    again = open_site(filled.folder.path)
    assert any("secret.key was missing" in text for text in texts_of(again))
    say(again, "still writing")
    again.close()


def test_a_cut_log_file_loses_only_its_end_and_opens(filled: Database) -> None:
    # As after a power cut on a disk that lies about its writes: whole transactions at the end are gone.
    wal = Path(f"{filled.path}-wal")
    place = filled.folder.path.with_name("after")
    place.mkdir()
    shutil.copy(filled.path, place)
    (place / wal.name).write_bytes(wal.read_bytes()[:-2000])
    shutil.copy(filled.folder.secret_key, place)
    again = open_site(place)
    assert texts_of(again)[: len(texts_of(filled)) - 3] == texts_of(filled)[:-3]
    again.close()


def test_a_database_that_was_replaced_while_open_takes_no_more_writes(filled: Database) -> None:
    other = open_site(filled.folder.path.with_name("other"))
    other.close()
    other.path.replace(filled.path)
    with pytest.raises(Replaced, match="was replaced while it was open"):
        say(filled, "into the void")


def test_a_lock_held_by_another_is_named(filled: Database) -> None:
    blocker = sqlite.connect(filled.path)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy, match="locked by"), filled.write(wait=0.05):
        raise AssertionError("it got the lock")
    blocker.execute("ROLLBACK")
    blocker.close()
    say(filled, "free again")


def test_a_site_opens_for_reading_while_another_writes(filled: Database) -> None:
    blocker = sqlite.connect(filled.path)
    blocker.execute("BEGIN IMMEDIATE")
    again = open_site(filled.folder.path)
    with again.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM message")).scalar() == 3
    again.close()
    blocker.close()


def test_the_time_of_a_new_site_is_the_clock_s(site: Database) -> None:
    with site.read() as connection:
        made = connection.execute(sa.text("SELECT value FROM site_value WHERE name = 'made_at'")).scalar()
    assert made == NOW.isoformat()
