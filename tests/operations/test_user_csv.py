"""Users from and to CSV: all or nothing, every bad line named, and what is written can be read."""

import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from storage import user_import
from tui.operations import fields, groups, user_csv, users
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused
from tui.operations.user_csv import Fate, ImportRefused, Preview
from tui.operations.user_export import export


@pytest.fixture
def site(desk: Desk) -> Desk:
    """Users 1 Joe Hart, 2 and 3 Ann Lee; group 1 Ops with Joe."""
    fields.add(desk, "Mobile", "Telephone Number", required=True)
    fields.add(desk, "Shift", "Choice", choices=["Day", "Night"])
    fields.add(desk, "Remark", "Text")
    groups.add(desk, "Ops")
    users.add(
        desk, "Joe Hart", values={"Mobile": "+61400000001", "Shift": "Day"}, groups=["Ops"], notes="dog"
    )
    users.add(desk, "Ann Lee", values={"Mobile": "+61400000002"})
    users.add(desk, "Ann Lee", values={"Mobile": "+61400000003"})
    return desk


def look(desk: Desk, text: str, **options: bool) -> Preview:
    return user_csv.preview(desk, user_csv.check(desk, text.encode(), **options))


def load(desk: Desk, text: str, **options: bool) -> Preview:
    return user_csv.apply(desk, user_csv.check(desk, text.encode(), **options), file_name="people.csv")


def state(desk: Desk) -> object:
    """All that an import could touch."""
    with desk.database.read() as connection:
        return [
            connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            for table in ("user", "user_value", "user_group", "group_member", "review")
        ]


def test_users_are_added_changed_and_left_alone(site: Desk, texts: Callable[[], list[str]]) -> None:
    data = (
        "name,MOBILE,shift,groups\n"
        "joe hart,+61 400 000 009,night,ops; Crew\n"
        "New One,+61400000010,,Crew;crew\n"
    )
    before = state(site)
    seen = look(site, data)
    assert state(site) == before
    assert str(seen) == "1 added, 1 changed, 0 unchanged; new groups: Crew"
    joe, new = seen.lines
    assert (joe.line, joe.name, joe.fate, joe.user_id) == (2, "Joe Hart", Fate.CHANGED, 1)
    assert joe.changes == (
        "name now joe hart",
        "Mobile +61 400 000 001 → +61 400 000 009",
        "Shift Day → Night",
        "joined Crew",
    )
    assert (new.line, new.fate, new.changes) == (3, Fate.ADDED, ())

    assert load(site, data) == seen
    person = users.get(site, 1)
    assert person.values == {1: "+61400000009", 2: "Night"} and person.groups == ("Crew", "Ops")
    assert (person.notes, person.revision, person.enabled) == ("dog", 2, True)
    assert users.get(site, 4).groups == ("Crew",) and users.get(site, 4).values == {1: "+61400000010"}
    assert texts()[-2:] == [
        f"user Joe Hart changed by import: {'; '.join(joe.changes)}",
        "users imported from people.csv: 1 added, 1 changed, 0 unchanged; new groups: Crew",
    ]
    after = state(site)
    assert str(load(site, data)) == "0 added, 0 changed, 2 unchanged"
    assert state(site) == after


def test_an_empty_cell_takes_away_and_a_missing_column_changes_nothing(site: Desk) -> None:
    load(site, "Name,Shift\nJoe Hart,\n")
    assert users.get(site, 1).values == {1: "+61400000001"} and users.get(site, 1).groups == ("Ops",)
    load(site, "Name,Groups,Notes\nJoe Hart,,\n")
    assert users.get(site, 1).groups == () and users.get(site, 1).notes == ""
    load(site, "Id,Name,Enabled\n2,Ann Berg,no\n3,Ann Lee,\n")
    assert users.get(site, 2).name == "Ann Berg" and not users.get(site, 2).enabled
    assert users.get(site, 3).enabled


BAD = """\
Id,Name,Mobile,Shift,Groups,Enabled
,Good,+61400000010,Day,Fresh,
,Joe Hart,0400,late,,
,Ann Lee,+61400000011,,,
99,Ghost,+61400000012,,,
x,Odd,+61400000013,,,perhaps
,,+61400000014,,,
,Twin,+61400000015,,,
,twin,+61400000016,,,
1,Joe,+61400000017,,,
1,Joe,+61400000018,,id:7,
,Empty,,,,
,Long,+61400000019,,,,x
"""


