"""Copies that are consistent and checked, and putting them back without ever standing without a database."""

import shutil
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from storage import adoption, handlers, instances, integrity, restore, review_verify, sqlite
from storage.backup import backup
from storage.database import Database
from storage.errors import Damaged, NewerSchema, NotASite, StorageError
from storage.folder import DataFolder
from storage.restore import Restored
from storage.secrets import VARIABLE
from storage.site import open_site
from storage.vocabulary import MessageState
from tests.engine.support import states
from tests.storage.conftest import NOW, say, texts_of


def put_back(site: Database, file: Path, **options: Path) -> Restored:
    site.close()
    return restore.restore(site.folder, file, lambda: NOW + timedelta(hours=1), **options)


@pytest.fixture
def file(filled: Database, tmp_path: Path) -> Path:
    return backup(filled, tmp_path / "site.backup", NOW).file


def test_a_backup_holds_everything_and_is_for_its_owner_only(filled: Database, tmp_path: Path) -> None:
    made = backup(filled, tmp_path / "site.backup", NOW)
    assert made.file.stat().st_mode & 0o777 == 0o600
    assert made.size == made.file.stat().st_size > 0
    assert made.head_id == len(texts_of(filled))
    assert integrity.check_copy(made.file) == []
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["site.backup"]


def test_a_backup_is_consistent_while_others_write(filled: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            say(filled, f"busy {n} a", f"busy {n} b")
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            made = backup(filled, tmp_path / f"{n}.backup", NOW)
            assert review_verify.against(filled, made.file) is None
            copy = sqlite.driver.connect(made.file)
            busy = copy.execute("SELECT count(*) FROM review WHERE body LIKE 'busy %'").fetchone()[0]
            copy.close()
            assert busy % 2 == 0
    finally:
        stop.set()
        writer.join()


def test_a_backup_overwrites_only_when_told(filled: Database, file: Path) -> None:
    with pytest.raises(StorageError, match="there already: name another file, or overwrite it"):
        backup(filled, file, NOW)
    assert backup(filled, file, NOW, force=True).file == file


@pytest.mark.parametrize("own", ["commsdesk.sqlite3", "commsdesk.sqlite3-wal", "secret.key"])
def test_the_site_s_own_files_are_never_overwritten(filled: Database, own: str) -> None:
    with pytest.raises(StorageError, match="is this site's own"):
        backup(filled, filled.folder.path / own, NOW, force=True)
    assert texts_of(filled)[-1] == "three"


def test_a_folder_that_is_not_there_is_named(filled: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"there is no folder .*nowhere"):
        backup(filled, tmp_path / "nowhere" / "b", NOW)


def test_a_damaged_site_gives_no_backup(filled: Database, tmp_path: Path) -> None:
    damage(filled)
    with pytest.raises(Damaged):
        backup(filled, tmp_path / "b", NOW)
    assert not (tmp_path / "b").exists()


def damage(site: Database) -> None:
    """Overwrite pages in the middle of the closed file."""
    site.close()
    with site.path.open("r+b") as file:
        for page in range(8, 60, 2):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)


def test_page_garbage_is_found_at_the_start_in_words(filled: Database) -> None:
    damage(filled)
    with pytest.raises(Damaged, match=r"is damaged .*restore the newest backup"):
        integrity.require_sound(filled.path)


def test_a_sound_site_passes_both_checks(filled: Database) -> None:
    assert integrity.quick_check(filled.path) == []
    assert integrity.full_check(filled.path) == []
    integrity.require_sound(filled.path)


