"""`commsdesk alert`: alerts and their actions."""

import pytest

from tests.cli.conftest import CommandLine

TO = ("--handler", "Clickatell", "--to", "+61400000000")


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    return cli


def test_a_new_site_has_the_programs_own_alerts_switched_off(cli: CommandLine) -> None:
    cli.ok("group", "add", "Ops")
    found = cli.ok("alert", "list", "--json").json
    assert [(alert["name"], alert["enabled"]) for alert in found] == [
        ("Handler in error", False), ("Balance low", False), ("Message failed", False),
        ("Unanswered", False),
    ]  # fmt: skip
    assert "broken" not in cli.ok("alert", "list").out


def test_every_option_is_kept(site: CommandLine) -> None:
    made = site.ok(
        "alert", "add", "Fire Gate 3", "--priority", "1", "--field", "Zone", "--field", "Level=high=er",
        "--description", "Smoke", "--useful-life", "15", "--disabled", "--json",
    ).one  # fmt: skip
    expected = {
        "name": "Fire Gate 3", "priority": 1, "description": "Smoke", "useful_life_mins": 15,
        "enabled": False, "active": 0, "actions": [], "system": None,
        "fields": [{"name": "Zone", "default": None}, {"name": "Level", "default": "high=er"}],
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    edited = site.ok(
        "alert", "edit", "fire gate 3", "--name", "Fire", "--useful-life", "", "--field", "zone=all",
        "--remove-field", "level", "--field", "Who", "--json",
    ).one  # fmt: skip
    assert (edited["name"], edited["useful_life_mins"], edited["priority"]) == ("Fire", None, 1)
    assert edited["fields"] == [{"name": "zone", "default": "all"}, {"name": "Who", "default": None}]
    assert site.ok("alert", "show", str(made["id"]), "--json").one == edited


def test_show_for_people(site: CommandLine) -> None:
    site.ok("alert", "add", "Fire", "--field", "Zone=all")
    assert site.ok("alert", "list").out.splitlines()[-1].endswith("its Created tab has no action")
    site.ok("alert", "action", "add", "Fire", "created", *TO, "--message", "{Alert} {Zone}")
    shown = site.ok("alert", "show", "Fire").out
    assert "Zone = all" in shown and "Created" in shown and "{Alert} {Zone}" in shown
    assert "Problem" not in shown


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("add", "Fire"), 1, 'named "Fire" already'),
        (("add", "Flood", "--priority", "10"), 1, "Priority must be 1 to 9"),
        (("add", "Flood", "--field", "Key"), 1, "Fields: Key is there in every message"),
        (("add", "Flood", "--useful-life", "x"), 1, "Useful life (mins)"),
        (("edit", "Fire", "--remove-field", "Nope"), 1, "declares no field Nope"),
        (("edit", "Fier"), 1, 'did you mean "Fire"'),
        (("show", "99"), 1, "no alert has the id 99"),
        (("remove", "Balance low"), 1, "disable it instead"),
        (("action", "add", "Fire", "Claim", *TO, "--message", "x"), 1, "did you mean Claimed"),
        (("action", "add", "Fire", "Created", *TO, "--message", "{Zon}"), 1, "Unknown field {Zon}"),
        (("action", "add", "Fire", "Created", *TO), 2, "--message"),
        (("action", "move", "99", "1"), 1, "no alert has an action with the id 99"),
        (("action", "remove", "one"), 2, "ID"),
        (("action",), 2, ""),
    ],
)
def test_refused(site: CommandLine, words: tuple[str, ...], status: int, said: str) -> None:
    site.ok("alert", "add", "Fire")
    before = site.ok("alert", "list", "--json").out
    ended = site("alert", *words)
    assert ended.status == status and said in ended.err
    if status == 1:
        assert ended.err.count("\n") == 1
    assert site.ok("alert", "list", "--json").out == before


