"""`commsdesk user`, its files included."""

import csv
from pathlib import Path

import pytest

from storage import review
from storage.database import Database
from tests.cli.conftest import CommandLine


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    cli.ok("field", "add", "Mobile", "--type", "Telephone Number")
    cli.ok("field", "add", "Shift", "--type", "Choice", "--choice", "Day", "--choice", "Night")
    cli.ok("group", "add", "Ops")
    return cli


def test_users_are_added_listed_and_shown(site: CommandLine, database: Database) -> None:
    added = site.ok(
        "user", "add", "Joe Hart", "--set", "mobile=+61 400 000 000", "--group", "ops", operator="ana"
    )
    assert added.out == "added user 1: Joe Hart\n" and added.err == ""
    made = site.ok("user", "add", "Ann", "--set", "Shift=day", "--disabled", "--json").one
    assert made["fields"] == {"Shift": "Day"} and not made["enabled"]
    first, second = site.ok("user", "list", "--json").json
    assert {key: first[key] for key in ("id", "name", "enabled", "fields", "groups")} == {
        "id": 1,
        "name": "Joe Hart",
        "enabled": True,
        "fields": {"Mobile": "+61400000000"},
        "groups": ["Ops"],
    }
    assert second == made
    assert site.ok("user", "list").lines == [
        "Id  Name      Mobile           Groups  State",
        " 1  Joe Hart  +61 400 000 000  Ops",
        " 2  Ann       –                        disabled",
    ]
    assert site.ok("user", "show", "JOE HART", "--json").one == first
    assert "+61 400 000 000" in site.ok("user", "show", "1").out
    with database.read() as connection:
        entry = next(entry for entry in review.everything(connection) if entry.user_id == 1)
    assert (entry.operator, entry.category) == ("ana", "User")


def test_edit_sets_unsets_joins_and_leaves(site: CommandLine) -> None:
    site.ok("user", "add", "Joe", "--set", "Mobile=+61400000000", "--set", "Shift=Day", "--group", "Ops")
    site.ok("group", "add", "Crew")
    edit = ("--name", "Joe Hart", "--set", "Mobile=+61400000001", "--unset", "shift")
    found = site.ok("user", "edit", "Joe", *edit, "--group", "Crew", "--leave", "Ops", "--json").one
    assert found["fields"] == {"Mobile": "+61400000001"}
    assert (found["name"], found["groups"], found["revision"]) == ("Joe Hart", ["Crew"], 2)


def test_enable_disable_and_remove_take_several(site: CommandLine) -> None:
    for name in ("A1", "B1", "C1"):
        site.ok("user", "add", name)
    assert site.ok("user", "disable", "A1", "2").out == "disabled A1\ndisabled B1\n"
    assert [user["enabled"] for user in site.ok("user", "list", "--json").json] == [False, False, True]
    site.ok("user", "enable", "A1")
    assert site.ok("user", "remove", "A1", "B1").out == "removed user A1\nremoved user B1\n"
    assert site.ok("user", "list", "--json").one["name"] == "C1"


def test_list_narrows_and_limits_to_the_newest(site: CommandLine) -> None:
    for n in range(5):
        site.ok("user", "add", f"Person {n}", "--set", f"Mobile=+6140000000{n}")
    names = [user["name"] for user in site.ok("user", "list", "--limit", 2, "--json").json]
    assert names == ["Person 3", "Person 4"]
    assert site.ok("user", "list", "--search", "0400 000 002", "--json").one["name"] == "Person 2"
    assert site.ok("user", "list", "--search", "nobody").out == "No user fits.\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("add", "Joe", "--set", "Mobile=0400"), 1, "country calling code"),
        (("add", "Joe", "--set", "Mobil=+61400000000"), 1, 'did you mean "Mobile"'),
        (("add", "Joe", "--group", "Opps"), 1, 'did you mean "Ops"'),
        (("add", "123"), 1, "only digits"),
        (("add", "Joe", "--set", "Mobile"), 2, "FIELD=VALUE"),
        (("add", "Joe", "--set", "Mobile=1", "--set", "Mobile=2"), 2, "twice"),
        (("add",), 2, "NAME"),
        (("show", "Nobody"), 1, 'no user is named "Nobody"'),
        (("list", "--limit", "0"), 2, "--limit"),
    ],
)
def test_refusals_change_nothing(
    site: CommandLine, arguments: tuple[str, ...], status: int, said: str
) -> None:
    ended = site("user", *arguments)
    assert ended.status == status and said in ended.err and ended.out == ""
    assert len(ended.err.splitlines()) == 1 or status == 2
    assert site.ok("user", "list", "--json").out == ""


