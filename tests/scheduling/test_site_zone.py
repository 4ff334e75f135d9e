"""Which time zone a machine is set to, however it is set; and advice for what is no zone."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import zone_files
from scheduling.site_zone import SiteZone, Surroundings, difference, find
from scheduling.zone_advice import advice
from scheduling.zone_files import last_rule, read_rule, rules
from scheduling.zones import ZoneError, zone_named

ROOTS = zone_files.folders()
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


class Machine:
    """/etc of a machine, and its zone files."""

    def __init__(self, folder: Path) -> None:
        self.localtime, self.timezone = folder / "localtime", folder / "timezone"
        self.zones = folder / "share" / "zoneinfo"
        for name in ("Europe/Paris", "Europe/Berlin", "Asia/Tokyo", "UTC"):
            path = self.zones / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(zone_files.content_of(name, ROOTS))

    def find(self, tz: str = "", own: str = "") -> SiteZone:
        given_values = {"TZ": tz, "COMMSDESK_ZONE": own}
        return find(Surroundings(given_values, self.localtime, self.timezone))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("tz", "name", "sure"),
    [
        ("Europe/Paris", "Europe/Paris", True),
        (":Europe/Paris", "Europe/Paris", True),
        ("posix/Europe/Paris", "Europe/Paris", True),
        ("right/Europe/Paris", "Europe/Paris", True),
        ("EST5EDT", "EST5EDT", True),
        ("UTC0", "UTC", True),
        ("CET-1CEST", "like Europe/Berlin", False),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "like Europe/Berlin", False),
        ("GMT0BST,M3.5.0/1,M10.5.0", "like Europe/London", False),
        ("IST-5:30", "like Asia/Kolkata", False),
        ("JST-9", "like Asia/Tokyo", False),
        ("XYZ-3", "Etc/GMT-3", False),
        ("GMT+1", "Etc/GMT+1", False),  # TZ counts the hours to UTC
        ("<+0330>-3:30", "like Asia/Tehran", False),
        ("CET-1CEST,M1.1.0,M2.1.0", "UTC", False),
        ("no zone at all", "UTC", False),
        ("../../etc/passwd", "UTC", False),
        ("/dev/zero/x", "UTC", False),
        ("\x00", "UTC", False),
    ],
)
def test_what_tz_may_hold(machine: Machine, tz: str, name: str, sure: bool) -> None:
    found = machine.find(tz)
    if name.startswith("like "):  # any zone with that rule will do
        assert rules(ROOTS)[found.name] == rules(ROOTS)[name.removeprefix("like ")]
    else:
        assert found.name == name
    assert (found.doubt is None) is sure
    if not sure:
        assert found.name in str(found.doubt) and "taken" in str(found.doubt)


def test_the_path_of_a_zone_file(machine: Machine, tmp_path: Path) -> None:
    for tz in (str(machine.zones / "Europe/Paris"), f":{machine.zones / 'Europe/Paris'}"):
        assert machine.find(tz) == SiteZone("Europe/Paris", "TZ")
    copy = tmp_path / "somewhere"
    shutil.copy(machine.zones / "Asia/Tokyo", copy)
    assert machine.find(str(copy)) == SiteZone("Asia/Tokyo", "TZ")


def test_localtime_as_a_link_and_as_a_file_of_its_own(machine: Machine) -> None:
    machine.localtime.symlink_to(machine.zones / "Europe/Paris")
    assert machine.find() == SiteZone("Europe/Paris", str(machine.localtime))
    machine.localtime.unlink()
    shutil.copy(machine.zones / "Asia/Tokyo", machine.localtime)
    assert machine.find() == SiteZone("Asia/Tokyo", str(machine.localtime))
    shutil.copy(machine.zones / "UTC", machine.localtime)
    assert machine.find() == SiteZone("UTC", str(machine.localtime))


def test_among_zones_that_are_alike_etc_timezone_decides(machine: Machine) -> None:
    # Made anew by another version of the database: no file is the same, the rule is.
    content = zone_files.content_of("Europe/Berlin", ROOTS)
    machine.localtime.write_bytes(content[:44] + b"\x00" * 9 + content[44:])
    assert machine.find().doubt
    assert rules(ROOTS)[machine.find().name] == rules(ROOTS)["Europe/Berlin"]
    machine.timezone.write_text("Europe/Paris\n")
    found = machine.find()
    assert found.name == "Europe/Paris" and "file of its own" in str(found.doubt)
    machine.timezone.write_text("Asia/Tokyo\n")  # left from before: the clock shows another time
    assert rules(ROOTS)[machine.find().name] == rules(ROOTS)["Europe/Berlin"]


def test_etc_timezone_alone(machine: Machine) -> None:
    machine.timezone.write_text("# set by hand\nEurope/Paris\n")
    assert machine.find() == SiteZone("Europe/Paris", str(machine.timezone))
    machine.timezone.write_bytes(b"\xff\x00")
    assert machine.find() == SiteZone("UTC", "nothing", "this machine names no time zone; UTC is taken")


def test_the_programs_own_variable_goes_first_and_a_mistyped_one_is_said(machine: Machine) -> None:
    assert machine.find("Europe/Paris", "Asia/Tokyo") == SiteZone("Asia/Tokyo", "COMMSDESK_ZONE")
    found = machine.find("Europe/Paris", "Asia/Tokio")
    assert found.name == "Europe/Paris"
    assert found.doubt == 'COMMSDESK_ZONE is "Asia/Tokio", which names no time zone; Europe/Paris is taken'


def test_every_zone_is_found_again_by_its_file_and_its_rule(machine: Machine) -> None:
    for name, written in list(rules(ROOTS).items())[::25]:
        content = zone_files.content_of(name, ROOTS)
        machine.localtime.write_bytes(content)
        found = machine.find()
        assert found.doubt is None and zone_files.content_of(found.name, ROOTS) == content
        by_rule = machine.find(written)
        assert ZoneInfo(by_rule.name).utcoffset(NOW) == ZoneInfo(name).utcoffset(NOW), (name, written)


def test_a_rule_is_read() -> None:
    assert read_rule("CET-1CEST,M3.5.0,M10.5.0/3") == ("CET", 3600, "CEST", 7200, "M3.5.0,M10.5.0/3")
    assert read_rule("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1") == (
        "-03", -10800, "-02", -7200, "M3.5.0/-2,M10.5.0/-1",
    )  # fmt: skip
    assert read_rule("EST5") == ("EST", -18000, "", 0, "")
    assert read_rule("Europe/Paris") is None
    assert last_rule(b"no such file") == ""


def offsets(name: str) -> set[timedelta]:
    """What a zone shows in winter and in summer."""
    zone = ZoneInfo(name)
    days = (NOW + timedelta(days=each) for each in range(0, 366, 30))
    return {offset for day in days if (offset := zone.utcoffset(day)) is not None}


@given(st.sampled_from(["GMT", "UTC", "gmt", "", "Utc "]), st.sampled_from("+-"), st.integers(1, 12))
def test_advice_for_an_offset_has_that_offset(lead: str, sign: str, hours: int) -> None:
    said = advice(f"{lead}{sign}{hours}")
    (name,) = re.findall(r"Etc/GMT[+-]\d+", said)
    assert offsets(name) == {timedelta(hours=hours if sign == "+" else -hours)}
    assert "place" in said


def abbreviations() -> list[str]:
    found = {name for text in rules(ROOTS).values() if (rule := read_rule(text)) for name in rule[0:3:2]}
    return sorted(name for name in found if isinstance(name, str) and name.isalpha())


@pytest.mark.parametrize("name", abbreviations())
def test_advice_for_an_abbreviation_is_a_place_that_uses_it(name: str) -> None:
    said = advice(name)
    exact = re.fullmatch(r"did you mean ([A-Za-z]+)\?", said)
    if exact:
        assert exact[1].upper() == name.upper()
        return
    for place in re.findall(r"[A-Z]\w+/[\w/+-]+", said):
        rule = read_rule(rules(ROOTS)[place])
        assert rule is not None and name in (rule.standard, rule.summer)
    assert "/" in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("CEST", "name a place, e.g. Europe/"),
        ("IST", "Asia/Kolkata, Europe/Dublin, Asia/Jerusalem"),
        ("PST", "America/Los_Angeles"),
        ("Europe/Londn", "did you mean Europe/London?"),
        ("berlin", "did you mean Europe/Berlin?"),
        ("new york", "did you mean America/New_York?"),
        ("utc", "did you mean UTC?"),
        ("Etc/GMT+20", "use an IANA name"),
        ("CET-1CEST", " follows it"),
        ("UTC+5:30", "name a place"),
    ],
)
def test_advice(typed: str, said: str) -> None:
    with pytest.raises(ZoneError) as refused:
        zone_named(typed)
    parts = said.split(", ") if said.startswith("Asia") else [said]
    assert all(part in str(refused.value) for part in parts), refused.value
    assert len(str(refused.value)) < 250


def test_where_the_machines_clock_and_a_zone_part(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "CET-1CEST,M3.2.0,M11.1.0")  # the days of another continent
    time.tzset()
    try:
        found = difference("Europe/Berlin", NOW)
        assert found is not None and found.at.year == 2027 and found.at.month == 3
        assert (found.zone, found.machine) == (timedelta(hours=1), timedelta(hours=2))
        monkeypatch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        assert difference("Europe/Berlin", NOW) is None
        assert difference("UTC", NOW) is not None
    finally:
        monkeypatch.undo()
        time.tzset()
