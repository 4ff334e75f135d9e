"""From the first schema to the newest, with a row in every table, and against the tables as declared."""

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (declares the tables)
from storage import adoption, handlers, integrity, sqlite
from storage.database import SCHEMA_VERSION
from storage.errors import UpgradeRefused
from storage.process import this_process
from storage.site import open_site
from storage.types import to_micros
from storage.upgrade import run_upgrade
from tests.conftest import RunUpgrade
from tests.storage.conftest import NOW

# What a CHECK asks for; every other column takes a value of its type.
VALUES: dict[tuple[str, str], Any] = {
    ("custom_field", "type"): "Text",
    ("custom_field", "choices"): "[]",
    ("handler", "api_type"): "one",
    ("handler", "on_unknown"): "resend",
    ("handler_status", "status"): "Running",
    ("handler_status", "pause"): "busy",
    ("message", "state"): "queued",
    ("message", "origin"): "manual",
    ("message", "on_unknown"): "hold",
    ("message", "resend_of"): None,
    ("submission", "left_out"): "[]",
    ("attempt", "outcome"): "accepted",
    ("review", "category"): "System",
    ("review", "level"): "info",
    ("task", "when_missed"): "latest",
    ("task_run", "kind"): "scheduled",
    ("task_run", "state"): "fired",
    ("action", "alert_id"): None,
    ("action_recipient", "group_id"): None,
    ("action_recipient", "number"): None,
}
BY_TYPE = {"INTEGER": 1, "TEXT": "x", "BLOB": b"x", "REAL": 1.0}
# Not SQLite's own tables, nor those of the full text, nor the migrations'.
OWN = "type = 'table' AND NOT (name GLOB 'sqlite_*' OR name GLOB 'review_text*' OR name GLOB 'alembic*')"


@pytest.fixture(autouse=True)
def new_sites() -> None:
    """Here each new site goes through the migrations itself."""


def first_schema(folder: Path) -> Path:
    """A site as the first version left it: a row in every table, and nobody at work."""
    folder.mkdir()
    file = folder / "commsdesk.sqlite3"
    sqlite.connect(file, create=True).close()
    run_upgrade(file, 1, lambda connection: None)
    connection = sqlite.connect(file)
    connection.execute("PRAGMA foreign_keys=OFF")
    for (table,) in connection.execute(f"SELECT name FROM sqlite_master WHERE {OWN}").fetchall():
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        values = [VALUES.get((table, column[1]), BY_TYPE[column[2]]) for column in columns]
        names = ", ".join(f'"{column[1]}"' for column in columns)
        marks = ", ".join("?" * len(values))
        connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)
    connection.execute("DELETE FROM site_value")
    for name, value in adoption.identity_of(file).items():
        connection.execute("INSERT INTO site_value VALUES (?, ?)", (name, value))
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    return file


def master(file: Path) -> set[tuple[str, str, str]]:
    connection = sqlite.connect(file)
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    connection.close()
    return set(rows)


def counts(file: Path) -> dict[str, int]:
    connection = sqlite.connect(file)
    tables = [row[0] for row in connection.execute(f"SELECT name FROM sqlite_master WHERE {OWN}").fetchall()]
    found = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
    connection.close()
    return found


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return first_schema(tmp_path / "old")


def test_an_upgraded_site_is_as_a_new_one_and_keeps_every_row(old: Path, tmp_path: Path) -> None:
    before = counts(old)
    assert all(before.values())
    open_site(old.parent, now=lambda: NOW).close()
    new = open_site(tmp_path / "new")
    new.close()
    assert master(old) == master(new.path)
    after = counts(old)
    assert {name: number for name, number in after.items() if name in before} == before | {
        # The old row's key is no key: a new one is made, and the review says so and what that means.
        "review_key": 2,
        "review": 3,
    }
    assert integrity.full_check(old) == []
    connection = sqlite.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    connection.close()


