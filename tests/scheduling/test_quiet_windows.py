"""Weekly windows: how they are written, and what a change of the clocks does to them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.quiet_windows import Window, holding, never_ends, parse
from scheduling.zones import locate, wall_of

LONDON = ZoneInfo("Europe/London")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("22:00-07:00", "22:00-07:00"),
        ("mon-fri 22:00 - 07:00", "Mon-Fri 22:00-07:00"),
        ("Fri-Mon 9:00-17:00", "Fri-Mon 09:00-17:00"),
        ("Sat, Sun", "Sat,Sun 00:00-24:00"),
        ("Monday 18:00-24:00", "Mon 18:00-00:00"),
        ("00:00-24:00", "00:00-24:00"),
    ],
)
def test_a_window_is_kept_as_it_is_read(text: str, kept: str) -> None:
    assert str(parse(text)) == kept
    assert parse(kept) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "22:00",
        "25:00-07:00",
        "22:60-07:00",
        "Fun 22:00-07:00",
        "22:00-22:00",
        "22-7",
        "22:00-07:00 Mon",
        "M 1",
    ],
)
def test_what_is_no_window_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse(text)


@pytest.mark.parametrize(
    ("zone", "window", "at", "hours"),
    [
        (LONDON, "22:00-06:00", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 7),
        (LONDON, "22:00-06:00", datetime(2026, 10, 24, 23, 0, tzinfo=UTC), 9),
        (LONDON, "22:00-06:00", datetime(2026, 6, 1, 23, 0, tzinfo=UTC), 8),
        (LONDON, "01:30-05:00", datetime(2026, 3, 29, 2, 0, tzinfo=UTC), 3),  # 01:30 does not exist
        (LORD_HOWE, "22:00-06:00", datetime(2026, 10, 3, 14, 0, tzinfo=UTC), 7.5),
    ],
)
def test_a_window_is_shorter_or_longer_when_the_clocks_change(
    zone: ZoneInfo, window: str, at: datetime, hours: float
) -> None:
    span = holding([parse(window)], zone, at)
    assert span is not None and (span[1] - span[0]) == timedelta(hours=hours)


def test_windows_that_follow_each_other_are_one() -> None:
    windows = [parse("Mon-Fri 22:00-07:00"), parse("Sat,Sun")]
    span = holding(windows, ZoneInfo("UTC"), datetime(2026, 11, 28, 12, tzinfo=UTC))  # a Saturday
    assert span is not None
    assert (
        span == (datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)) or span[0].day == 27
    )
    assert never_ends([parse("00:00-24:00")], LONDON, datetime(2026, 11, 28, 12, tzinfo=UTC))


windows = st.builds(
    Window,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0)),
    st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0)),
)
START = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@given(st.lists(windows, min_size=1, max_size=3), st.sampled_from([LONDON, LORD_HOWE]), moments)
def test_a_moment_is_held_exactly_by_a_window_of_its_day_or_the_day_before(
    chosen: list[Window], zone: ZoneInfo, at: datetime
) -> None:
    """The oracle takes each window of the days around by itself, with the function that tasks go by."""
    day = wall_of(at, zone).date()
    spans = []
    for window in chosen:
        for shift in (-2, -1, 0, 1):
            begins = day + timedelta(days=shift)
            if begins.weekday() in window.days:
                ends = begins + timedelta(days=window.end <= window.start)
                first = locate(datetime.combine(begins, window.start), zone).first
                last = locate(datetime.combine(ends, window.end), zone).first
                spans.append((first, last))
    inside = [span for span in spans if span[0] <= at < span[1]]
    found = holding(chosen, zone, at)
    assert (found is not None) == bool(inside)
    if found is not None:
        assert found[0] <= min(begin for begin, _ in inside) and found[1] >= max(end for _, end in inside)
        assert found[0] <= at < found[1]