def test_actions(site: CommandLine) -> None:
    site.ok("alert", "add", "Fire")
    add = ("alert", "action", "add", "Fire")
    first = site.ok(*add, "CREATED", *TO, "--message", "one", "--json").one
    assert (first["stage"], first["place"], first["message"], first["alert"]) == ("Created", 1, "one", "Fire")
    assert first["recipients"] == [{"kind": "number", "id": None, "name": "+61400000000"}]
    second = site.ok(*add, "Created", *TO, "--message", "-", "--json", stdin="two {{x}}\n").one
    site.ok("alert", "action", "move", str(second["id"]), "1")
    site.ok(
        "alert", "action", "edit", str(first["id"]), "--message", "uno", "--to", "+61400000001", "--disable"
    )
    copied = site.ok("alert", "action", "copy", str(first["id"]), "restored", "Claimed", "--json").json
    assert [action["stage"] for action in copied] == ["Restored", "Claimed"]
    listed = site.ok("alert", "action", "list", "Fire", "--json").json
    assert [(a["stage"], a["place"], a["message"], a["enabled"]) for a in listed] == [
        ("Created", 1, "two {{x}}", True), ("Created", 2, "uno", False),
        ("Claimed", 1, "uno", False), ("Restored", 1, "uno", False),
    ]  # fmt: skip
    assert listed[1]["recipients"][0]["name"] == "+61400000001"
    site.ok("alert", "action", "remove", str(second["id"]))
    people = site.ok("alert", "action", "list", "Fire").out
    assert "two" not in people and "(disabled) uno" in people


def test_a_broken_alert_is_shown_before_it_is_needed(site: CommandLine) -> None:
    site.ok("alert", "add", "Fire")
    site.ok("group", "add", "Crew")
    site.ok("field", "add", "Mobile", "--type", "Telephone Number")
    group = ("--handler", "Clickatell", "--to", "Crew")
    ended = site.ok("alert", "action", "add", "Fire", "Created", *group, "--message", "x")
    assert "it reaches nobody as things are" in ended.err
    problems = ["Created: its group Crew is empty", "Created: it reaches nobody"]
    assert site.ok("alert", "show", "Fire", "--json").one["problems"] == problems
    line = site.ok("alert", "list").lines[-1]
    assert "broken" in line and "its group Crew is empty" in line
    site.ok("alert", "disable", "Fire")
    assert "disabled" in site.ok("alert", "list").lines[-1]
    assert "Crew is empty" in site.ok("alert", "enable", "Fire").err


def test_remove(site: CommandLine) -> None:
    site.ok("alert", "add", "Fire")
    site.ok("alert", "raise", "Fire")
    ended = site("alert", "remove", "Fire")
    assert ended.status == 1 and "--force" in ended.err
    assert "1 active occurrence finalised" in site.ok("alert", "remove", "Fire", "--force").out
    assert site.ok("alert", "occurrence", "1", "--json").one["stage"] == "Finalised"
    site.ok("alert", "add", "Fire")


def test_outside_text_cannot_steer_the_terminal(site: CommandLine) -> None:
    site.ok("alert", "add", "Fire", "--description", "\x1b]52;c;eA==\x07[/red]")
    site.ok("alert", "raise", "Fire", "--key", "\x1b[2J", "--set", "A=\x9b31m")
    for words in (("list",), ("show", "Fire"), ("occurrences",), ("occurrence", "1"), ("claim", "1")):
        assert not set("\x1b\x07\x9b") & set(site.ok("alert", *words).out), words


def test_the_low_balance_mark(site: CommandLine) -> None:
    found = site.ok("handler", "edit", "Clickatell", "--low-balance", "5.50", "--json").one
    assert found["low_balance"] == 5.5
    assert "5.50" in site.ok("handler", "show", "Clickatell").out
    for bad in ("-1", "x", "NaN", "1e20"):
        ended = site("handler", "edit", "Clickatell", "--low-balance", bad)
        assert ended.status == 1 and "Low balance must be" in ended.err
    assert site.ok("handler", "edit", "1", "--low-balance", "", "--json").one["low_balance"] is None
