"""`commsdesk roster`: the cases of docs/duty.md by their numbers, who may do what, and words and JSON."""

import pytest

from storage.database import Database
from tests.cli.conftest import CommandLine

PEOPLE = ("Ana", "Ben", "Cleo", "Joe", "Amy", "Click", "Hal")
LONDON = ("--zone", "Europe/London")


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    """People with a number each; nobody is an operator yet."""
    cli.ok("field", "add", "Mobile", "--type", "Telephone Number")
    for place, name in enumerate(PEOPLE):
        cli.ok("user", "add", name, "--set", f"Mobile=+4479001234{place:02}")
    return cli


@pytest.fixture
def night(site: CommandLine) -> CommandLine:
    site.ok("roster", "add", "Night", *LONDON)
    words = ("--people", "Ana", "Ben", "Cleo", "--turn", "1w", "--hand-over", "Mon 08:00")
    site.ok("roster", "rule", "add", "Night", *words, "--since", "2026-03-02")
    return site


def on(cli: CommandLine, at: str, roster: str = "Night") -> list[str]:
    people = cli.ok("roster", "who", roster, "--at", at, "--json").one["people"]
    assert isinstance(people, list)
    return people


def test_case_1_weeks_are_counted_in_dates(night: CommandLine) -> None:
    assert on(night, "2026-03-30T07:59") == ["Ana"]
    assert on(night, "2026-03-30T06:59Z") == ["Ana"]
    assert on(night, "2026-03-30T08:00") == ["Ben"]
    assert night.ok("roster", "who", "night", "--at", "2026-03-30 07:59", "--json").one == {
        "roster": "Night",
        "from": "2026-03-23T08:00:00.000000Z",
        "to": "2026-03-30T07:00:00.000000Z",
        "local_from": "2026-03-23T08:00:00+00:00",
        "local_to": "2026-03-30T08:00:00+01:00",
        "people": ["Ana"],
        "why": "rule",
        "rule": 1,
        "cover": None,
        "unreachable": [],
    }


def test_case_2_days_that_are_covered(site: CommandLine) -> None:
    site.ok("roster", "add", "Desk", *LONDON)
    words = ("--people", "Ana", "Ben", "Cleo", "--turn", "1d", "--hand-over", "09:00", "--days", "Mon-Fri")
    site.ok(
        "roster", "rule", "add", "Desk", *words, "--since", "2026-03-02", "--from", "09:00", "--to", "17:00"
    )
    assert [on(site, f"2026-03-{day} 12:00", "Desk") for day in ("06", "07", "09")] == [["Ben"], [], ["Cleo"]]
    assert site.ok("roster", "who", "Desk", "--at", "2026-03-07 12:00", "--json").one["why"] == "gap"
    site.ok("roster", "edit", "Desk", "--fallback", "Click")
    found = site.ok("roster", "who", "Desk", "--at", "2026-03-07 12:00", "--json").one
    assert (found["people"], found["why"], found["rule"]) == (["Click"], "fallback", None)


def test_case_4_the_newest_cover_that_holds(night: CommandLine) -> None:
    day = "2026-03-07"
    first = (
        "--from",
        f"{day} 10:00",
        "--to",
        f"{day} 14:00",
        "--by",
        "Amy",
        "--for",
        "Ana",
        "--note",
        "dentist",
    )
    second = ("--from", f"{day} 12:00", "--to", f"{day} 16:00", "--by", "Joe")
    made = night.ok("roster", "cover", "Night", *first, "--json").one
    assert made | {"id": 0} == {
        "id": 0,
        "roster": "Night",
        "from": "2026-03-07T10:00:00.000000Z",
        "to": "2026-03-07T14:00:00.000000Z",
        "local_from": "2026-03-07T10:00:00+00:00",
        "local_to": "2026-03-07T14:00:00+00:00",
        "by": ["Amy"],
        "for": "Ana",
        "note": "dentist",
        "made_by": made["made_by"],
    }
    taken_back = night.ok("roster", "cover", "Night", *second, "--json").one["id"]
    for hour, person in (("11:00", "Amy"), ("13:00", "Joe"), ("15:59", "Joe"), ("16:00", "Ana")):
        assert on(night, f"{day} {hour}") == [person]
        assert shown(night, f"{day}T{hour}:00+00:00") == [person]
    night.ok("roster", "uncover", taken_back)
    for hour, person in (("13:00", "Amy"), ("15:00", "Ana")):
        assert on(night, f"{day} {hour}") == [person]
        assert shown(night, f"{day}T{hour}:00+00:00") == [person]
    assert night("roster", "uncover", taken_back).status == 1


def shown(cli: CommandLine, local: str) -> list[str]:
    """Who is on by `roster show` at a local time."""
    lines = cli.ok("roster", "show", "Night", "--from", "2026-03-07", "--days", "2", "--json").json
    (line,) = [each for each in lines if each["local_from"] <= local < each["local_to"]]
    return list(line["people"])


