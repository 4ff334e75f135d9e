"""Firings on the days on which clocks change: chosen cases, expectations from Debian cron's rules."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.cron import parse

LONDON, NEW_YORK, SYDNEY, LORD_HOWE = (
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
    "Australia/Lord_Howe",
)

# zone, local day, expression, the day's firings in UTC (day and time), or how many there are
TABLE = [
    (LONDON, "2027-03-28", "30 1 * * *", "28T01:00"),
    (LONDON, "2027-03-28", "0,30 1 * * *", "28T01:00"),
    (LONDON, "2027-03-28", "*/30 1 * * *", ""),
    (LONDON, "2027-03-28", "30 * * * *", 23),
    (LONDON, "2026-10-25", "30 1 * * *", "25T00:30"),
    (LONDON, "2026-10-25", "0,30 1 * * *", "25T00:00 25T00:30"),
    (LONDON, "2026-10-25", "*/30 1 * * *", "25T00:00 25T00:30 25T01:00 25T01:30"),
    (LONDON, "2026-10-25", "0 2 * * *", "25T02:00"),
    (NEW_YORK, "2027-03-14", "30 2 * * *", "14T07:00"),
    (NEW_YORK, "2027-03-14", "30 */2 * * *", 11),
    (NEW_YORK, "2027-03-14", "0 3 * * *", "14T07:00"),
    (NEW_YORK, "2027-03-14", "30 1-4 * * *", "14T06:30 14T07:00 14T07:30 14T08:30"),
    (NEW_YORK, "2026-11-01", "30 1 * * *", "01T05:30"),
    (NEW_YORK, "2026-11-01", "30 1 * * 0", "01T05:30"),
    (SYDNEY, "2026-10-04", "30 2 * * *", "03T16:00"),
    (SYDNEY, "2026-10-04", "0 */2 * * *", 11),
    (SYDNEY, "2027-04-04", "30 2 * * *", "03T15:30"),
    (SYDNEY, "2027-04-04", "15 2,3 * * *", "03T15:15 03T17:15"),
    (LORD_HOWE, "2026-10-04", "0 2 * * *", "03T15:30"),
    (LORD_HOWE, "2026-10-04", "15 2 * * *", "03T15:30"),
    (LORD_HOWE, "2026-10-04", "45 2 * * *", "03T15:45"),
    (LORD_HOWE, "2027-04-04", "45 1 * * *", "03T14:45"),
    (LORD_HOWE, "2027-04-04", "15 1 * * *", "03T14:15"),
    (LORD_HOWE, "2027-04-04", "*/20 1 * * *", "03T14:00 03T14:20 03T14:40 03T15:10"),
    (LORD_HOWE, "2027-04-04", "24-26 1 * * *", "03T14:24 03T14:25 03T14:26"),
    # Clocks go forward at midnight: the first instant of the day is 01:00.
    ("Africa/Cairo", "2027-04-30", "0 0 * * *", "29T22:00"),
    ("Africa/Cairo", "2027-04-30", "30 0 * * *", "29T22:00"),
    ("Africa/Cairo", "2027-04-30", "*/30 0 * * *", ""),
    # Back over midnight: 23:00 to 24:00 of the day before comes twice.
    ("Africa/Cairo", "2026-10-29", "30 23 * * *", "29T20:30"),
    ("Africa/Cairo", "2026-10-29", "*/30 23 * * *", "29T20:00 29T20:30 29T21:00 29T21:30"),
    # Winter is the exception in law, with a negative change; the clock moves as in London.
    ("Europe/Dublin", "2027-03-28", "30 1 * * *", "28T01:00"),
    ("Europe/Dublin", "2026-10-25", "30 1 * * *", "25T00:30"),
    ("Pacific/Chatham", "2026-09-27", "0 3 * * *", "26T14:00"),
    ("Pacific/Chatham", "2027-04-04", "* 3 * * *", 105),
    # Two hours at once.
    ("Antarctica/Troll", "2027-03-28", "30 1,2 * * *", "28T01:00"),
    ("Antarctica/Troll", "2026-10-25", "30 1,2 * * *", "24T23:30 25T00:30"),
    ("Antarctica/Troll", "2026-10-25", "*/30 2 * * *", "25T00:00 25T00:30 25T02:00 25T02:30"),
    ("Asia/Kolkata", "2027-03-28", "30 1 * * *", "27T20:00"),
    ("Asia/Kathmandu", "2027-03-28", "30 1 * * *", "27T19:45"),
    # 30 December 2011 was left out: nothing is made up for it.
    ("Pacific/Apia", "2011-12-29", "0 9 * * *", "29T19:00"),
    ("Pacific/Apia", "2011-12-31", "0 9 * * *", "30T19:00"),
    # Three hours at once is still made up.
    ("Antarctica/Casey", "2009-10-18", "0 3 * * *", "17T18:00"),
    (LONDON, "2100-03-28", "30 1 * * *", "28T01:00"),
    (LONDON, "2100-10-31", "30 1 * * *", "31T00:30"),
]


def day_of(zone: str, day: str) -> tuple[datetime, datetime]:
    """From just before the local day to its last instant, in UTC."""
    midnight = datetime.fromisoformat(day)
    start, end = (
        (midnight + timedelta(days=days)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for days in (0, 1)
    )
    second = timedelta(seconds=1)
    return start - second, end - second


@pytest.mark.parametrize(("zone", "day", "expression", "expected"), TABLE)
def test_on_the_day_of_a_change(zone: str, day: str, expression: str, expected: str | int) -> None:
    fires = list(parse(expression, zone).between(*day_of(zone, day)))
    if isinstance(expected, int):
        assert len(fires) == expected
    else:
        assert [f"{fire:%dT%H:%M}" for fire in fires] == expected.split()
    assert fires == sorted(set(fires))
    assert all(fire.tzinfo is UTC for fire in fires)


def test_a_skipped_day_is_skipped_and_a_monthly_task_waits_for_the_next_month() -> None:
    schedule = parse("0 9 30 * *", "Pacific/Apia")
    assert schedule.next_after(datetime(2011, 12, 1, tzinfo=UTC)) == datetime(2012, 1, 29, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "following"),
    [
        ("2026-10-25T00:00:00", "2026-10-25T00:30"),
        ("2026-10-25T00:29:59", "2026-10-25T00:30"),
        ("2026-10-25T00:30:00", "2026-10-26T01:30"),  # not again when 01:30 comes a second time
        ("2026-10-25T01:10:00", "2026-10-26T01:30"),  # asked for inside the second hour
        ("2027-03-28T00:59:59", "2027-03-28T01:00"),
        ("2027-03-28T01:00:00", "2027-03-29T00:30"),
    ],
)
def test_next_after_from_instants_around_a_change(instant: str, following: str) -> None:
    found = parse("30 1 * * *", LONDON).next_after(datetime.fromisoformat(instant).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(following).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "fire", "note"),
    [
        ("30 1 * * *", "2027-03-28T01:00", "clocks go forward: 01:30 does not exist"),
        ("0 2 * * *", "2027-03-28T01:00", None),  # 02:00 exists
        ("30 1 * * *", "2026-10-25T00:30", "clocks go back: first of the two"),
        ("*/30 1 * * *", "2026-10-25T01:30", "clocks go back: second of the two"),
        ("*/30 * * * *", "2027-03-28T01:00", None),
        ("30 1 * * *", "2027-03-29T00:30", None),
        ("30 1 * * *", "2027-01-01T01:30", None),
    ],
)
def test_note_on_a_firing_that_a_change_touches(expression: str, fire: str, note: str | None) -> None:
    schedule = parse(expression, LONDON)
    assert schedule.dst_note(datetime.fromisoformat(fire).replace(tzinfo=UTC)) == note


def test_local_shows_the_zone_of_the_task() -> None:
    shown = parse("30 1 * * *", LORD_HOWE).local(datetime(2026, 10, 3, 15, 30, tzinfo=UTC))
    assert shown.isoformat() == "2026-10-04T02:30:00+11:00"