def test_one_bad_line_and_nothing_is_imported(site: Desk) -> None:
    before = state(site)
    with pytest.raises(ImportRefused) as refusal:
        load(site, BAD)
    assert state(site) == before
    assert refusal.value.message == "nothing was imported: 10 lines are refused"
    found = [(bad.line, bad.column, bad.reason) for bad in refusal.value.preview.refused]
    expected = [
        (3, "Mobile", "country calling code"),
        (3, "Shift", "Day, Night"),
        (4, "Name", "2 users are named Ann Lee (id:2 and id:3): add a column Id"),
        (5, "Id", "Id 99 is no user's"),
        (6, "Id", "not a whole number"),
        (6, "Enabled", "neither Yes nor No"),
        (7, "Name", "Name is empty"),
        (8, "Name", "twin is on line 9 too"),
        (9, "Name", "Twin is on line 8 too"),
        (11, "Groups", "begins with id:"),
        (12, "Mobile", "Mobile is required"),
        (13, None, "7 cells, the header only 6"),
    ]
    # Line 10 is good by itself: its double on line 11 was refused before the two could meet.
    assert [(line, column) for line, column, _ in found] == [(line, column) for line, column, _ in expected]
    for (_, _, reason), (_, _, said) in zip(found, expected, strict=True):
        assert said.casefold() in reason.casefold()
    assert look(site, BAD) == refusal.value.preview


def test_two_lines_for_one_user_are_refused(site: Desk) -> None:
    seen = look(site, "Id,Name\n1,Joe Hart\n,joe hart\n")
    assert [str(bad) for bad in seen.refused] == [
        "line 2: Joe Hart (id:1) is on line 3 too: leave one out",
        "line 3: Joe Hart (id:1) is on line 2 too: leave one out",
    ]


