"""What a restore takes from outside: the schema, the people it lets in, the keys; all of it or nothing."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import adoption, integrity, operators, restore, review_head, review_verify, sqlite
from storage.backup import backup
from storage.database import SCHEMA_VERSION, Database
from storage.errors import NotASite, StorageError
from storage.folder import DataFolder
from storage.logins import Login, Newcomer, Why, newcomers
from storage.operators import OperatorKey
from storage.schema_check import differences
from storage.site import open_site
from tests.storage.conftest import NOW, say, texts_of
from tests.storage.test_upgrade import first_schema

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def file(filled: Database, tmp_path: Path) -> Path:
    return backup(filled, tmp_path / "site.backup", NOW).file


def change(file: Path, *statements: str) -> None:
    connection = sqlite.driver.connect(file)
    connection.execute("PRAGMA foreign_keys=OFF")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def put_back(site: Database, file: Path, **options: Any) -> restore.Restored:
    site.close()
    return restore.restore(site.folder, file, lambda: LATER, **options)


def kept_as_it_was(site: Database, before: int) -> None:
    """The site's files are what they were, and nothing of the restore lies about."""
    assert site.path.stat().st_ino == before
    names = {entry.name for entry in site.folder.path.iterdir()}
    assert not [name for name in names if name.startswith(".restore") or "replaced" in name]
    again = open_site(site.folder.path)
    assert texts_of(again)[-1] == "three"
    assert integrity.full_check(again.path) == []
    again.close()


MAKES_AN_ADMINISTRATOR = (
    "CREATE TRIGGER op AFTER INSERT ON review BEGIN UPDATE operator SET role = 'administrator'; END"
)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (MAKES_AN_ADMINISTRATOR, "trigger op is no part of commsdesk"),
        ("CREATE TEMP TABLE x (y)", None),
        ("CREATE VIEW v AS SELECT * FROM handler", "view v is no part of commsdesk"),
        ("CREATE TABLE extra (x)", "table extra is no part of commsdesk"),
        ("CREATE INDEX extra ON handler (notes)", "index extra is no part of commsdesk"),
        ("DROP TABLE message_template", r"message_template_name is missing and 1 more"),
        ("DROP INDEX message_due", "index message_due is missing"),
        ("DROP TRIGGER review_text_added", "trigger review_text_added is missing"),
        ("ALTER TABLE handler ADD COLUMN spare TEXT", "table handler is not as commsdesk makes it"),
        ("UPDATE alembic_version SET version_num = '0001'", "its schema version is told in two ways"),
        ("DELETE FROM alembic_version", "its schema version is told in two ways"),
    ],
)
def test_a_schema_that_is_not_ours_is_refused_and_nothing_changes(
    filled: Database, file: Path, statement: str, told: str | None
) -> None:
    change(file, statement)
    filled.close()
    before = filled.path.stat().st_ino
    if told is None:
        put_back(filled, file).database.close()
        return
    with pytest.raises(NotASite, match=told):
        put_back(filled, file)
    kept_as_it_was(filled, before)


def test_a_virtual_table_that_is_not_ours_is_refused(filled: Database, file: Path) -> None:
    change(
        file,
        "CREATE VIRTUAL TABLE spy USING fts5(body, content='handler', content_rowid='id')",
    )
    with pytest.raises(NotASite, match="is no part of commsdesk"):
        put_back(filled, file)


def test_a_backup_of_every_older_schema_is_upgraded_before_it_is_put_in_place(
    filled: Database, tmp_path: Path
) -> None:
    old = first_schema(tmp_path / "old")
    change(old, "UPDATE site_value SET value = 'x' WHERE name = 'inode'")
    done = put_back(filled, old)
    connection = sqlite.connect(filled.path)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert differences(connection, SCHEMA_VERSION) == []
    connection.close()
    with done.database.read() as reading:
        assert adoption.is_held(reading)
    done.database.close()
    assert not list(filled.folder.path.glob("commsdesk-schema*"))


def opens_nowhere(reason: str) -> Callable[..., Any]:
    def refuse(*args: Any, **options: Any) -> Any:
        raise StorageError(reason)

    return refuse