def test_a_row_missing_from_an_index_is_found_by_the_full_check_only(filled: Database) -> None:
    connection = sqlite.connect(filled.path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA trusted_schema = ON")
    connection.execute(
        "UPDATE sqlite_master SET sql = 'CREATE INDEX review_at ON review (id)' WHERE name = 'review_at'"
    )
    connection.close()
    assert integrity.quick_check(filled.path) == []
    assert integrity.full_check(filled.path)


def test_a_reference_to_nothing_is_found(filled: Database) -> None:
    connection = sqlite.connect(filled.path)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("UPDATE message SET handler_id = 99 WHERE id = 1")
    connection.close()
    assert "row 1 of message refers to a row of handler" in integrity.full_check(filled.path)[0]


def test_the_key_is_left_out_unless_it_gets_a_file_of_its_own(filled: Database, tmp_path: Path) -> None:
    made = backup(filled, tmp_path / "b", NOW)
    key = filled.folder.secret_key.read_text().strip()
    assert made.key_file is None and key.encode() not in made.file.read_bytes()
    again = backup(filled, tmp_path / "c", NOW, key_file=tmp_path / "c.key")
    assert again.key_file is not None and again.key_file.read_text().strip() == key
    assert again.key_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StorageError, match="there already"):
        backup(filled, tmp_path / "d", NOW, key_file=tmp_path / "c.key")
    assert not (tmp_path / "d").exists()


def test_a_key_from_the_environment_is_not_written_down(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, filled.folder.secret_key.read_text())
    with pytest.raises(StorageError, match=VARIABLE):
        backup(filled, tmp_path / "b", NOW, key_file=tmp_path / "b.key")


def test_a_full_disk_leaves_no_half_backup(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(copy: Path, now: object) -> int:
        raise sqlite.driver.OperationalError("database or disk is full")

    monkeypatch.setattr("storage.backup._mark", full)
    with pytest.raises(StorageError, match="is full: free some space"):
        backup(filled, tmp_path / "b", NOW)
    assert [entry for entry in tmp_path.iterdir() if entry.is_file()] == []


def test_a_restored_site_is_as_it_was_and_held(filled: Database, file: Path) -> None:
    say(filled, "after the backup")
    done = put_back(filled, file)
    assert states(done.database) == {MessageState.UNKNOWN: 3}
    assert "after the backup" not in texts_of(done.database)
    with done.database.read() as connection:
        hold = adoption.hold_of(connection)
        assert handlers.secret_of(done.database, connection, 1)
    assert hold is not None and hold.reason == adoption.FROM_BACKUP
    assert done.backed_up_at == NOW
    assert review_verify.verify(done.database).intact
    done.database.close()


def test_the_replaced_database_lies_beside_whole(filled: Database, file: Path) -> None:
    say(filled, "after the backup")
    done = put_back(filled, file)
    done.database.close()
    assert done.replaced is not None and "replaced-20261123T030000Z" in done.replaced.name
    connection = sqlite.driver.connect(done.replaced)
    last = connection.execute("SELECT body FROM review ORDER BY id DESC").fetchone()[0]
    connection.close()
    assert last == "after the backup"
    names = {entry.name for entry in filled.folder.path.iterdir()}
    assert not any(name.startswith(".restore") or name.endswith(("-wal", "-shm")) for name in names)


def test_a_backup_opened_by_hand_as_a_site_is_held_too(file: Path, tmp_path: Path) -> None:
    place = tmp_path / "by hand"
    place.mkdir()
    shutil.copy(file, place / "commsdesk.sqlite3")
    opened = open_site(place)
    with opened.read() as connection:
        assert adoption.is_held(connection)
    opened.close()


def test_restoring_where_there_is_no_site_makes_one_with_its_key(filled: Database, tmp_path: Path) -> None:
    made = backup(filled, tmp_path / "b", NOW, key_file=tmp_path / "b.key")
    done = restore.restore(DataFolder(tmp_path / "new"), made.file, lambda: NOW, key_file=tmp_path / "b.key")
    with done.database.read() as connection:
        assert handlers.secret_of(done.database, connection, 1) == "c2ltdWxhdG9yLWtleS0wMQ=="
    assert done.replaced is None
    assert done.database.folder.secret_key.stat().st_mode & 0o777 == 0o600
    done.database.close()


def test_without_its_key_the_restored_site_opens_and_says_so(file: Path, tmp_path: Path) -> None:
    done = restore.restore(DataFolder(tmp_path / "new"), file, lambda: NOW)
    assert any("secret.key was missing" in text for text in texts_of(done.database))
    done.database.close()


def test_restoring_is_refused_while_this_site_is_open(filled: Database, file: Path) -> None:
    with filled.read(), pytest.raises(StorageError, match="has this site open: end it first"):
        restore.restore(filled.folder, file, lambda: NOW)
    say(filled, "untouched")


def test_restoring_is_refused_while_another_process_has_the_site_open(filled: Database, file: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from storage import sqlite;"
        "c = sqlite.connect(Path(sys.argv[1])); c.execute('SELECT 1 FROM lease').fetchone();"
        "print('open', flush=True); sys.stdin.read()"
    )
    filled.close()
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(filled.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(StorageError, match="has this site open"):
        restore.restore(filled.folder, file, lambda: NOW)
    other.communicate()
    restore.restore(filled.folder, file, lambda: NOW).database.close()


def test_restoring_is_refused_while_a_process_of_another_machine_is_written_down(
    filled: Database, file: Path
) -> None:
    with filled.write() as tx:
        instances.register(tx, "far", "run", "1", None, NOW)
        tx.connection.exec_driver_sql("UPDATE instance SET boot_id = 'another', pid = 4, host = 'far'")
    filled.close()
    with pytest.raises(StorageError, match=r"commsdesk run \(process 4 on far\) has this site open"):
        restore.restore(filled.folder, file, lambda: NOW)


@pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256)) * 32], ids=["empty", "text", "bytes"])
def test_what_is_no_backup_is_refused_and_nothing_changes(
    filled: Database, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(StorageError, match=r"is empty|not a backup|is damaged"):
        put_back(filled, tmp_path / "x")
    assert texts_of(open_site(filled.folder.path))[-1] == "three"


def test_a_damaged_backup_is_refused_before_anything_is_replaced(filled: Database, file: Path) -> None:
    before = filled.path.stat().st_ino
    with file.open("r+b") as stream:
        stream.seek(20 * 4096)
        stream.write(b"\xa5" * 40960)
    with pytest.raises(Damaged, match="use an older backup"):
        put_back(filled, file)
    assert filled.path.stat().st_ino == before


def test_a_backup_of_a_newer_program_is_refused(filled: Database, file: Path) -> None:
    connection = sqlite.driver.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerSchema, match="newer commsdesk"):
        put_back(filled, file)