def test_names_that_hid_something_are_found_after_an_upgrade(old: Path) -> None:
    connection = sqlite.connect(old)
    connection.execute(
        "UPDATE user SET name = char(65279) || 'Joe' || char(8203),"
        " name_key = char(65279) || 'joe' || char(8203)"
    )
    connection.execute("UPDATE user_group SET name = 'Ops', name_key = 'ops', removed_at = NULL")
    connection.execute(
        "INSERT INTO user_group (name, name_key, notes, revision, created_at)"
        " VALUES (char(8203) || 'Ops', char(8203) || 'ops', '', 1, 1), (char(8203), char(8203), '', 1, 1)"
    )
    connection.close()
    open_site(old.parent).close()
    connection = sqlite.connect(old)
    assert connection.execute("SELECT name, name_key FROM user").fetchall() == [("Joe", "joe")]
    # Two that would become one, and one of which nothing would be left, stay as they were.
    kept = connection.execute("SELECT name_key FROM user_group ORDER BY id").fetchall()
    assert kept == [("ops",), ("\u200bops",), ("\u200b",)]
    connection.close()


@pytest.fixture
def schema_4(tmp_path: Path) -> Path:
    """A site as schema 4 left it: handlers of each API, and pauses as schema 3 and 4 kept them."""
    folder = tmp_path / "schema-4"
    folder.mkdir()
    file = folder / "commsdesk.sqlite3"
    sqlite.connect(file, create=True).close()
    run_upgrade(file, 4, lambda connection: None)
    connection = sqlite.connect(file)
    numbers = (
        "enabled allow_plain_http retry_rate stop_retrying_after useful_life most_parts batch_size"
        " max_connections total_timeout revision created_at changed_at"
    )
    handler = dict.fromkeys(numbers.split(), 1) | {"on_unknown": "hold", "notes": "", "proxy": "http://p:1"}
    handler |= {"secret": b"x", "secret_hint": "••••", "low_balance": "20.5"}
    one = {"api_type": "one", "channel": "SMS"}
    xml = {"api_type": "xml", "api_uri": "https://xml.example", "user_name": "u & 'v'", "api_id": "7"}
    accounts = (one, {**one, "base_url": "https://one.example"}, xml, {**xml, "sender_id": "ACME"})
    for key, account in enumerate(accounts, 1):
        _insert(
            connection, "handler", {"id": key, "name": f"H{key}", "name_key": f"h{key}", **handler, **account}
        )
    pauses = (
        ("busy", "43", None),
        ("account", "301", None),
        ("account", "44", None),
        ("account", "1", "at_time"),
    )
    for key, (pause, code, ends) in enumerate(pauses, 1):
        row = {"handler_id": key, "status": "Running", "pause": pause, "pause_code": code, "pause_ends": ends}
        _insert(connection, "handler_status", row)
    for name, value in adoption.identity_of(file).items():
        _insert(connection, "site_value", {"name": name, "value": value})
    connection.close()
    return file


