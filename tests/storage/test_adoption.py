"""A copy never sends again what the original sent: it is held until someone says that it is the live site."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import adoption, instances, leases, message_history, outbox, review
from storage.database import Database
from storage.site import open_site
from storage.tables import site_values
from storage.vocabulary import MessageState
from tests.engine.support import add_handler, queue, states
from tests.storage.conftest import NOW, Standing, texts_of


def copy_of(site: Database, name: str = "copy") -> Path:
    """The folder as an administrator copies it, with nobody at work."""
    site.close()
    target = site.folder.path.with_name(name)
    shutil.copytree(site.folder.path, target)
    return target


def held(database: Database) -> adoption.Hold | None:
    with database.read() as connection:
        return adoption.hold_of(connection)


def test_a_copied_folder_is_held_and_what_waited_is_unknown(filled: Database) -> None:
    copy = open_site(copy_of(filled))
    found = held(copy)
    assert found is not None and "a copy" in found.reason
    assert states(copy) == {MessageState.UNKNOWN: 3}
    with copy.read() as connection:
        message = message_history.get(connection, 1)
        entries = review.after(connection, 0, 100, review.ReviewFilter(message_id=1))
    assert message is not None and message.next_attempt_at is None
    assert message.error is not None and "the original may have sent it" in message.error
    assert ["held as unknown" in entry.text for entry in entries] == [True]
    assert any("3 waiting messages held as unknown" in text for text in texts_of(copy))
    copy.close()


def test_the_original_is_not_held_by_being_copied(filled: Database) -> None:
    copy_of(filled)
    again = open_site(filled.folder.path)
    assert held(again) is None
    assert states(again) == {MessageState.QUEUED: 3}
    again.close()


def test_a_message_that_was_being_sent_becomes_unknown_with_its_attempt(filled: Database) -> None:
    with filled.write() as tx:
        outbox.claim(
            tx,
            1,
            outbox.ORDINARY_LANE,
            1,
            rate=timedelta(minutes=1),
            stop=timedelta(minutes=5),
            epoch=1,
            instance_id="x",
            now=Standing().now(),
        )
    copy = open_site(copy_of(filled))
    with copy.read() as connection:
        (attempt,) = message_history.attempts_of(connection, 1)
    assert attempt.outcome == "unknown" and attempt.finished_at is not None
    assert states(copy) == {MessageState.UNKNOWN: 3}
    copy.close()


def test_a_copy_forgets_who_was_at_work_on_the_original(filled: Database) -> None:
    with filled.write() as tx:
        instances.register(tx, "a", "run", "1", None, NOW)
        leases.take(tx, leases.current(tx.connection), "a", "run", NOW)
    copy = open_site(copy_of(filled))
    with copy.read() as connection:
        assert instances.listing(connection) == []
        lease = leases.current(connection)
    assert lease.holder is None and lease.epoch == 2
    copy.close()


def test_it_is_held_once_and_what_is_queued_afterwards_waits(filled: Database) -> None:
    folder = copy_of(filled)
    open_site(folder).close()
    copy = open_site(folder)
    handler = add_handler(copy, Standing(), "Second")  # type: ignore[arg-type]
    queue(copy, Standing(), handler, 1)  # type: ignore[arg-type]
    copy.close()
    again = open_site(folder)
    assert states(again) == {MessageState.UNKNOWN: 3, MessageState.QUEUED: 1}
    assert sum("this database is a copy" in text for text in texts_of(again)) == 4
    again.close()


def test_adopting_makes_the_copy_the_live_site_for_good(filled: Database) -> None:
    folder = copy_of(filled)
    copy = open_site(folder)
    with copy.write() as tx:
        adoption.adopt(tx, copy.path)
    assert held(copy) is None
    copy.close()
    again = open_site(folder)
    assert held(again) is None
    assert states(again) == {MessageState.UNKNOWN: 3}
    again.close()


def test_the_same_inode_on_another_file_system_is_a_copy(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled.write() as tx:
        tx.execute(sa.delete(site_values).where(site_values.c.name == adoption.FILE_SYSTEM))
        tx.execute(sa.insert(site_values).values(name=adoption.FILE_SYSTEM, value="ext4 1234"))
    inode = str(filled.path.stat().st_ino)
    here = {adoption.INODE: inode, adoption.FILE_SYSTEM: "ext4 9999"}
    monkeypatch.setattr(adoption, "identity_of", lambda path: here)
    with filled.read() as connection:
        assert adoption.why_not_live(connection, filled.path) == adoption.COPIED
    # A file system without a lasting name says nothing.
    monkeypatch.setattr(adoption, "identity_of", lambda path: {adoption.INODE: inode})
    with filled.read() as connection:
        assert adoption.why_not_live(connection, filled.path) is None


def test_a_file_system_that_makes_inodes_up_holds_nothing_by_them(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "file_system_of", lambda path: "vfat")
    with filled.write() as tx:
        assert adoption.why_not_live(tx, filled.path) == adoption.COPIED  # it came from a better one
        adoption.adopt(tx, filled.path)
        assert adoption.why_not_live(tx, filled.path) is None


def test_moving_the_folder_on_one_disk_holds_nothing(filled: Database) -> None:
    filled.close()
    moved = filled.folder.path.rename(filled.folder.path.with_name("moved"))
    again = open_site(moved)
    assert held(again) is None
    again.close()


def test_of_many_messages_the_first_are_named_and_the_rest_counted(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "MOST_NAMED", 2)
    copy = open_site(copy_of(filled))
    assert any("and 1 more messages held as unknown" in text for text in texts_of(copy))
    assert states(copy) == {MessageState.UNKNOWN: 3}
    copy.close()