def test_another_program_s_database_is_no_backup(filled: Database, tmp_path: Path) -> None:
    other = sqlite.driver.connect(tmp_path / "songs")
    other.execute("CREATE TABLE song (title TEXT)")
    other.close()
    with pytest.raises(NotASite, match="not a backup of a commsdesk site"):
        put_back(filled, tmp_path / "songs")


def test_the_live_database_is_no_backup_of_itself(filled: Database) -> None:
    with pytest.raises(StorageError, match="own database"):
        put_back(filled, filled.path)


def test_a_damaged_site_is_replaced_and_kept_beside(filled: Database, file: Path) -> None:
    filled.close()
    with filled.path.open("r+b") as stream:
        stream.write(b"\xa5" * 4096)
    filled_size = filled.path.stat().st_size
    Path(f"{filled.path}-wal").write_bytes(b"left over")
    done = put_back(filled, file)
    assert texts_of(done.database)
    assert done.replaced is not None and done.replaced.stat().st_size == filled_size
    done.database.close()


@pytest.mark.parametrize("step", ["link", "replace", "flush"])
def test_a_restore_cut_short_leaves_a_whole_database(
    filled: Database, file: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut(*args: object, **options: object) -> None:
        raise OSError(5, "Input/output error")

    filled.close()
    with monkeypatch.context() as patched:
        if step == "link":
            patched.setattr("storage.restore.os.link", cut)
        elif step == "replace":
            patched.setattr("storage.restore.Path.replace", cut)
        else:
            patched.setattr("storage.restore.database_file.flush", cut)
        with pytest.raises(StorageError):
            restore.restore(filled.folder, file, lambda: NOW)
    again = open_site(filled.folder.path)
    assert integrity.full_check(again.path) == []
    assert texts_of(again)[-1] == "three"
    again.close()
    restore.restore(filled.folder, file, lambda: NOW).database.close()
