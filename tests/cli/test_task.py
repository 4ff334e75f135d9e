"""`commsdesk task`."""

from datetime import datetime

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import ANN, JOE, make_people

ACTION = ("--handler", "Clickatell", "--to", "+61400000000", "--message", "Report")


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    return cli


def test_add_list_show(site: CommandLine) -> None:
    words = ("task", "add", "Shift report", "--cron", "0 9 * * 1-5", "--zone", "Europe/London", *ACTION)
    assert site.ok(*words).out.startswith("added task 1: Shift report, next ")
    found = site.ok("task", "list", "--json").one
    assert (found["name"], found["cron"], found["zone"]) == ("Shift report", "0 9 * * 1-5", "Europe/London")
    assert found["enabled"] and found["last_due_at"] is None and found["last_run_at"] is None
    due = datetime.fromisoformat(found["next_due_at"])
    assert due.minute == 0 and due.hour in (8, 9)
    assert "At 09:00, Monday through Friday" in site.ok("task", "list").out
    assert site.ok("task", "show", "shift report", "--json").one["runs"] == []
    assert "Clickatell to +61400000000: Report" in site.ok("task", "show", "1").out


def test_the_zone_is_this_machines_unless_given(site: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert site.ok("task", "add", "T", "--cron", "0 9 * * *", *ACTION, "--json").one["zone"] == "Asia/Tokyo"


def test_every_option_is_kept(site: CommandLine) -> None:
    made = site.ok(
        "task", "add", "T", "--cron", "@hourly", "--zone", "UTC",
        "--start", "2030-01-01 00:00", "--end", "2031-01-01",
        "--when-missed", "all", "--most-catch-up", "3", "--grace", "30", "--useful-life", "20",
        "--notes", "n", "--disabled", "--json", *ACTION,
    ).one  # fmt: skip
    expected = {
        "cron": "@hourly", "starts_at": "2030-01-01T00:00:00.000000Z",
        "ends_at": "2031-01-01T00:00:00.000000Z",
        "when_missed": "all", "most_catch_up": 3, "grace_mins": 30, "useful_life_mins": 20, "notes": "n",
        "enabled": False, "next_due_at": None,
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    edited = site.ok(
        "task", "edit", "T", "--name", "U", "--start", "", "--useful-life", "", "--message", "Other", "--json"
    ).one
    assert (edited["name"], edited["starts_at"], edited["useful_life_mins"]) == ("U", None, None)
    assert edited["actions"][0]["message"] == "Other" and edited["cron"] == "@hourly"


def test_once(site: CommandLine) -> None:
    made = site.ok(
        "task", "add", "T", "--once-at", "2035-06-01 09:00", "--zone", "Asia/Tokyo", *ACTION, "--json"
    ).one
    assert made["next_due_at"] == made["once_at"] == "2035-06-01T00:00:00.000000Z"
    assert site("task", "add", "U", "--once-at", "2020-01-01", *ACTION).status == 1


def test_either_cron_or_once(site: CommandLine) -> None:
    assert site("task", "add", "T", *ACTION).status == 2
    assert site("task", "add", "T", "--cron", "@daily", "--once-at", "2035-06-01", *ACTION).status == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--cron", "61 * * * *"), "Cron"),
        (("--cron", "* * * * * *"), "Cron"),
        (("--cron", "0 9 * * *", "--zone", "Europe/Londn"), "Europe/London"),
        (("--cron", "0 9 * * *", "--start", "soon"), "--start"),
        (("--cron", "0 9 * * *", "--message", "{Nmae}"), "did you mean {Name}"),
        (("--cron", "0 9 * * *", "--grace", "1.5"), "Grace (mins)"),
    ],
)
def test_bad_input_is_one_line(site: CommandLine, options: tuple[str, ...], words: str) -> None:
    ended = site("task", "add", "T", *ACTION, *options)
    assert ended.status == 1 and words in ended.err and ended.err.count("\n") == 1
    assert site.ok("task", "list", "--json").json == []


def test_often_is_warned_of(site: CommandLine) -> None:
    ended = site.ok("task", "add", "T", "--cron", "*/2 * * * *", *ACTION)
    assert "more than once in five minutes" in ended.err


def test_run_now(site: CommandLine, database: Database) -> None:
    make_people(database, {"Joe": JOE, "Ann": None}, {"Shift": ["Joe", "Ann"]})
    words = ("--handler", "Clickatell", "--to", "Shift", "--message", "Hi {First Name}")
    site.ok("task", "add", "T", "--cron", "@daily", *words)
    ended = site.ok("task", "run", "T", "--json")
    assert (ended.one["text"], ended.one["origin"], ended.one["task_id"]) == ("Hi Joe", "task", 1)
    assert "left out: Ann has no telephone number" in ended.err and "no engine is running" in ended.err
    assert site.ok("message", "list", "--task", "T", "--json").one["id"] == ended.one["id"]
    (run,) = site.ok("task", "show", "T", "--json").one["runs"]
    assert (run["kind"], run["queued"], run["left_out"]) == ("manual", 1, 1)