def test_outside_text_cannot_steer_the_terminal(site: CommandLine) -> None:
    name = "Ann \u200b[/red]"
    site.ok("user", "add", name, "--set", "Mobile=+61400000000")
    for command in (("list",), ("show", "1"), ("list", "--json"), ("edit", "1", "--name", name + "!")):
        printed = site.ok("user", *command).out
        assert "\u200b" not in printed and "[/red]" in printed
    # What nobody can see is no part of a name.
    assert site.ok("user", "list", "--json").one["name"] == "Ann [/red]!"


CSV = "Name,Mobile,Shift,Groups\nJoe,+61400000000,day,Ops;Crew\nAnn,+61400000001,,\n"


def test_import_previews_then_imports(site: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    preview = site.ok("user", "import", file, "--dry-run").lines
    assert preview == [
        "line 2: Joe added",
        "line 3: Ann added",
        "2 added, 0 changed, 0 unchanged; new groups: Crew; nothing is imported yet",
    ]
    assert site.ok("user", "list", "--json").out == ""
    assert site.ok("user", "import", file).out == "2 added, 0 changed, 0 unchanged; new groups: Crew\n"
    assert site.ok("user", "list", "--json").json[0]["groups"] == ["Crew", "Ops"]
    again = site.ok("user", "import", "-", "--dry-run", "--json", stdin=CSV.replace("day", "night")).json
    assert again[0] == {
        "line": 2,
        "name": "Joe",
        "fate": "changed",
        "user_id": 1,
        "changes": ["Shift Day → Night"],
    }
    assert (again[-1]["changed"], again[-1]["unchanged"], again[-1]["imported"]) == (1, 1, False)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_bad_file_names_every_bad_line_and_imports_nothing(site: CommandLine, dry_run: bool) -> None:
    text = CSV + "Bob,0400,,\nCat,+61400000003,late,\n"
    ended = site("user", "import", "-", *(["--dry-run"] if dry_run else []), stdin=text)
    assert ended.status == 1
    named = ended.out if dry_run else ended.err
    assert "line 4: " in named and "country calling code" in named and "line 5: " in named
    assert ended.err.splitlines()[-1] == "commsdesk: nothing was imported: 2 lines are refused"
    assert site.ok("user", "list", "--json").out == ""
    assert [group["name"] for group in site.ok("group", "list", "--json").json] == ["Ops"]


def test_unknown_columns_and_missing_files_are_refused(site: CommandLine, tmp_path: Path) -> None:
    refused = site("user", "import", "-", stdin="Name,Phone\nJoe,1\n")
    assert refused.status == 1 and '"Phone"' in refused.err
    passed = site.ok("user", "import", "-", "--ignore-unknown", stdin="Name,Phone\nJoe,1\n")
    assert passed.err == "passed over: Phone\n"
    missing = site("user", "import", tmp_path / "none.csv")
    assert missing.status == 1 and "cannot be read" in missing.err


def test_export_writes_what_import_reads(site: CommandLine, tmp_path: Path) -> None:
    site.ok("user", "import", "-", stdin=CSV)
    site.ok("user", "edit", "Joe", "--notes", "=1+1\nZoë")
    printed = site.ok("user", "export").out
    rows = list(csv.DictReader(printed.splitlines(keepends=True)))
    assert rows[0]["Mobile"] == "+61400000000" and rows[0]["Groups"] == "Crew;Ops"
    assert rows[0]["Notes"] == "'=1+1\nZoë"
    file = tmp_path / "out.csv"
    file.write_text("older")
    assert site.ok("user", "export", file).err == f"2 users written to {file}\n"
    assert file.read_text() == printed and file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "csv" in path.name] == ["out.csv"]
    assert site.ok("user", "import", file).out == "0 added, 0 changed, 2 unchanged\n"
    assert len(site.ok("user", "export", "-", "--group", "Crew").out.splitlines()) == 3
    site.ok("user", "export", file, "--excel", "--search", "ann")
    assert file.read_bytes().startswith(b"\xef\xbb\xbfId,Name")
    lost = site("user", "export", tmp_path / "no" / "where.csv")
    assert lost.status == 1 and "cannot be written" in lost.err
