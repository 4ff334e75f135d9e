"""Looking after a site: who may, what the review says, and what adoption does and does not undo."""

from datetime import timedelta
from pathlib import Path

import pytest

from storage import adoption, sqlite, tasks
from storage.database import Database
from storage.errors import Damaged
from storage.vocabulary import Role
from tests.operations.arrange import JOE, make_handler, run_engine_here, set_message, to
from tests.operations.conftest import StandingClock
from tests.operations.test_diagnose import add_task
from tui.operations import sending, site_care, status
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused


def held(database: Database, desk: Desk) -> None:
    with database.write() as tx:
        adoption.hold(tx, adoption.COPIED, desk.now())


def test_a_backup_is_in_the_review_with_who_made_it(desk: Desk, tmp_path: Path, texts) -> None:  # type: ignore[no-untyped-def]
    made = site_care.make_backup(desk, tmp_path / "b", key_file=tmp_path / "k")
    assert made.key_file == tmp_path / "k"
    assert texts()[-1] == f"backup written to {tmp_path / 'b'}, its secret key to {tmp_path / 'k'}"
    with pytest.raises(Refused, match="there already"):
        site_care.make_backup(desk, tmp_path / "b")
    assert len(texts()) == 1


def test_only_administrators_look_after_the_files(
    desk: Desk, database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    operator = Desk(database, "olga", Role.OPERATOR, clock)
    held(database, desk)
    for act in (
        lambda: site_care.make_backup(operator, tmp_path / "b"),
        lambda: site_care.adopt(operator),
        lambda: site_care.change_key(operator),
        lambda: site_care.put_back(database.folder.path, tmp_path / "b", "olga", role=Role.OPERATOR),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert site_care.hold_of(desk) is not None
    assert site_care.verify_review(operator)[0].intact


def test_restoring_says_who_did_it_and_what_to_enter_again(
    desk: Desk, database: Database, tmp_path: Path, clock: StandingClock
) -> None:
    handler = make_handler(desk)
    sending.send(desk, sending.Request(handler, to(JOE), "hello"))
    site_care.make_backup(desk, tmp_path / "b")
    done = site_care.put_back(tmp_path / "new", tmp_path / "b", "ana", now=clock)
    assert (done.held_messages, done.unreadable, done.replaced) == (1, ("Clickatell",), None)
    assert done.backed_up_at == clock()
    with pytest.raises(Refused, match="has this site open"):
        site_care.put_back(database.folder.path, tmp_path / "b", "ana", now=clock)


def test_adopting_writes_down_what_came_due_and_who_adopted(
    desk: Desk,
    database: Database,
    clock: StandingClock,
    texts,  # type: ignore[no-untyped-def]
) -> None:
    handler = make_handler(desk)
    with database.write() as tx:
        tx.connection.exec_driver_sql(
            "INSERT INTO user_group (name, name_key, notes, revision, created_at) VALUES ('N', 'n', '', 1, 0)"
        )
        add_task(tx, desk, "Report", handler, "N")
    held(database, desk)
    clock.move(hours=2)
    assert site_care.adopt(desk) is True
    with database.read() as connection:
        assert [run.state for run in tasks.runs(connection, 1, None, 9)] == ["missed"]
    assert texts()[-1].startswith("this is the live site from now on (it was held: a copy")
    assert texts()[-1].endswith("; 1 overdue task not fired")
    assert site_care.adopt(desk) is False
    assert site_care.hold_of(desk) is None


def test_a_new_key_is_in_the_review(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    make_handler(desk)
    assert site_care.change_key(desk).secrets == 1
    assert texts()[-1] == "the secret key was changed"


def test_what_is_said_at_the_start(desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    make_handler(desk)
    monkeypatch.setattr("storage.sqlite.library_version", lambda: (3, 51, 3))
    assert site_care.look_at_start(database) == []
    monkeypatch.setattr("storage.sqlite.library_version", lambda: (3, 40, 1))
    monkeypatch.setattr("storage.integrity.free_bytes", lambda folder: 50_000_000)
    held(database, desk)
    site_care.review_head.keep(database, desk.now())
    with database.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM review WHERE id > 1")
    old, full, copied, cut = site_care.look_at_start(database)
    assert "pysqlite3" in old and "50 MB left" in full and "commsdesk adopt" in copied
    assert "entry 2 is gone" in cut


def test_a_damaged_file_stops_the_start(desk: Desk, database: Database) -> None:
    make_handler(desk)
    database.close()
    with database.path.open("r+b") as file:
        for page in range(8, 60, 2):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    with pytest.raises(Damaged, match="restore the newest backup"):
        site_care.look_at_start(database)
    assert sqlite.APPLICATION_ID


def test_the_status_of_a_site_in_order(desk: Desk, database: Database) -> None:
    handler = make_handler(desk)
    sending.send(desk, sending.Request(handler, to(JOE), "hello"))
    run_engine_here(database)
    found = status.status(desk)
    assert found.healthy and found.warnings == ()
    assert (found.waiting, found.retrying, found.sending, found.unknown) == (1, 0, 0, 0)
    assert found.oldest_due_at == desk.now()
    json = status.as_json(found)
    assert json["engine"]["running"] is True and json["engine"]["kind"] == "run"
    assert json["queue"] == {"waiting": 1, "retrying": 0, "sending": 0, "unknown": 0}
    assert json["oldest_due_age"] == 0.0 and json["held"] is None
    assert [one["name"] for one in json["handlers"]] == ["Clickatell"]


def test_what_makes_a_site_unhealthy(
    desk: Desk, database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage import handlers

    handler = make_handler(desk)
    requests = [sending.Request(handler, to(number), "x") for number in (JOE, "+61400000000")]
    first, second = (sending.send(desk, request).ids[0] for request in requests)
    assert status.status(desk).problems == ("no scheduler is running: start commsdesk run",)
    run_engine_here(database)
    clock.move(minutes=3)
    assert status.status(desk).problems == ("the oldest message has been due for 3 min",)
    set_message(database, first, state="unknown")
    set_message(database, second, state="accepted")
    found = status.status(desk)
    assert found.healthy and found.warnings == ("1 of unknown outcome wait for a person",)
    with database.write() as tx:
        handlers.set_status(tx, handler, status="Error", error="1 Invalid API Key", advice="check it")
    assert status.status(desk).problems == ("Clickatell: 1 Invalid API Key: check it",)
    monkeypatch.setattr("storage.integrity.free_bytes", lambda folder: 1_000_000)
    held(database, desk)
    assert [text.partition(":")[0] for text in status.status(desk).problems] == [
        "no scheduler is running",
        "held",
        "the disk is full",
    ]


def test_a_silent_engine_is_unhealthy(desk: Desk, database: Database, clock: StandingClock) -> None:
    from storage import leases
    from storage.tables import leases as table

    run_engine_here(database)
    with database.write() as tx:
        tx.execute(table.update().values(beaten_at=desk.now() - timedelta(seconds=45)))
    assert status.status(desk).problems == ("the scheduler has shown no life for 45 s",)
    with database.read() as connection:
        assert leases.current(connection).epoch == 1
