"""`commsdesk alert raise`, the steps, and the occurrences."""

from datetime import datetime
from pathlib import Path

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import run_engine_here

STEPS = ("claim", "action-taken", "escalate", "restore", "finalise")
STAGES = ("Created", "Claimed", "Actioned", "Escalated", "Restored", "Finalised")


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    """An alert that sends one message at each stage."""
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    cli.ok("alert", "add", "Fire", "--field", "Zone=all")
    to = ("--handler", "Clickatell", "--to", "+61400000000", "--message", "{Stage}: {Alert}, {Zone}")
    (first,) = cli.ok("alert", "action", "add", "Fire", "Created", *to, "--json").json
    cli.ok("alert", "action", "copy", str(first["id"]), *STAGES[1:])
    return cli


def no_engine(folder: Path) -> str:
    return f"queued, but no engine is running on {folder}: start commsdesk run\n"


def test_raise_says_when_no_engine_is_running(site: CommandLine) -> None:
    ended = site.ok("alert", "raise", "fire", "--key", "k", "--set", "zone=North", operator="ana")
    assert ended.err == no_engine(site.folder)
    assert ended.out == "occurrence 1, Fire (k): raised, 1 message queued\n"
    found = site.ok("message", "list", "--json").one
    assert (found["state"], found["origin"], found["text"]) == ("queued", "alert", "Created: Fire, North")
    assert found["occurrence_id"] == 1


def test_with_an_engine_it_says_nothing_more(site: CommandLine, database: Database) -> None:
    run_engine_here(database)
    assert site.ok("alert", "raise", "Fire").err == ""


def test_the_json_of_an_occurrence(site: CommandLine) -> None:
    raised = site.ok("alert", "raise", "Fire", "--key", "k", "--set", "Zone=N", "--json", operator="ana").one
    expected = {
        "id": 1, "alert": "Fire", "key": "k", "stage": "Created", "count": 1, "owner": None,
        "alert_id": 5, "priority": 3, "given": {"Zone": "N"}, "raised_by": "ana", "messages": [1],
        "counted": False, "left_out": [], "problems": [], "active": True, "ended_at": None,
    }  # fmt: skip
    assert {name: raised[name] for name in expected} == expected
    assert raised["raised_at"].endswith("Z") and datetime.fromisoformat(raised["raised_at"])
    (listed,) = site.ok("alert", "occurrences", "--json").json
    assert {
        name: listed[name] for name in ("id", "alert", "key", "stage", "count", "raised_at", "owner")
    } == {name: raised[name] for name in ("id", "alert", "key", "stage", "count", "raised_at", "owner")}
    assert (listed["queued"], listed["left_out"]) == (1, 0)


def test_the_same_key_counts_and_sends_nothing(site: CommandLine) -> None:
    site.ok("alert", "raise", "Fire", "--key", "k")
    again = site.ok("alert", "raise", "Fire", "--key", "k")
    assert again.err == "" and "counted: 2 times now, nothing sent" in again.out
    assert site.ok("alert", "raise", "Fire", "--key", "k", "--json").one["counted"]
    assert len(site.ok("message", "list", "--json").json) == 1
    site.ok("alert", "restore", "--key", "k")
    assert site.ok("alert", "raise", "Fire", "--key", "k", "--json").one["id"] == 2


def test_every_step_sends_its_tab_and_is_in_the_review(site: CommandLine) -> None:
    site.ok("alert", "raise", "Fire")
    for step, stage in zip(STEPS, STAGES[1:], strict=True):
        stepped = site.ok("alert", step, "1", "--note", f"because {step}", "--json", operator="bea").one
        assert (stepped["stage"], stepped["owner"]) == (stage, "bea") and len(stepped["messages"]) == 1
    texts = [message["text"] for message in site.ok("message", "list", "--json").json]
    assert texts == [f"{stage}: Fire, all" for stage in STAGES]
    shown = site.ok("alert", "occurrence", "1", "--json").one
    assert [event["what"] for event in shown["events"]] == list(STAGES)
    assert [event["note"] for event in shown["events"]][1:] == [f"because {step}" for step in STEPS]
    assert [message["stage"] for message in shown["messages"]] == list(STAGES)
    said = [e for e in site.ok("review", "--category", "Alert", "--json").json if e["occurrence_id"] == 1]
    stages = [entry for entry in said if entry["kind"] == "stage"]
    assert len(stages) == 6 and stages[1]["operator"] == "bea" and stages[1]["alert"] == "Fire"
    # The end of the alarm withdrew what had gone to nobody yet, and said so.
    assert [entry["kind"] for entry in said if entry not in stages] == ["withdrawn"]