def test_case_5_holidays(night: CommandLine) -> None:
    night.ok("roster", "holiday", "add", "2026-12-25", "Christmas Day")
    assert on(night, "2026-12-25 12:00") != ["Hal"]
    night.ok("roster", "rule", "add", "Night", "--people", "Hal", "--days", "Holiday")
    assert on(night, "2026-12-25 12:00") == ["Hal"]
    night.ok("roster", "rule", "move", "Night", "2", "1")
    assert on(night, "2026-12-25 12:00") == ["Hal"]
    night.ok("roster", "rule", "remove", "Night", "1")
    assert on(night, "2026-12-25 12:00") != ["Hal"]


def test_holidays_from_a_file_are_all_loaded_or_none(site: CommandLine) -> None:
    good = "Name;Date\nNew Year;2027-01-01\nBoxing Day;2026-12-26\n"
    assert site.ok("roster", "holiday", "import", "-", "--json", stdin=good).one == {"holidays": 2}
    found = site.ok("roster", "holiday", "list", "--json").json
    assert found == [
        {"date": "2026-12-26", "name": "Boxing Day"},
        {"date": "2027-01-01", "name": "New Year"},
    ]
    bad = site("roster", "holiday", "import", "-", stdin="Date,Name\n2027-02-01,Fine\n2027-02-30,Never\n")
    assert bad.status == 1 and "line 3: Date" in bad.err
    assert site.ok("roster", "holiday", "list", "--json").json == found
    bare = site.ok(
        "roster", "holiday", "import", "-", stdin="2027-04-02,Good Friday\n2027-04-05,Easter Monday\n"
    )
    assert bare.out == "2 holidays loaded from standard input\n"
    for day in ("2026-12-26", "2027-04-02", "2027-04-05"):
        site.ok("roster", "holiday", "remove", day)
    assert len(site.ok("roster", "holiday", "list", "--json").json) == 1


def test_case_6_who_cannot_be_reached(night: CommandLine) -> None:
    night.ok("roster", "edit", "Night", "--fallback", "Click")
    night.ok("user", "disable", "Ana")
    found = night.ok("roster", "who", "Night", "--at", "2026-03-24 03:01", "--json").one
    assert (found["people"], found["why"]) == (["Click"], "fallback")
    assert found["unreachable"] == [{"user": "Ana", "reason": "is disabled"}]
    assert on(night, "2026-03-30 08:00") == ["Ben"]


def test_gaps_end_the_command_with_1(night: CommandLine) -> None:
    assert night.ok("roster", "gaps", "Night").out == "no gap in the next 31 days\n"
    night.ok("roster", "cover", "Night", "--from", "+1h", "--to", "+2h", "--by", "nobody")
    ended = night("roster", "gaps", "Night", "--json")
    assert ended.status == 1 and ended.one["people"] == [] and ended.one["why"] == "cover"
    assert night("roster", "gaps").status == 1
    assert night("roster", "gaps").out.startswith("duty:Night has nobody ")
    warnings = night("status", "--json").one["warnings"]
    assert [each for each in warnings if each.startswith("duty:Night has nobody")]
    doctor = night("doctor", "--offline", "--json").json
    (finding,) = [each for each in doctor if each["check"] == "Roster"]
    assert (finding["status"], finding["about"]) == ("warning", "Night")


def test_taking_over_now(night: CommandLine) -> None:
    night.ok("roster", "take", "Night", "--by", "Joe", "--until", "+2h")
    found = night.ok("roster", "who", "Night", "--json").one
    assert (found["people"], found["why"]) == (["Joe"], "cover")
    night.ok("operator", "add", "amy", "--role", "operator")
    night.ok("roster", "take", "Night", operator="amy")
    assert night.ok("roster", "who", "Night", "--json", operator="amy").one["people"] == ["Amy"]


def test_who_may_do_what(night: CommandLine) -> None:
    for name in ("viewer", "operator", "administrator"):
        night.ok("operator", "add", f"{name}-1", "--role", name)
    looks = (("roster", "who", "Night"), ("roster", "show", "Night"), ("roster", "list"))
    covers = ("roster", "cover", "Night", "--from", "+1h", "--to", "+2h", "--by", "Joe")
    defines = (("roster", "add", "Day"), ("roster", "rule", "add", "Night", "--people", "Joe"))
    for words in looks:
        night.ok(*words, operator="viewer-1")
    assert "needs an operator" in night(*covers, operator="viewer-1").err
    night.ok(*covers, operator="operator-1")
    for words in (*defines, ("roster", "holiday", "add", "2026-12-25", "X")):
        assert "needs an administrator" in night(*words, operator="operator-1").err
        night.ok(*words, operator="administrator-1")


def test_an_edit_says_who_is_affected_and_keeps_who_is_on(night: CommandLine) -> None:
    before = night.ok("roster", "who", "Night", "--json").one
    after = [name for name in PEOPLE[:3] if name not in before["people"]]
    ended = night.ok("roster", "rule", "edit", "Night", "1", "--people", *after, "Joe+Amy")
    now = night.ok("roster", "who", "Night", "--json").one
    assert now["people"] == before["people"] and now["to"] == before["to"]
    assert "from now: " in ended.err and "instead of" in ended.err
    (shown,) = night.ok("roster", "list", "--json").json
    assert shown["rules"][0]["people"] == [[after[0]], [after[1]], ["Joe", "Amy"]]
    assert shown["rules"][0] | {"since": "", "people": []} == {
        "roster": "Night",
        "rule": 1,
        "people": [],
        "turn": "1w",
        "hand_over": "Mon 08:00",
        "since": "",
        "days": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        "from": "00:00",
        "to": "00:00",
    }


