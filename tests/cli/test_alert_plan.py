"""`commsdesk alert plan`, levels, claims and what is unanswered."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import CommandLine

STEPS = ("5m repeat x2", "5m escalate", "10m escalate")


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    """An alert with a plan and two levels, and one that informs."""
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    cli.ok("field", "add", "Mobile", "--type", "Telephone Number")
    for number, name in enumerate(("Joe Hart", "Night manager", "Manager"), start=1):
        cli.ok("user", "add", name, "--set", f"Mobile=+44770090010{number}")
    for name in ("Fire door", "Note"):
        cli.ok("alert", "add", name)
        add(cli, name, "Created", "Joe Hart")
    add(cli, "Fire door", "Escalated", "Night manager")
    add(cli, "Fire door", "Escalated", "Manager", "--level", "2")
    cli.ok("alert", "plan", "set", "Fire door", *STEPS, "--claim-lasts", "60m")
    return cli


def add(cli: CommandLine, alert: str, stage: str, to: str, *more: str) -> dict[str, object]:
    text = ("--handler", "Clickatell", "--to", to, "--message", "{Alert} {Stage}", *more, "--json")
    return cli.ok("alert", "action", "add", alert, stage, *text).one


def test_a_plan_is_kept_shown_and_cleared(site: CommandLine) -> None:
    found = site.ok("alert", "show", "Fire door", "--json").one
    assert found["plan"] == [
        {"n": 1, "after_mins": 5, "what": "repeat"},
        {"n": 2, "after_mins": 5, "what": "repeat"},
        {"n": 3, "after_mins": 5, "what": "escalate"},
        {"n": 4, "after_mins": 10, "what": "escalate"},
    ]
    assert (found["then"], found["claim_lasts_mins"]) == ("stop", 60)
    assert [action["level"] for action in found["actions"]] == [None, 1, 2]
    assert "5m repeat x2, 5m escalate, 10m escalate" in site.ok("alert", "show", "Fire door").out
    shown = site.ok("alert", "plan", "show", "Fire door", "--at", "2026-03-02T03:00Z").out.splitlines()
    assert [line[-len(end) :] for line, end in zip(shown[2:], WORDS, strict=True)] == list(WORDS)
    would = site.ok("alert", "plan", "show", "Fire door", "--at", "2026-03-02T03:00Z", "--json").one
    assert [each["at"][11:16] for each in would["would"]] == [
        "03:00", "03:05", "03:10", "03:15", "03:25", "03:35",
    ]  # fmt: skip
    assert would["plan"] == found["plan"]
    site.ok("alert", "plan", "clear", "Fire door")
    cleared = site.ok("alert", "show", "Fire door", "--json").one
    assert (cleared["plan"], cleared["claim_lasts_mins"]) == ([], None)


WORDS = (
    "told: Joe Hart",
    "told again: Joe Hart",
    "told again: Joe Hart",
    "level 1: Night manager",
    "level 2: Manager",
    "nobody answered",
    "Claimed, Actioned, Restored, Finalised stop this at once",
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("5m",), "is no step"),
        (("soon repeat",), "is no length of time"),
        (("5m shout",), "neither repeat nor escalate"),
        (("5m repeat x0",), "no time at all"),
        (("0m repeat",), "1 to 525,600 minutes"),
        (("5m repeat x21",), "20 steps at most"),
        (("5m repeat x15", "5m escalate x6"), "20 at most"),
        (("5m repeat", "--then", "perhaps"), "choose stop or again"),
        (("5m repeat", "--claim-lasts", "x"), "Claim lasts"),
        (("",), "is no step"),
    ],
)
def test_a_plan_that_is_none_changes_nothing(
    site: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    before = site.ok("alert", "show", "Fire door", "--json").one
    ended = site("alert", "plan", "set", "Fire door", *arguments)
    assert ended.status in (1, 2)
    assert words in ended.err
    assert site.ok("alert", "show", "Fire door", "--json").one == before


def test_levels_are_of_the_escalated_tab_alone(site: CommandLine) -> None:
    for stage, level in (("Created", "2"), ("Escalated", "0"), ("Escalated", "10")):
        to = ("--handler", "Clickatell", "--to", "Manager", "--message", "x", "--level", level)
        ended = site("alert", "action", "add", "Fire door", stage, *to)
        assert ended.status in (1, 2)
        assert "Level" in ended.err or "--level" in ended.err
    assert len(site.ok("alert", "action", "list", "Fire door", "--json").json) == 3
    copied = site.ok("alert", "action", "copy", "1", "Escalated", "--json").one
    assert copied["level"] == 1
    edited = site.ok("alert", "action", "edit", str(copied["id"]), "--level", "3", "--json").one
    assert edited["level"] == 3


def test_the_json_of_an_unanswered_occurrence(site: CommandLine) -> None:
    raised = site.ok("alert", "raise", "Fire door", "--json").one
    due = datetime.fromisoformat(raised["answer_due_at"])
    assert due - datetime.fromisoformat(raised["raised_at"]) == timedelta(minutes=5)
    expected = {"unanswered": True, "level": 0, "step": 0, "steps": 4, "round": 1, "claim_until": None}
    assert {name: raised[name] for name in expected} == expected
    site.ok("alert", "raise", "Note")
    assert [found["id"] for found in site.ok("alert", "occurrences", "--unanswered", "--json").json] == [1]
    listed = site.ok("alert", "occurrences", "--unanswered").lines
    assert listed[0] == "1  Fire door"
    assert "again in " in listed[1]
    assert all(len(line) <= 40 for line in listed)
    assert site("status", "--json").one["unanswered"] == 1
    status = site("status")
    assert "1 unanswered, 1 more open" in status.out
    assert "1 unanswered alert: commsdesk alert occurrences --unanswered" in status.out


def test_a_claim_holds_as_long_as_it_says(site: CommandLine) -> None:
    site.ok("alert", "raise", "Fire door")
    claimed = site.ok("alert", "claim", "1", "--for", "2h", "--json", operator="ana").one
    until = datetime.fromisoformat(claimed["claim_until"])
    assert timedelta(minutes=119) < until - datetime.now(UTC) <= timedelta(hours=2)
    assert (claimed["answer_due_at"], claimed["unanswered"], claimed["owner"]) == (None, False, "ana")
    for text in ("x", "0m", "9999999h"):
        ended = site("alert", "claim", "1", "--for", text, operator="bob")
        assert ended.status == 1 and "--for" in ended.err
    assert site.ok("alert", "occurrence", "1", "--json").one["owner"] == "ana"
    assert "claim ends" in site.ok("alert", "occurrence", "1").out


def test_claim_without_an_id_takes_the_only_one(site: CommandLine) -> None:
    assert site("claim").status == 1
    site.ok("alert", "raise", "Note")
    site.ok("claim", operator="ana")
    assert site.ok("alert", "occurrence", "1", "--json").one["owner"] == "ana"
    site.ok("alert", "raise", "Note")
    site.ok("alert", "raise", "Fire door")
    # The others only inform.
    claimed = site.ok("claim", "--json", operator="ana").one
    assert (claimed["id"], claimed["stage"]) == (3, "Claimed")
    site.ok("alert", "raise", "Fire door", "--key", "d3")
    site.ok("alert", "raise", "Fire door", "--key", "d4")
    ended = site("claim")
    assert ended.status == 1
    assert "3 alerts are open" in ended.err
    assert [line for line in ended.lines if line.endswith(("(d3)", "(d4)"))] == [
        "4  Fire door (d3)", "5  Fire door (d4)",
    ]  # fmt: skip
    assert site.ok("claim", "5", "--for", "30m", "--json").one["id"] == 5


def test_a_claim_withdraws_what_waits_of_an_alert_with_a_plan_only(site: CommandLine) -> None:
    site.ok("alert", "raise", "Fire door")
    site.ok("alert", "raise", "Note")
    site.ok("claim", "1")
    site.ok("claim", "2")
    found = site.ok("message", "list", "--json").json
    assert {each["occurrence_id"]: each["state"] for each in found} == {1: "cancelled", 2: "queued"}


def test_escalating_by_hand_enters_level_after_level(site: CommandLine) -> None:
    site.ok("alert", "raise", "Fire door", operator="ana")
    site.ok("alert", "claim", "1", operator="ana")
    first = site.ok("alert", "escalate", "1", "--json", operator="ana").one
    assert (first["stage"], first["level"], first["owner"], first["step"]) == ("Escalated", 1, "ana", 3)
    assert "to level 2" in site.ok("alert", "escalate", "1", operator="ana").out
    ended = site("alert", "escalate", "1", operator="ana")
    assert ended.status == 1 and "no level is left" in ended.err
    events = [event["what"] for event in site.ok("alert", "occurrence", "1", "--json").one["events"]]
    assert events == ["Created", "Claimed", "Escalated", "Escalated, level 2"]


def test_an_edit_while_it_is_open_says_so(site: CommandLine) -> None:
    site.ok("alert", "raise", "Fire door", "--key", "a")
    site.ok("alert", "raise", "Fire door", "--key", "b")
    assert (
        "2 open occurrences go by this from now"
        in site.ok("alert", "plan", "set", "Fire door", "9m repeat").err
    )
    found = site.ok("alert", "occurrence", "1", "--json").one
    due = datetime.fromisoformat(found["answer_due_at"])
    assert due - datetime.fromisoformat(found["raised_at"]) == timedelta(minutes=9)


def test_a_plan_that_escalates_to_nobody_is_a_problem(site: CommandLine) -> None:
    ended = site.ok("alert", "plan", "set", "Note", "5m escalate")
    assert "its Escalated tab has no action" in ended.err
    assert site.ok("alert", "list", "--json").json[-1]["problems"]