def test_a_step_that_may_not_be_taken_changes_nothing(site: CommandLine) -> None:
    site.ok("alert", "raise", "Fire")
    site.ok("alert", "restore", "1")
    before = site.ok("alert", "occurrence", "1", "--json").out
    for step in ("claim", "action-taken", "escalate", "restore"):
        ended = site("alert", step, "1")
        assert ended.status == 1 and ended.err.startswith("commsdesk: occurrence 1 of Fire cannot be ")
        assert ended.err.count("\n") == 1
    assert site("alert", "claim", "99").status == 1
    assert site.ok("alert", "occurrence", "1", "--json").out == before


def test_raise_refused(site: CommandLine) -> None:
    for words, status in (
        (("raise", "Nope"), 1), (("raise", "Balance low"), 1), (("raise", "Fire", "--set", "Zone"), 2),
        (("raise", "Fire", "--set", "x"), 2), (("raise",), 2),
    ):  # fmt: skip
        ended = site("alert", *words)
        assert ended.status == status and ended.err, words
    site.ok("alert", "disable", "Fire")
    ended = site("alert", "raise", "Fire")
    assert ended.status == 1 and "Fire is disabled" in ended.err
    assert site.ok("alert", "occurrences", "--json").json == []


def test_restore_by_key_and_alert(site: CommandLine) -> None:
    site.ok("alert", "add", "Flood")
    for alert in ("Fire", "Flood"):
        site.ok("alert", "raise", alert, "--key", "k")
    ended = site("alert", "restore", "--key", "k")
    assert ended.status == 1 and "--alert" in ended.err
    assert site.ok("alert", "restore", "--key", "k", "--alert", "flood", "--json").one["alert"] == "Flood"
    assert site.ok("alert", "restore", "--key", "k", "--json").one["alert"] == "Fire"
    assert site("alert", "restore", "--key", "k").status == 1
    assert site("alert", "restore").status == 2
    assert site("alert", "restore", "1", "--key", "k").status == 2


def test_nobody_reached_is_a_warning(site: CommandLine) -> None:
    site.ok("alert", "add", "Empty")
    ended = site.ok("alert", "raise", "Empty", "--json")
    assert ended.err == "warning: its Created tab has no action: nothing is sent\n"
    assert ended.one["stage"] == "Created" and ended.one["messages"] == []


def test_who_is_left_out_is_named(site: CommandLine) -> None:
    site.ok("field", "add", "Mobile", "--type", "Telephone Number")
    site.ok("user", "add", "Joe Hart", "--set", "Mobile=+61400000001")
    site.ok("user", "add", "Bob")
    site.ok("group", "add", "Crew")
    site.ok("group", "join", "Crew", "Joe Hart", "Bob")
    action = ("--handler", "Clickatell", "--to", "Crew", "--message", "{First Name}: {Level}")
    site.ok("alert", "add", "Flood", "--field", "Level")
    site.ok("alert", "action", "add", "Flood", "Created", *action)
    ended = site.ok("alert", "raise", "Flood")
    assert ended.err.splitlines()[:2] == [
        "left out: Bob has no telephone number", "warning: no value for {Level}"
    ]  # fmt: skip
    assert site.ok("message", "list", "--json").one["text"] == "Joe: -"


def test_notes_and_listings_for_people(site: CommandLine) -> None:
    assert "No alert was raised yet" in site.ok("alert", "occurrences").out
    site.ok("alert", "raise", "Fire", "--key", "door-3", "--set", "Zone=North", operator="ana")
    site.ok("alert", "claim", "1", operator="bea")
    site.ok("alert", "note", "1", "Door mended", operator="bea")
    site.ok("alert", "note", "1", "-", stdin="from input\n")
    listed = site.ok("alert", "occurrences").lines
    assert listed[0].split() == ["Id", "Raised", "Alert", "Key", "Stage", "Owner", "Age", "Count", "Sent"]
    assert all(word in listed[1] for word in ("Fire", "door-3", "Claimed", "bea"))
    shown = site.ok("alert", "occurrence", "1").out
    assert all(
        word in shown for word in ("North", "by ana", "Door mended", "from input", "queued (message 2)")
    )
    assert site("alert", "note", "1", " ").status == 1