def test_what_hangs_on_a_roster_is_named(night: CommandLine) -> None:
    night.ok("handler", "add", "H", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a\n")
    night.ok("alert", "add", "Fire")
    words = ("--handler", "H", "--to", "duty:night", "--message", "Fire")
    night.ok("alert", "action", "add", "Fire", "Created", *words)
    night.ok("task", "add", "Report", *words, "--cron", "0 8 * * *")
    refused = night("roster", "remove", "Night")
    assert refused.status == 1 and "used by alert Fire and task Report" in refused.err
    (action,) = night.ok("alert", "action", "list", "Fire", "--json").json
    assert action["recipients"] == [{"kind": "duty", "id": 1, "name": "Night"}]
    refused = night("user", "remove", "Ana")
    assert refused.status == 1 and "Ana is in the roster Night" in refused.err
    night.ok("user", "remove", "Ana", "--yes")
    found = night.ok("roster", "who", "Night", "--at", "2026-03-03", "--json").one
    assert found["unreachable"] == [{"user": "Ana", "reason": "was removed"}]
    night.ok("task", "remove", "Report")
    night.ok("alert", "remove", "Fire")
    night.ok("roster", "remove", "Night")


def test_sending_by_hand_to_whoever_is_on(night: CommandLine, database: Database) -> None:
    night.ok("handler", "add", "H", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a\n")
    (present,) = night.ok("roster", "who", "Night", "--json").one["people"]
    sent = night.ok("send", "--handler", "H", "--to", "duty:Night", "Hello", "--json")
    assert sent.one["user"] == present
    night.ok("user", "disable", present)
    night.ok("roster", "edit", "Night", "--fallback", "Click")
    ended = night.ok("send", "--handler", "H", "--to", "duty:Night", "Hello", "--json")
    shown = night.ok("message", "show", ended.one["id"], "--json").one
    assert (shown["user"], shown["why"]) == ("Click", f"fallback for {present}")
    assert f"{present} is disabled" in ended.err
    night.ok("user", "disable", "Click")
    refused = night("send", "--handler", "H", "--to", "duty:Night", "Hello")
    assert refused.status == 1 and "duty:Night has nobody on duty" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rule", "add", "Night"), "People is empty"),
        (("rule", "add", "Night", "--people", "Nobody"), "People: no user is named"),
        (
            ("rule", "add", "Night", "--people", "Joe", "--turn", "1d", "--hand-over", "Mon 08:00"),
            "names Mon",
        ),
        (("rule", "edit", "Night", "2", "--turn", "1d"), "Rule must be 1 to 1"),
        (("rule", "add", "Night", "--people", "Joe", "--days", "Mon-Sun,Easter"), "is no day"),
        (("rule", "add", "Night", "--people", "Joe", "--from", "25:00"), "From"),
        (
            ("cover", "Night", "--from", "2026-03-02", "--to", "2026-03-01", "--by", "Joe"),
            "To lies before From",
        ),
        (("cover", "Night", "--from", "now", "--to", "+1h", "--by", "Joe", "--for", "X"), "For: no user"),
        (("who", "Night", "--at", "9999-01-01"), "At must lie between"),
        (("who", "Nigth"), 'did you mean "Night"'),
        (("add", "duty:x"), "Name begins with duty:"),
        (("add", "night"), "Name Night is taken"),
        (("edit", "Night", "--fallback", "+447900123400"), "Fallback must be a user or a group"),
        (("take", "Night"), "By is needed"),
        (("uncover", "9"), "no cover has the id 9"),
        (("holiday", "remove", "2026-12-25"), "is no holiday"),
    ],
)
def test_bad_input_is_one_sentence(night: CommandLine, words: tuple[str, ...], said: str) -> None:
    ended = night("roster", *words)
    assert ended.status == 1 and said in ended.err and ended.err.count("\n") == 1
    assert len(night.ok("roster", "list", "--json").json) == 1


def test_a_time_that_comes_twice_may_be_written_with_its_offset(night: CommandLine) -> None:
    twice = ("--from", "2026-10-25T01:30:00+00:00", "--to", "2026-10-25 03:00", "--by", "Joe")
    made = night.ok("roster", "cover", "Night", *twice, "--json").one
    assert (made["from"], made["local_from"]) == ("2026-10-25T01:30:00.000000Z", "2026-10-25T01:30:00+00:00")
    once = ("--from", "2026-10-25 01:30", "--to", "2026-10-25 03:00", "--by", "Joe")
    assert night.ok("roster", "cover", "Night", *once, "--json").one["from"] == "2026-10-25T00:30:00.000000Z"