def test_new_users_need_required_fields_known_ones_only_where_the_file_has_them(site: Desk) -> None:
    seen = look(site, "Name,Shift\nJoe Hart,Night\nNew,Day\n")
    assert [str(bad) for bad in seen.refused] == [
        "line 3: Mobile is required, and the file has no such column"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("Mobile\n+61400000000\n", "no column Name"),
        ("Name,Phone,Mobil\n", r'columns "Phone" and "Mobil" are not known'),
        ("Name,Mobil\n", r'column "Mobil" is not known \(did you mean "Mobile"\?\)'),
        ("Name,name\n", "two columns named name"),
        ('Name\n"x\n', "line 2 cannot be read"),
    ],
)
def test_a_file_that_is_no_use_is_refused_as_a_whole(site: Desk, text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        look(site, text)


def test_unknown_columns_are_passed_over_when_asked(site: Desk) -> None:
    seen = load(site, "Name,Phone,Mobile,\nNew,x,+61400000010,\n", ignore_unknown=True)
    assert seen.ignored == ("Phone",) and seen.count(Fate.ADDED) == 1
    assert look(site, "Name,Mobile,\nNew2,+61400000010,stray\n").refused[0].reason == (
        '"stray" is in a column without a name'
    )


def test_a_doubtful_number_is_a_warning(site: Desk) -> None:
    seen = load(site, "Name,Mobile\nNew,+61 400 000 00\n")
    assert "looks invalid" in str(seen.warnings[0]) and seen.warnings[0].line == 2
    assert users.get(site, 4).values == {1: "+6140000000"}


def test_what_is_exported_is_imported_unchanged(site: Desk) -> None:
    hostile = '=HYPERLINK("http://x") \x1b[31m,;\n second line'
    users.edit(site, 1, name="@Joe", values={"Remark": hostile}, notes="-5\r\n+1", enabled=False)
    users.edit(site, 2, values={"Remark": "'+61400"}, join=["Ops"])
    groups.edit(site, 1, name="=Ops")
    groups.join(site, groups.add(site, "Crew").id, [2])
    out = io.StringIO()
    assert export(site, out) == 3
    text = out.getvalue()
    assert text.startswith("Id,Name,Mobile,Shift,Remark,Groups,Enabled,Notes\n1,'@Joe,+61400000001,Day,")
    before = state(site)
    assert str(load(site, text)) == "0 added, 0 changed, 3 unchanged"
    assert state(site) == before
    load(site, "Id,Name,Mobile,Remark,Notes\n1,Other,+61400000009,,\n2,Ann,+61400000009,,\n")
    load(site, text)
    person = users.get(site, 1)
    assert (person.name, person.values[3], person.notes) == ("@Joe", hostile, "-5\n+1")
    assert users.get(site, 2).values[3] == "'+61400"


def test_what_was_agreed_to_is_what_is_done(site: Desk) -> None:
    checked = user_csv.check(site, b"Name,Mobile\nNew,+61400000010\n")
    agreed = user_csv.preview(site, checked)
    users.add(site, "new", values={"Mobile": "+61400000011"})
    with pytest.raises(Refused, match="changed by someone else"):
        user_csv.apply(site, checked, expected=agreed)
    assert user_csv.apply(site, checked, expected=user_csv.preview(site, checked)).count(Fate.CHANGED) == 1
    fields.add(site, "Badge", "Text")
    with pytest.raises(Refused, match="custom fields were changed"):
        user_csv.apply(site, checked)


def test_trouble_half_way_leaves_nothing(site: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(site)
    monkeypatch.setattr(user_import, "_APPLY", (*user_import._APPLY[:-1], "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(sa.exc.OperationalError):
        load(site, "Name,Mobile,Groups\nNew,+61400000010,Fresh\n")
    assert state(site) == before
    monkeypatch.undo()
    assert load(site, "Name,Mobile,Groups\nNew,+61400000010,Fresh\n").count(Fate.ADDED) == 1


def test_two_thousand_users_go_in_at_once(site: Desk) -> None:
    rows = (f"Person {n},+614100{n:05d},{'day' if n % 2 else ''},Team {n % 7};All" for n in range(2000))
    text = "\n".join(["Name,Mobile,Shift,Groups", *rows])
    checks: list[tuple[int, int]] = []
    loads: list[tuple[int, int]] = []
    checked = user_csv.check(site, text.encode(), progress=lambda *step: checks.append(step))
    plan = user_csv.apply(site, checked, progress=lambda *step: loads.append(step))
    assert plan.count(Fate.ADDED) == 2000 and len(plan.new_groups) == 8
    assert checks[-1] == (2001, 2001) and loads == [(n, 2000) for n in (500, 1000, 1500, 2000)]
    assert users.count(site) == 2003
    assert sum(group.members for group in groups.listing(site)) == 4001
    last = users.page(site, users.UserFilter("person 1999"))
    assert len(last) == 1
    assert last[0].values == {1: "+61410001999", 2: "Day"} and last[0].groups == ("All", "Team 4")


def test_a_viewer_may_export_only(site: Desk, viewer: Desk) -> None:
    checked = user_csv.check(viewer, b"Name\nJoe Hart\n")
    for attempt in (lambda: user_csv.preview(viewer, checked), lambda: user_csv.apply(viewer, checked)):
        with pytest.raises(NotAllowed):
            attempt()
    assert export(viewer, io.StringIO()) == 3


def test_a_file_as_a_spreadsheet_leaves_it(site: Desk) -> None:
    data = (
        "sep=;\r\nName;Mobile;Shift;Groups;Remark\r\nBea Quist;+61400000067.0\r\n"
        '"\u200bCara\ufeff Moss\u00a0";="+61400000068";Night;Fresh;"7"\r\n'
        "Dan Ives;'+61,400,000,069;;;;;\r\n"
    )
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        checked = user_csv.check(site, data.encode(encoding))
        seen = user_csv.preview(site, checked)
        assert seen.refused == () and [line.line for line in seen.lines] == [3, 4, 5]
    loaded = user_csv.apply(site, checked, file_name="people.csv")
    assert [line.name for line in loaded.lines] == ["Bea Quist", "Cara Moss", "Dan Ives"]
    bea, cara, dan = (users.get(site, user_id) for user_id in (4, 5, 6))
    assert [person.values[1] for person in (bea, cara, dan)] == [
        "+61400000067", "+61400000068", "+61400000069",
    ]  # fmt: skip
    assert (cara.name, cara.groups, bea.groups) == ("Cara Moss", ("Fresh",), ())


def test_digits_that_a_spreadsheet_lost_are_refused_by_line(site: Desk) -> None:
    seen = look(site, "Name,Mobile\nEve,6.14E+10\nFay,61400000070.0\n")
    assert [bad.line for bad in seen.refused] == [2, 3]
    assert "last digits are lost" in seen.refused[0].reason
    assert "put a + in front: +61400000070" in seen.refused[1].reason


def test_an_id_as_a_spreadsheet_writes_it(site: Desk) -> None:
    (line,) = look(site, "Id,Name,Mobile\n1.0,Joe Hart,+61400000001\n").lines
    assert line.fate is Fate.UNCHANGED