def test_occurrences_can_be_narrowed(site: CommandLine) -> None:
    site.ok("alert", "add", "Flood")
    for alert in ("Fire", "Flood", "Fire"):
        site.ok("alert", "raise", alert)
    site.ok("alert", "finalise", "1")

    def ids(*words: str) -> list[int]:
        return [found["id"] for found in site.ok("alert", "occurrences", *words, "--json").json]

    assert ids() == [1, 2, 3]
    assert ids("--active") == [2, 3]
    assert ids("--alert", "fire") == [1, 3]
    assert ids("--limit", "2") == [2, 3]
    assert ids("--active", "--alert", "Flood") == [2]
    assert site("alert", "occurrences", "--alert", "Nope").status == 1


def test_restoring_what_is_not_active_may_be_well(site: CommandLine) -> None:
    assert site("alert", "restore", "--key", "k").status == 1
    ended = site.ok("alert", "restore", "--key", "k", "--if-active")
    assert (ended.out, ended.err) == ("", "")
    site.ok("alert", "raise", "Fire", "--key", "k")
    assert "Fire (k): restored" in site.ok("alert", "restore", "--key", "k", "--if-active").out
    assert site("alert", "restore", "--key", "", "--if-active").status == 1


def review(site: CommandLine) -> str:
    return "\n".join(entry["text"] for entry in site.ok("review", "--json").json)


def test_a_value_that_is_too_long_is_cut_and_the_alert_raised(site: CommandLine) -> None:
    ended = site.ok("alert", "raise", "Fire", "--set", f"Zone={'N' * 12_000}", "--json")
    said = "the value of Zone has 12,000 characters: cut to 10,000"
    assert f"warning: {said}" in ended.err and said in review(site)
    value = ended.one["given"]["Zone"]
    assert len(value) == 10_000 and value.endswith("N...")
    text = site.ok("message", "list", "--json").one["text"]
    assert text.startswith("Created: Fire, NNN") and text.endswith("...")


def test_long_keys_keep_their_difference_and_are_restored_by_the_whole(site: CommandLine) -> None:
    keys = [f"{'k' * 300}{last}" for last in "ab"] + ["a\x01b", "a\x02b", "a\udcff", "a\udcfe"]
    raised = [site.ok("alert", "raise", "Fire", "--key", key, "--json").one for key in keys]
    assert len({one["key"] for one in raised}) == len(keys) and not any(one["counted"] for one in raised)
    assert all(len(one["key"]) <= 200 and one["key"].isprintable() for one in raised)
    assert "the key has 301 characters" in review(site)
    for key, one in zip(keys, raised, strict=True):
        assert site.ok("alert", "raise", "Fire", "--key", key, "--json").one["counted"]
        assert site.ok("alert", "raise", "Fire", "--key", one["key"], "--json").one["counted"], (
            "as it is shown"
        )
        assert site.ok("alert", "restore", "--key", f" {key}\n", "--json").one["id"] == one["id"]


def test_of_too_many_values_the_declared_ones_are_kept_first(site: CommandLine) -> None:
    many = [part for number in range(150) for part in ("--set", f"extra{number}=x")]
    ended = site.ok("alert", "raise", "Fire", *many, "--set", "zone=North", "--json")
    given = ended.one["given"]
    assert len(given) == 100 and given["zone"] == "North" and given["extra98"] == "x"
    assert "151 values were given: the first 100 are kept" in ended.err
    assert "North" in site.ok("message", "list", "--json").one["text"]


def test_names_and_values_that_are_no_text(site: CommandLine) -> None:
    odd = ("=x", "  =y", f"{'n' * 300}1=a", f"{'n' * 300}2=b", "Zone=a\x00b\x1b[31mred\rtwo\udcff", "n\x07=c")
    ended = site.ok("alert", "raise", "Fire", *[part for each in odd for part in ("--set", each)], "--json")
    given = ended.one["given"]
    assert given["Zone"] == "abred\ntwo?" and given["(no name)"] == "y"
    assert len([name for name in given if name.startswith("nnn")]) == 2
    assert all(name.isprintable() and len(name) <= 200 for name in given)
    assert "the value of Zone holds what is no text" in ended.err
    text = site.ok("message", "list", "--json").one["text"]
    assert text == "Created: Fire, abred\ntwo?"
