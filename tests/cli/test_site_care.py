"""`backup`, `restore`, `adopt`, `secrets rotate` and `review verify`, as people and scripts use them."""

import contextlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import clock_hold, review_head, sqlite
from storage.clock_hold import ClockHold
from storage.database import Database
from storage.secrets import VARIABLE
from storage.site import open_site
from tests.cli.conftest import CommandLine
from tests.operations.arrange import run_engine_here


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    """A site with a handler and a waiting message, that no process has open."""
    cli.ok("handler", "add", "One", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    cli.ok("send", "--handler", "One", "--to", "+61400000000", "hello")
    return cli


@pytest.fixture
def copied(site: CommandLine, tmp_path: Path) -> CommandLine:
    """The same folder, copied: a site that is held."""
    shutil.copytree(site.folder, tmp_path / "copy")
    site.folder = tmp_path / "copy"
    return site


def test_none_of_them_makes_a_site(cli: CommandLine, tmp_path: Path) -> None:
    for words in (
        ["backup", tmp_path / "b"],
        ["adopt"],
        ["secrets", "rotate"],
        ["review", "verify"],
        ["status"],
        ["doctor"],
    ):
        ended = cli(*words)
        assert ended.status == 1, words
        assert ended.err == f"commsdesk: there is no commsdesk site in {cli.folder}\n"
    assert not cli.folder.exists()


def test_a_backup_and_the_way_back(site: CommandLine, tmp_path: Path) -> None:
    made = site.ok("backup", tmp_path / "b")
    assert f"backup written to {tmp_path / 'b'}" in made.out
    assert "the secret key is not in it" in made.err
    site.ok("send", "--handler", "One", "--to", "+61400000000", "after it")
    back = site.ok("restore", tmp_path / "b", operator="ana")
    assert "restored the backup of" in back.out and "commsdesk-replaced-" in back.out
    assert "the site is held" in back.err and "1 of unknown outcome" in back.err
    assert [one["state"] for one in site.ok("message", "list", "--json").json] == ["unknown"]
    entries = site.ok("review", "--json").json
    assert [one["operator"] for one in entries if "restored" in one["text"]][-1] == "ana"
    assert site("status").status == 1
    adopted = site.ok("adopt", operator="ana")
    assert "is the live site from now on" in adopted.out and "wait for a decision" in adopted.err
    assert site.ok("message", "list", "--json").one["state"] == "unknown"
    assert "nothing to adopt" in site.ok("adopt").out


def test_tasks_that_wait_because_the_clock_jumped_are_let_go(site: CommandLine) -> None:
    assert "nothing to let go on" in site.ok("task", "go-on").out
    with contextlib.closing(open_site(site.folder)) as database, database.write() as tx:
        until = datetime.now(UTC) + timedelta(minutes=5)
        clock_hold.put(tx, ClockHold(until, 1e12, None))
    assert any("the clock jumped" in problem for problem in site("status", "--json").one["problems"])
    checks = site("doctor", "--offline", "--json").json
    finding = next(one for one in checks if one["check"] == "Clock")
    assert finding["status"] == "problem" and "commsdesk task go-on" in finding["advice"]
    assert site.ok("task", "go-on", operator="ana").out == "scheduled tasks go on\n"
    assert [one["operator"] for one in site.ok("review", "--json").json if "go on" in one["text"]] == ["ana"]
    assert site.ok("task", "go-on", "--json").one == {"went_on": False}


def test_the_json_of_each(site: CommandLine, tmp_path: Path) -> None:
    made = site.ok("backup", tmp_path / "b", "--with-key", tmp_path / "k", "--json").one
    assert made["key_file"] == str(tmp_path / "k") and made["bytes"] > 0 and made["review_head"] >= 2
    back = site.ok("restore", tmp_path / "b", "--json").one
    assert back["held"] is True and back["unknown"] == 1 and back["secrets_missing"] == []
    assert site.ok("adopt", "--json").one == {"folder": str(site.folder), "adopted": True, "unknown": 1}
    assert site.ok("adopt", "--json").one["adopted"] is False
    assert site.ok("secrets", "rotate", "--json").one == {
        "secrets": 1, "review_keys": 1, "unreadable": [], "from_environment": False,
    }  # fmt: skip
    verified = site.ok("review", "verify", "--json").one
    assert verified["intact"] is True and verified["problem"] is None and verified["head"]["id"] > 0


@pytest.mark.parametrize("name", ["there", "site/commsdesk.sqlite3", "nowhere/b"])
def test_a_backup_that_is_refused(site: CommandLine, tmp_path: Path, name: str) -> None:
    (tmp_path / "there").write_text("mine")
    ended = site("backup", tmp_path / name)
    assert ended.status == 1 and ended.err.startswith("commsdesk: ") and ended.err.count("\n") == 1
    assert (tmp_path / "there").read_text() == "mine"


def test_a_restore_that_is_refused(site: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    for file in ("x", "nowhere"):
        ended = site("restore", tmp_path / file)
        assert ended.status == 1 and ended.err.count("\n") == 1
    assert site.ok("message", "list", "--json").one["state"] == "queued"


def test_restoring_is_refused_while_the_site_is_open(
    site: CommandLine, database: Database, tmp_path: Path
) -> None:
    site.ok("backup", tmp_path / "b")
    with database.read():
        ended = site("restore", tmp_path / "b")
    assert ended.status == 1 and "has this site open: end it first" in ended.err


def test_a_site_on_another_machine_from_backup_and_key(site: CommandLine, tmp_path: Path) -> None:
    site.ok("backup", tmp_path / "b", "--with-key", tmp_path / "k")
    site.folder = tmp_path / "new machine"
    without = site.ok("restore", tmp_path / "b")
    assert "secret missing: enter it again for One" in without.err
    again = site.ok("restore", tmp_path / "b", "--with-key", tmp_path / "k")
    assert "secret missing" not in again.err


def test_a_review_whose_key_is_missing_cannot_be_judged_until_it_is_given(
    site: CommandLine, tmp_path: Path
) -> None:
    site.ok("backup", tmp_path / "b", "--with-key", tmp_path / "k")
    site.folder = tmp_path / "new machine"
    site.ok("restore", tmp_path / "b")
    ended = site("review", "verify", "--json")
    assert ended.status == 1 and ended.one["verdict"] == "cannot be judged"
    assert [each["key"] for each in ended.one["missing_keys"]] == [1]
    in_words = site("review", "verify")
    assert in_words.status == 1 and "--with-key" in in_words.out + in_words.err
    assert site.ok("review", "verify", "--with-key", tmp_path / "k", "--json").one["verdict"] == "whole"


def test_a_restore_that_would_let_somebody_in_asks(site: CommandLine, tmp_path: Path) -> None:
    site.ok("operator", "add", "ben", "--role", "viewer")
    site.ok("backup", tmp_path / "b")
    site.ok("operator", "disable", "ben")
    refused = site("restore", tmp_path / "b")
    assert refused.status == 1 and "ben" in refused.err
    assert not site.ok("operator", "show", "ben", "--json").one["enabled"]
    assert site.at_terminal("n\n", "restore", tmp_path / "b").status == 1
    back = site.ok("restore", tmp_path / "b", "--yes")
    assert "may log in now: ben" in back.err
    site.ok("operator", "disable", "ben")
    again = site.ok("restore", tmp_path / "b", "--yes", "--json").one
    assert again["may_log_in_now"] == ["ben"]


def test_a_copied_site_is_held_and_says_so(copied: CommandLine) -> None:
    assert [one["state"] for one in copied.ok("message", "list", "--json").json] == ["unknown"]
    found = copied("status", "--json")
    assert found.status == 1 and "a copy" in found.one["held"]["reason"]
    checks = copied("doctor", "--offline", "--json")
    assert checks.status == 1
    live = next(one for one in checks.json if one["check"] == "Live site")
    assert live["status"] == "problem" and "commsdesk adopt" in live["advice"]


def test_rotating_with_the_key_in_the_environment(site: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    key = (site.folder / "secret.key").read_text().strip()
    monkeypatch.setenv(VARIABLE, key)
    assert f"the first key of {VARIABLE}" in site.ok("secrets", "rotate").out
    assert (site.folder / "secret.key").read_text().strip() == key


def test_rotating_warns_about_older_backups(site: CommandLine) -> None:
    ended = site.ok("secrets", "rotate")
    assert "a new secret key is in use" in ended.out and "make a new backup" in ended.err


def test_an_altered_review_is_1_and_names_the_entry(site: CommandLine, database: Database) -> None:
    said = site.ok("review", "verify").out
    assert "whole: 2 entries checked, 1 to 2" in said and "reaches entry 0" in said
    connection = sqlite.connect(database.path)
    connection.execute("UPDATE review SET body = 'nothing' WHERE id = 2")
    connection.close()
    ended = site("review", "verify")
    assert ended.status == 1 and "commsdesk: altered: entry 2 was altered\n" in ended.err
    found = site("review", "verify", "--json")
    assert found.status == 1 and (found.one["bad_id"], found.one["problem"]) == (2, "entry 2 was altered")


def test_a_cut_end_shows_beside_the_head_and_beside_a_backup(
    site: CommandLine, database: Database, tmp_path: Path
) -> None:
    site.ok("user", "add", "Joe")
    site.ok("backup", tmp_path / "b")
    connection = sqlite.connect(database.path)
    last = connection.execute("SELECT max(id) FROM review").fetchone()[0]
    connection.execute("DELETE FROM review WHERE id >= ?", (last - 1,))
    connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'review'", (last - 2,))
    connection.close()
    assert site("review", "verify").status == 0
    ended = site("review", "verify", "--against", tmp_path / "b")
    assert ended.status == 1 and "is not in this review as it is there" in ended.err


def test_the_reach_of_the_head_is_told(site: CommandLine, database: Database) -> None:
    from datetime import UTC, datetime

    review_head.keep(database, datetime.now(UTC))
    assert "reaches entry 2" in site.ok("review", "verify").out
    assert site.ok("review", "verify", "--from", "2", "--json").one["checked"] == 1


def test_the_review_itself_is_still_there(site: CommandLine) -> None:
    assert len(site.ok("review", "--json").json) == 2
    assert "verify" in site.ok("review", "--help").out


def test_status_for_people_and_its_exit_status(site: CommandLine, database: Database) -> None:
    ended = site("status")
    assert ended.status == 1
    assert "Engine      none" in ended.out and "✗ no scheduler is running" in ended.out
    run_engine_here(database)
    ended = site.ok("status")
    assert "1 waiting, 0 retrying, 0 sending" in ended.out and "run, process" in ended.out
    assert site.ok("status", "--json").one["healthy"] is True


STATUS_FIELDS = {
    "healthy", "problems", "warnings", "at", "folder", "schema", "engine", "held", "queue",
    "oldest_due_at", "oldest_due_age", "next_task", "next_task_due_at", "handlers", "free_bytes",
}  # fmt: skip
HANDLER_FIELDS = {"id", "name", "status", "balance", "currency", "queued", "error", "checked_at"}


def test_the_status_that_monitoring_reads(site: CommandLine, database: Database) -> None:
    found = site("status", "--json").one
    assert set(found) >= STATUS_FIELDS
    assert set(found["engine"]) >= {"running", "holder", "kind", "pid", "epoch", "beaten_at", "beat_age"}
    assert set(found["queue"]) >= {"waiting", "retrying", "sending", "unknown"}
    assert set(found["handlers"][0]) >= HANDLER_FIELDS
    assert found["engine"]["holder"] is None and found["handlers"][0]["status"] == "Stopped"
    run_engine_here(database)
    engine = site.ok("status", "--json").one["engine"]
    assert engine["running"] and engine["holder"] and engine["kind"] == "run" and engine["epoch"] >= 1
    assert f"epoch {engine['epoch']}" in site.ok("status").out


def test_a_site_that_cannot_be_opened_is_unhealthy_in_json_too(site: CommandLine) -> None:
    (site.folder / "commsdesk.sqlite3").write_bytes(b"")
    ended = site("status", "--json")
    assert ended.status == 1
    (problem,) = ended.one["problems"]
    assert ended.one["healthy"] is False and "is empty" in problem
    assert ended.err == f"commsdesk: {problem}\n"


def test_each_reason_not_to_be_healthy_is_named(site: CommandLine, database: Database) -> None:
    run_engine_here(database)
    assert site.ok("status", "--json").one["problems"] == []
    reasons = (
        ("UPDATE handler_status SET status = 'Error', error = 'key refused', advice = 'Check the key'",
         "One: key refused. Check the key"),
        ("UPDATE message SET next_attempt_at = next_attempt_at - 600000000", "the oldest message has been"),
        ("UPDATE lease SET beaten_at = beaten_at - 60000000", "the scheduler has shown no life for "),
    )  # fmt: skip
    for number, (statement, words) in enumerate(reasons, 1):
        with database.write() as tx:
            tx.connection.exec_driver_sql(statement)
        ended = site("status", "--json")
        assert ended.status == 1
        assert sum(words in problem for problem in ended.one["problems"]) == 1, ended.one["problems"]
        assert len(ended.one["problems"]) == number
        # Ages grow between two calls: the words before them are the same.
        shown = site("status").out
        assert all(f"✗ {named}" in shown for _, named in reasons[:number])
