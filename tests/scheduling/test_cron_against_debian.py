"""Every firing compared with the model of Debian's cron, over random expressions, zones and years.

60 of them always the same; 5,000 new ones with `make long-tests`.
"""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scheduling.cron import CronError, parse
from tests.scheduling import debian_cron

# Whole, half and three-quarter hours; forward at midnight; backward over midnight; negative
# daylight saving; two-hour changes; moves over the date line; and none at all.
ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "UTC",
)
YEARS = range(1990, 2101)
THREE_HOURS = timedelta(hours=3)


@cache
def changes(zone: str, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    return tuple(debian_cron.changes(zone, year))


@st.composite
def windows(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    """A zone and a few days, mostly around a change of its clocks."""
    zone, year = draw(st.sampled_from(ZONES)), draw(st.sampled_from(YEARS))
    near = changes(zone, year)
    if near:
        middle, _ = draw(st.sampled_from(near))
    else:
        middle = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=draw(st.integers(0, 364)))
    # The model has to begin well before a change to know what has run already.
    before = timedelta(minutes=draw(st.integers(6 * 60, 30 * 60)))
    return zone, middle - before, middle + timedelta(hours=27)


def field(low: int, high: int, sure: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    number = st.one_of(sure, st.integers(low, high))
    span = st.tuples(number, number).filter(lambda ends: ends[0] < ends[1]).map(lambda e: f"{e[0]}-{e[1]}")
    step = st.integers(1, max(2, (high - low) // 2)).map(str)
    stepped = st.one_of(span, st.just("*")).flatmap(lambda text: step.map(lambda by: f"{text}/{by}"))
    item = st.one_of(number.map(str), number.map(str), span, stepped)
    return st.one_of(st.just("*"), item, st.lists(item, min_size=2, max_size=3).map(",".join))


@st.composite
def expressions(draw: st.DrawFn) -> str:
    days = st.just("*") if draw(st.integers(0, 2)) else field(1, 31, st.integers(1, 31))
    months = st.just("*") if draw(st.integers(0, 3)) else field(1, 12, st.sampled_from([3, 4, 10, 11]))
    weekdays = st.just("*") if draw(st.integers(0, 2)) else field(0, 6, st.just(0))
    minute = field(0, 59, st.sampled_from([0, 15, 30, 59]))
    hour = field(0, 23, st.sampled_from([0, 1, 2, 3, 23]))
    return " ".join(draw(part) for part in (minute, hour, days, months, weekdays))


def is_exact_three_hours_forward(zone: str, start: datetime, end: datetime) -> bool:
    years = {start.year, end.year}
    return any(
        start < at <= end and change == THREE_HOURS for year in years for at, change in changes(zone, year)
    )


CHECKED = [HealthCheck.too_slow, HealthCheck.filter_too_much]
ANY = given(windows(), expressions(), st.integers(0, 10_000))


@settings(max_examples=60, derandomize=True, suppress_health_check=CHECKED)
@ANY
def test_it_fires_when_debian_cron_would(
    window: tuple[str, datetime, datetime], expression: str, part_way: int
) -> None:
    compare(window, expression, part_way)


@pytest.mark.long
@settings(max_examples=5000, suppress_health_check=CHECKED)
@ANY
def test_it_always_fires_when_debian_cron_would(
    window: tuple[str, datetime, datetime], expression: str, part_way: int
) -> None:
    compare(window, expression, part_way)


def compare(window: tuple[str, datetime, datetime], expression: str, part_way: int) -> None:
    zone, start, end = window
    # A deliberate difference, with a test of its own in test_cron_changes.
    assume(not is_exact_three_hours_forward(zone, start, end))
    try:
        schedule = parse(expression, zone)
    except CronError as error:
        assume("never fires" not in str(error))
        raise

    # Two jobs' worth of one task run back to back in a gap: we fire once (also deliberate).
    expected = sorted(set(debian_cron.runs(expression, zone, start, end)))
    assert list(schedule.between(start, end)) == expected

    # The same from any instant in between, seconds and all, not only from one firing to the next.
    instant = start + timedelta(seconds=part_way * (end - start).total_seconds() // 10_000)
    later = [fire for fire in expected if fire > instant]
    found = schedule.next_after(instant)
    assert found is not None
    assert found == later[0] if later else found > end


@pytest.mark.parametrize("zone", ZONES)
def test_the_model_sees_the_changes_it_is_meant_to_see(zone: str) -> None:
    seen = [change for year in YEARS for _, change in changes(zone, year)]
    assert bool(seen) == (zone not in ("UTC", "Asia/Kathmandu"))