def test_enable_disable_remove(site: CommandLine) -> None:
    site.ok("task", "add", "T", "--cron", "@daily", *ACTION)
    site.ok("task", "disable", "T")
    assert site.ok("task", "list", "--json").one["next_due_at"] is None
    assert "enabled T: next " in site.ok("task", "enable", "T").out
    site.ok("task", "remove", "T")
    assert site.ok("task", "list").out.startswith("No task yet.")


def test_next_lists_what_fires_in_order(site: CommandLine, database: Database) -> None:
    make_people(database, {"Joe": JOE, "Ann": ANN}, {"Shift": ["Joe", "Ann"]})
    site.ok("task", "add", "A", "--cron", "0 9 * * *", "--zone", "Australia/Sydney", *ACTION)
    words = ("--handler", "Clickatell", "--to", "Shift", "--message", "x")
    site.ok("task", "add", "B", "--cron", "0 12 * * *", "--zone", "UTC", *words)
    site.ok("task", "add", "Off", "--cron", "0 12 * * *", "--zone", "UTC", "--disabled", *words)
    found = site.ok("task", "next", "--from", "2026-03-02T00:00Z", "--hours", "24", "--json").json
    assert [(each["task"], each["due_at"]) for each in found] == [
        ("B", "2026-03-02T12:00:00.000000Z"),
        ("A", "2026-03-02T22:00:00.000000Z"),
    ]
    assert found[1]["local"] == "2026-03-03T09:00:00+11:00"
    assert found[0]["reaches"] == ["Ann", "Joe"]
    shown = site.ok("task", "next", "B", "--from", "2026-03-02T00:00Z").out
    assert "Mon 2026-03-02 12:00 UTC" in shown and "2: Ann and Joe" in shown
    ended = site.ok("task", "next", "Off", "--from", "2026-03-02T00:00Z", "--json")
    assert len(ended.json) == 1 and "is disabled" in ended.err


def test_next_of_the_past_writes_nothing(site: CommandLine, database: Database) -> None:
    site.ok("task", "add", "A", "--cron", "30 1 * * *", "--zone", "Europe/London", *ACTION)
    watch = database.watch()
    found = site.ok("task", "next", "A", "--from", "2020-10-24", "--hours", "48", "--json").json
    assert [each["due_at"][:16] for each in found] == ["2020-10-24T00:30", "2020-10-25T00:30"]
    assert found[1]["note"] == "clocks go back: first of the two"
    assert not watch.changed()
    watch.close()
    assert (
        "Nothing fires in these 1 hours"
        in site.ok("task", "next", "--from", "2020-10-24T05:00Z", "--hours", "1").out
    )


def test_actions_can_be_added_and_removed(site: CommandLine) -> None:
    site.ok("task", "add", "T", "--cron", "@daily", *ACTION)
    second = ("--handler", "Clickatell", "--to", "+61400000001", "--message", "Second")
    assert len(site.ok("task", "action", "add", "T", *second, "--json").one["actions"]) == 2
    assert "2 actions" in site("task", "edit", "T", "--message", "x").err
    left = site.ok("task", "action", "remove", "T", "1", "--json").one["actions"]
    assert [action["message"] for action in left] == ["Second"]
    assert site("task", "action", "remove", "T", "1").status == 1  # a task needs one
    assert site("task", "action", "remove", "T", "9").status == 1


@pytest.mark.parametrize(
    ("tz", "zone", "said"),
    [
        ("Europe/Paris", "Europe/Paris", ""),
        ("/usr/share/zoneinfo/Europe/Paris", "Europe/Paris", ""),
        ("XYZ-3", "Etc/GMT-3", "warning: TZ is XYZ-3: Etc/GMT-3, which follows that rule, is taken; --zone"),
        ("nowhere", None, 'warning: TZ is "nowhere", which names no time zone'),
    ],
)
def test_the_zone_of_a_new_task_is_named_and_what_is_in_doubt_said(
    site: CommandLine, monkeypatch: pytest.MonkeyPatch, tz: str, zone: str | None, said: str
) -> None:
    monkeypatch.setenv("TZ", tz)
    words = ["task", "add", "T", "--cron", "0 9 * * *", "--handler", "Clickatell", "--to", "+61400000000"]
    added = site.ok(*words, "--message", "x")
    stored = site.ok("task", "list", "--json").one["zone"]
    assert stored == (zone or stored)
    assert added.out.rstrip().endswith(f", times of {stored}")
    assert said in added.err and bool(said) == ("TZ is" in added.err)
    chosen = site.ok(
        *[word if word != "T" else "U" for word in words], "--message", "x", "--zone", "Asia/Tokyo"
    )
    assert chosen.out.rstrip().endswith("times of Asia/Tokyo") and "TZ is" not in chosen.err


def test_doubtful_expressions_are_said_and_another_is_named(site: CommandLine) -> None:
    words = ["task", "add", "T", "--handler", "Clickatell", "--to", "+61400000000", "--message", "x"]
    assert "on every such weekday" in site.ok(*words, "--cron", "0 9 L * 5").err
    words[2] = "U"
    assert "only the first value is left, 50" in site.ok(*words, "--cron", "50/15 * * * *").err
    words[2] = "V"
    assert "for the last Friday of the month write L5" in site(*words, "--cron", "0 9 * * 5L").err