def _insert(connection: Any, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def test_the_settings_of_each_gateway_move_into_one_column(schema_4: Path) -> None:
    before = _handlers(schema_4)
    with closing(open_site(schema_4.parent, now=lambda: NOW)) as database, database.read() as connection:
        found = [(each.api_type, each.settings) for each in handlers.listing(connection)]
        pauses = {key: status.pause_ends for key, status in handlers.statuses(connection).items()}
    login = {"user_name": "u & 'v'", "api_id": "7", "api_uri": "https://xml.example"}
    assert found == [
        ("one", {"channel": "SMS"}),
        ("one", {"channel": "SMS", "base_url": "https://one.example"}),
        ("xml", login),
        ("xml", {**login, "sender_id": "ACME"}),
    ]
    assert pauses == {1: "at_time", 2: "balance_rose", 3: "probe_accepted", 4: "at_time"}
    after = _handlers(schema_4)
    kept = set(before[0]) & set(after[0])
    assert set(before[0]) - kept == {"channel", "base_url", "api_uri", "user_name", "api_id", "sender_id"}
    assert [[row[key] for key in kept] for row in after] == [[row[key] for key in kept] for row in before]


def _handlers(file: Path) -> list[dict[str, Any]]:
    with closing(sqlite.connect(file)) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(handler)")]
        return [dict(zip(names, row, strict=True)) for row in connection.execute("SELECT * FROM handler")]


def test_an_upgrade_leaves_a_copy_of_what_was_there(old: Path) -> None:
    before = counts(old)
    open_site(old.parent, now=lambda: NOW).close()
    (copy,) = old.parent.glob("commsdesk-schema1-*.sqlite3")
    assert counts(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600


def test_an_upgrade_is_refused_while_another_process_has_the_site_open(old: Path) -> None:
    me = this_process()
    connection = sqlite.connect(old)
    values = (me.boot_id, me.pid_namespace, os.getppid(), "", "0.0.9", to_micros(NOW))
    connection.execute(
        "UPDATE instance SET boot_id = ?, pid_namespace = ?, pid = ?, process_start = ?, version = ?,"
        " seen_at = ?",
        values,
    )
    connection.close()
    with pytest.raises(UpgradeRefused, match=r"commsdesk 0\.0\.9 .*still has this site open"):
        open_site(old.parent, now=lambda: NOW + timedelta(seconds=1))
    assert list(old.parent.glob("commsdesk-schema1-*")) == []
    connection = sqlite.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    connection.close()


def test_an_upgrade_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = master(old), counts(old)

    def fail(connection: sa.Connection, to: int) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("storage.upgrade.upgrade", fail)
        with pytest.raises(RuntimeError):
            open_site(old.parent)
    assert (master(old), counts(old)) == before
    open_site(old.parent).close()


def test_the_migrations_make_the_tables_that_are_declared(tmp_path: Path) -> None:
    new = open_site(tmp_path / "new")
    new.close()
    drawn = tmp_path / "drawn.sqlite3"
    sqlite.connect(drawn, create=True).close()
    engine = sqlite.make_engine(drawn)
    with engine.begin() as connection:
        SQLModel.metadata.create_all(connection)
    engine.dispose()
    assert described(new.path) == described(drawn)


def test_a_site_from_a_copied_schema_is_as_one_that_was_migrated(
    tmp_path: Path, migrated_once: RunUpgrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated = open_site(tmp_path / "migrated")
    migrated.close()
    monkeypatch.setattr("storage.site.run_upgrade", migrated_once)
    for name in ("first", "second"):
        copied = open_site(tmp_path / name)
        with copied.read() as connection:
            assert adoption.hold_of(connection) is None
        copied.close()
        assert master(copied.path) == master(migrated.path)
        assert counts(copied.path) == counts(migrated.path)


def described(file: Path) -> dict[str, Any]:
    """Tables as SQLite understands them: columns, references, indexes, strictness."""
    connection = sqlite.connect(file)
    found: dict[str, Any] = {}
    for (table,) in connection.execute(f"SELECT name FROM sqlite_master WHERE {OWN}").fetchall():
        columns = {
            row[1]: (row[2], row[3], row[5]) for row in connection.execute(f'PRAGMA table_info("{table}")')
        }
        references = {
            (row[3], row[2], row[4]) for row in connection.execute(f'PRAGMA foreign_key_list("{table}")')
        }
        strict = connection.execute(
            "SELECT strict FROM pragma_table_list WHERE name = ?", (table,)
        ).fetchone()
        found[table] = (columns, references, _indexes(connection, table), strict)
    connection.close()
    return found


def _indexes(connection: Any, table: str) -> set[Any]:
    found = set()
    for row in connection.execute(f'PRAGMA index_list("{table}")').fetchall():
        name, unique, origin, partial = row[1], row[2], row[3], row[4]
        columns = tuple(part[2] for part in connection.execute(f'PRAGMA index_info("{name}")').fetchall())
        where = ""
        if partial:
            sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
            where = sql.partition(" WHERE ")[2].strip()
        found.add(("" if origin != "c" else name, unique, columns, where))
    return found
