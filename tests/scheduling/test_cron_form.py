"""The plain form and the expression it writes."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.cron import CronError, parse
from scheduling.cron_form import (
    EVERY_CHOICES,
    LAST_DAY,
    Daily,
    EveryMinutes,
    Form,
    Monthly,
    Once,
    Weekdays,
    Weekly,
    from_cron,
)
from tests.scheduling.properties import steady


def wall(*parts: int) -> datetime:
    """A local date and time, without a zone."""
    return datetime(*parts)  # noqa: DTZ001


clock = st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0))
forms = st.one_of(
    st.sampled_from(EVERY_CHOICES).map(EveryMinutes),
    clock.map(Daily),
    clock.map(Weekdays),
    st.builds(Weekly, clock, st.frozensets(st.integers(0, 6), min_size=1)),
    st.builds(Monthly, clock, st.integers(LAST_DAY, 31)),
)
NINE = time(9, 0)


@steady
@given(forms)
def test_every_form_comes_back_from_its_expression(form: Form) -> None:
    assert from_cron(form.to_cron()) == form
    assert parse(form.to_cron(), "UTC").warnings == ()


@steady
@given(
    st.datetimes(wall(2000, 1, 1), wall(2090, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(["UTC", "Europe/London", "Australia/Lord_Howe", "Pacific/Chatham", "America/New_York"]),
)
def test_once_comes_back_with_its_start_and_end_and_fires_once(at: datetime, zone: str) -> None:
    once = Once(at)
    start, end = once.window(zone)
    assert from_cron(once.to_cron(), start, end, zone) == once
    wide = parse(once.to_cron(), zone).between(start - timedelta(days=300), end + timedelta(days=300))
    inside = [fire for fire in wide if start <= fire <= end]
    assert inside == [once.fires_at(zone)]


@pytest.mark.parametrize(
    ("form", "expression"),
    [
        (EveryMinutes(1), "* * * * *"),
        (EveryMinutes(15), "*/15 * * * *"),
        (EveryMinutes(60), "0 * * * *"),
        (EveryMinutes(360), "0 */6 * * *"),
        (Daily(NINE), "0 9 * * *"),
        (Weekdays(NINE), "0 9 * * 1-5"),
        (Weekly(NINE, frozenset({0, 3})), "0 9 * * 0,3"),
        (Weekly(NINE, frozenset({1, 2, 3, 4, 5})), "0 9 * * 1,2,3,4,5"),
        (Monthly(NINE, 15), "0 9 15 * *"),
        (Monthly(NINE, LAST_DAY), "0 9 L * *"),
        (Once(wall(2026, 12, 24, 18, 30)), "30 18 24 12 *"),
    ],
)
def test_what_a_form_writes(form: Form, expression: str) -> None:
    assert form.to_cron() == expression


@pytest.mark.parametrize(
    ("expression", "form"),
    [
        ("@daily", Daily(time(0, 0))),
        ("@hourly", EveryMinutes(60)),
        ("@weekly", Weekly(time(0, 0), frozenset({0}))),
        ("@monthly", Monthly(time(0, 0), 1)),
        ("*/1 * * * *", EveryMinutes(1)),
        ("00 09 * * MON-FRI", Weekdays(NINE)),
        ("0 9 * * sun,7,Wed", Weekly(NINE, frozenset({0, 3}))),
        ("0 9 l * *", Monthly(NINE, LAST_DAY)),
    ],
)
def test_other_spellings_are_understood(expression: str, form: Form) -> None:
    assert from_cron(expression) == form


@pytest.mark.parametrize(
    "expression",
    [
        "*/7 * * * *",  # uneven: :56, then :00
        "*/90 * * * *",
        "0 */5 * * *",
        "0,30 9 * * *",
        "0 9-17 * * *",
        "0 9 1 * 1",
        "0 9 1,15 * *",
        "0 9 * * 1-3",
        "0 9 * * 8",
        "0 9 32 * *",
        "0 9 * 12 *",
        "30 18 24 12 *",
        "30 18 24 12 4",
        "99 9 * * *",
        "0 9 * * 5#3",
        "nonsense",
        "",
        "@reboot",
    ],
)
def test_what_the_plain_form_cannot_show(expression: str) -> None:
    assert from_cron(expression) is None


def test_a_date_without_its_own_window_is_not_once() -> None:
    start, end = Once(wall(2026, 12, 24, 18, 30)).window("UTC")
    assert from_cron("30 18 24 12 *", start, end + timedelta(days=400)) is None
    assert from_cron("30 18 24 12 *", start, None) is None
    assert from_cron("30 18 31 2 *", start, end) is None


def test_once_in_a_gap_fires_at_its_end_and_on_a_day_that_was_left_out_not_at_all() -> None:
    gap = Once(wall(2027, 3, 28, 1, 30))
    assert gap.fires_at("Europe/London") == datetime(2027, 3, 28, 1, tzinfo=UTC)
    with pytest.raises(CronError, match="2011-12-30 09:00 does not exist in Pacific/Apia"):
        Once(wall(2011, 12, 30, 9)).window("Pacific/Apia")


def test_values_out_of_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="try 6"):
        EveryMinutes(7)
    with pytest.raises(ValueError, match="days of the week"):
        Weekly(NINE, frozenset())
    with pytest.raises(ValueError, match="days of the week"):
        Weekly(NINE, frozenset({7}))
    with pytest.raises(ValueError, match="1 to 31"):
        Monthly(NINE, 32)
    with pytest.raises(ValueError, match="whole minutes"):
        Daily(time(9, 0, 1))
    with pytest.raises(ValueError, match="whole minutes"):
        Once(datetime(2026, 12, 24, 18, 30, tzinfo=UTC))
