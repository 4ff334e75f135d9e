"""What can happen to the file, its key and its disk under a real engine: said in words, and work goes on."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from demo_data.clickatell import ThreadedClickatell
from storage import sqlite
from storage.errors import StorageError
from storage.records import Recipient
from storage.vocabulary import EntryKind, MessageState
from tests.engine import support
from tests.faults.nursery import Nursery
from tests.faults.place import Place
from tests.processes.support import until
from tui.operations import sending
from tui.operations.desk import Desk
from tui.operations.errors import Refused


def test_a_full_disk_stops_sending_and_room_lets_it_go_on(
    nursery: Nursery, clickatell: ThreadedClickatell, small_disk: Path, tmp_path: Path
) -> None:
    place = Place(nursery, small_disk / "site", clickatell, tmp_path)
    try:
        run = place.run()
        place.queue(3)
        place.accepted(3)

        ballast = small_disk / "ballast"
        fill(ballast, small_disk, leave=4_000_000)
        place.queue(3)
        place.notes(run, "nothing is sent until then")
        assert place.states == {MessageState.ACCEPTED: 3, MessageState.QUEUED: 3}

        fill(ballast, small_disk, leave=0)
        told: Refused | None = None
        try:
            for _ in range(200):  # what was set aside in the log file is used up first
                sending.send(Desk(place.database, "ana"), sending.Request(place.handler, TO, "Pump 7 " * 20))
        except Refused as error:
            told = error
        assert told, "never full"
        assert "is full: free some space" in str(told)
        promised = sum(place.states.values())
        assert support.review_of(place.database), "reading goes on"
        assert run.alive

        ballast.unlink()
        place.accepted(promised)
        place.notes(run, "working again")
    finally:
        place.close()


TO = [Recipient(number="+447700900123")]


def fill(ballast: Path, disk: Path, leave: int) -> None:
    with ballast.open("ab") as file:
        while True:
            free = os.statvfs(disk)
            size = min(free.f_bavail * free.f_frsize - leave, 1_000_000)
            if size <= 0:
                return
            file.write(bytes(size))
            file.flush()


def test_a_read_only_mount_is_said_and_nothing_is_lost(
    nursery: Nursery, clickatell: ThreadedClickatell, small_disk: Path, tmp_path: Path
) -> None:
    place = Place(nursery, small_disk / "site", clickatell, tmp_path)
    try:
        place.queue(2)
        place.database.close()
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        run = place.run()
        assert run.ends(20)
        assert "Traceback" not in run.said
        assert "cannot be " in run.said
        assert "check" in run.said

        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        place.run()
        place.accepted(2)
    finally:
        place.close()


def test_a_wrong_secret_key_waits_for_the_right_one(place: Place) -> None:
    key = place.folder / "secret.key"
    right = key.read_bytes()
    key.write_bytes(Fernet.generate_key())
    run = place.run()
    place.queue(2)

    def told() -> bool:
        return any("secret missing" in entry.text for entry in support.review_of(place.database))

    until(told, f"the review says so: {run.said}")
    # Each attempt is a claim, and ends before anything leaves.
    until(lambda: set(place.states) == {MessageState.QUEUED}, "both wait again")
    assert "Traceback" not in run.said

    key.write_bytes(right)
    place.accepted(2)


def test_a_file_replaced_under_an_engine_gets_nothing_and_the_copy_is_held(place: Place) -> None:
    run = place.run()
    place.queue(2)
    place.accepted(2)
    other = place.folder / "other.sqlite3"
    with (
        contextlib.closing(sqlite.connect(place.database.path)) as source,
        contextlib.closing(sqlite.driver.connect(other)) as copy,
    ):
        source.backup(copy)
    other.replace(place.database.path)
    place.says(run, "was replaced while it was open: start commsdesk again")
    assert run.ends(20)
    with pytest.raises(StorageError, match="was replaced"):
        place.queue(1)


def test_an_empty_file_in_its_place_is_no_site(place: Place) -> None:
    run = place.run()
    place.queue(1)
    place.accepted(1)
    empty = place.folder / "empty"
    empty.touch()
    empty.replace(place.database.path)
    place.says(run, "was replaced while it was open")
    assert run.ends(20)
    second = place.run()
    assert second.ends(20)
    assert "is empty: restore a backup" in second.said
    assert place.database.path.stat().st_size == 0, "left as it was"


def test_a_newer_schema_ends_the_engine_which_works_again_when_it_is_gone(place: Place) -> None:
    run = place.run()
    place.queue(1)
    place.accepted(1)
    version = _pragma(place, "PRAGMA user_version")
    _pragma(place, "PRAGMA user_version = 99")
    place.says(run, "another commsdesk has upgraded")
    assert run.ends(20)
    second = place.run()
    assert second.ends(20)
    assert "was written by a newer commsdesk (schema 99" in second.said

    _pragma(place, f"PRAGMA user_version = {version}")
    place.run()
    place.queue(1)
    place.accepted(2)


def _pragma(place: Place, statement: str) -> int | None:
    # With the library that has the file open in this process: another would drop its locks.
    with contextlib.closing(sqlite.connect(place.database.path)) as connection:
        row = connection.execute(statement).fetchone()
    return row[0] if row else None


def test_a_damaged_page_is_said_at_the_start_and_the_rest_is_read(place: Place) -> None:
    run = place.run()
    place.queue(2)
    place.accepted(2)
    place.stop(run)
    _pragma(place, "PRAGMA wal_checkpoint(TRUNCATE)")
    page = _pragma(place, "SELECT rootpage FROM sqlite_master WHERE name = 'message_user'")
    size = _pragma(place, "PRAGMA page_size")
    assert page and size
    place.database.close()
    with place.database.path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)

    second = place.run()
    place.says(second, "damaged")
    accepted = [entry for entry in support.review_of(place.database) if entry.kind is EntryKind.ACCEPTED]
    assert len(accepted) == 2, "what is whole can still be read"
    assert place.states == {MessageState.ACCEPTED: 2}