def test_a_file_that_cannot_be_opened_as_a_site_is_never_put_in_place(
    filled: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The next entry of such a review has no number left: every write fails.
    change(file, f"UPDATE sqlite_sequence SET seq = {2**63 - 1} WHERE name = 'review'")
    change(file, "PRAGMA writable_schema = OFF", f"UPDATE review SET id = {2**63 - 1} WHERE id = 3")
    filled.close()
    before = filled.path.stat().st_ino
    with pytest.raises(Exception):  # noqa: B017  (whatever such a file makes of it)
        put_back(filled, file, finish=lambda database, replaced: say(database, "restored"))
    kept_as_it_was(filled, before)


def test_what_fails_when_it_is_finished_changes_nothing(filled: Database, file: Path) -> None:
    filled.close()
    before = filled.path.stat().st_ino
    key = filled.folder.secret_key.read_text()
    with pytest.raises(StorageError, match="no entry"):
        put_back(filled, file, finish=opens_nowhere("no entry"))
    kept_as_it_was(filled, before)
    assert filled.folder.secret_key.read_text() == key


def test_the_old_site_is_put_back_when_the_new_one_does_not_open(
    filled: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    review_head.keep(filled, NOW)
    head = review_head.path_of(filled).read_bytes()
    key = filled.folder.secret_key.read_text()
    filled.close()
    before = filled.path.stat().st_ino
    open_at = restore.site.open_site

    def only_staged(path: Path, **options: Any) -> Database:
        if path == filled.folder.path:
            raise StorageError("it does not open")
        return open_at(path, **options)

    with monkeypatch.context() as patched:
        patched.setattr("storage.restore.site.open_site", only_staged)
        with pytest.raises(StorageError, match="does not open"):
            put_back(filled, file)
    kept_as_it_was(filled, before)
    assert review_head.path_of(filled).read_bytes() == head
    assert filled.folder.secret_key.read_text() == key


def test_the_head_of_a_restored_review_is_kept_and_the_review_is_whole(filled: Database, file: Path) -> None:
    done = put_back(filled, file, finish=lambda database, replaced: say(database, f"from {replaced}"))
    assert "-replaced-" in texts_of(done.database)[-1]
    assert review_head.kept(done.database) is not None
    assert review_verify.verify(done.database).intact
    done.database.close()


def test_a_given_key_is_never_the_first(filled: Database, file: Path, tmp_path: Path) -> None:
    own = filled.folder.secret_key.read_text().split()
    other = open_site(tmp_path / "other")
    given = other.folder.secret_key.read_text().split()
    other.close()
    done = put_back(filled, file, key_file=tmp_path / "other" / "secret.key")
    assert filled.folder.secret_key.read_text().split() == [*own, *given]
    assert filled.folder.secret_key.stat().st_mode & 0o777 == 0o600
    done.database.close()
    new = restore.restore(
        DataFolder(tmp_path / "new"), file, lambda: NOW, key_file=tmp_path / "other" / "secret.key"
    )
    first, *rest = new.database.folder.secret_key.read_text().split()
    assert first not in given and rest == given
    new.database.close()


def add_operator(site: Database, name: str, role: str, key: str) -> int:
    with site.write() as tx:
        made = operators.add(tx, name, role, NOW)
        operators.add_keys(tx, made, [OperatorKey("ssh-ed25519", key)], NOW)
        return made


def test_people_who_may_not_come_in_now_are_named_and_asked_about(filled: Database, tmp_path: Path) -> None:
    ana = add_operator(filled, "ana", "administrator", "AAAA1")
    bob = add_operator(filled, "Bob", "operator", "AAAA2")
    add_operator(filled, "cy", "viewer", "AAAA3")
    file = backup(filled, tmp_path / "before", NOW).file
    with filled.write() as tx:
        operators.remove(tx, ana, NOW)
        operators.change(tx, bob, {"enabled": False}, NOW)
    filled.close()
    before = filled.path.stat().st_ino
    asked: list[Sequence[Newcomer]] = []
    expected = [Newcomer("ana", "administrator", Why.NOT_HERE), Newcomer("Bob", "operator", Why.DISABLED)]
    with pytest.raises(restore.NotAgreed) as refused:
        put_back(filled, file, agree=lambda found: bool(asked.append(found)))
    assert list(refused.value.newcomers) == expected == list(asked[0])
    again = open_site(filled.folder.path)
    assert texts_of(again)[-1] == "three"
    again.close()
    assert filled.path.stat().st_ino == before
    done = put_back(filled, file, agree=lambda found: True)
    assert list(done.newcomers) == expected
    done.database.close()


def test_nobody_is_asked_where_there_is_no_site_or_nobody_new(filled: Database, tmp_path: Path) -> None:
    add_operator(filled, "ana", "administrator", "AAAA1")
    file = backup(filled, tmp_path / "before", NOW).file
    put_back(filled, file).database.close()
    done = restore.restore(DataFolder(tmp_path / "new"), file, lambda: NOW)
    assert [each.name for each in done.newcomers] == ["ana"]
    done.database.close()


def login(role: str, *keys: str, enabled: bool = True) -> dict[str, Login]:
    return {"ana": Login("Ana", role, enabled, frozenset(keys))}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ({}, login("viewer"), Why.NOT_HERE),
        (login("viewer", enabled=False), login("viewer"), Why.DISABLED),
        (login("viewer", "1"), login("viewer", "1", "2"), Why.OTHER_KEY),
        (login("viewer", "1"), login("operator", "1"), Why.LESSER_ROLE),
        (None, login("viewer"), Why.CANNOT_TELL),
        (login("operator", "1", "2"), login("viewer", "1"), None),
        (login("operator", "1"), login("administrator", "1", enabled=False), None),
        (login("operator", "1"), {}, None),
    ],
)
def test_who_would_be_let_in(
    before: dict[str, Login] | None, after: dict[str, Login], why: Why | None
) -> None:
    found = newcomers(before, after)
    assert [each.why for each in found] == ([] if why is None else [why])
