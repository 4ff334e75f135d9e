"""What is taken as a schedule, what is refused and in which words, and plain firing times."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.cron import CronError, fires_often, parse
from scheduling.cron_syntax import FIELDS, lax_forms
from tests.scheduling.properties import steady

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday


def fires(expression: str, count: int, start: datetime = START) -> list[str]:
    schedule, found, at = parse(expression, "UTC"), [], start
    for _ in range(count):
        following = schedule.next_after(at)
        assert following is not None
        at = following
        found.append(f"{at:%Y-%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 9 * * *", ["2026-11-24 09:30", "2026-11-25 09:30"]),
        ("0 12 * * *", ["2026-11-24 12:00"]),  # strictly after
        ("  @Daily ", ["2026-11-24 00:00"]),
        ("@hourly", ["2026-11-23 13:00"]),
        ("@weekly", ["2026-11-29 00:00"]),
        ("@monthly", ["2026-12-01 00:00"]),
        ("@yearly", ["2027-01-01 00:00"]),
        ("0\t9  * * mon-FRI", ["2026-11-24 09:00"]),
        ("0 9 * dec 7", ["2026-12-06 09:00"]),
        ("0 0 1 1 *", ["2027-01-01 00:00", "2028-01-01 00:00"]),
        ("59/15 * * * *", ["2026-11-23 12:59", "2026-11-23 13:59"]),
        ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        # Either of the two days, as both are set plainly …
        ("0 0 13 * 5", ["2026-11-27 00:00", "2026-12-04 00:00", "2026-12-11 00:00", "2026-12-13 00:00"]),
        ("0 0 31 2 0", ["2027-02-07 00:00"]),
        ("0 0 5,* * 1", ["2026-11-24 00:00", "2026-11-25 00:00"]),
        # … and both, where one begins with a star.
        ("0 0 */2 * 1", ["2026-12-07 00:00", "2026-12-21 00:00"]),
        ("0 0 L * *", ["2026-11-30 00:00", "2026-12-31 00:00", "2027-01-31 00:00", "2027-02-28 00:00"]),
        ("0 0 15W 8 *", ["2027-08-16 00:00"]),
        ("0 9 * * 5#3", ["2026-12-18 09:00"]),
        ("0 9 * * L5", ["2026-11-27 09:00", "2026-12-25 09:00"]),
    ],
)
def test_firing_times(expression: str, expected: list[str]) -> None:
    assert fires(expression, len(expected)) == expected


def test_leap_days_over_the_turn_of_the_century() -> None:
    assert fires("0 0 29 2 *", 2, datetime(2096, 1, 1, tzinfo=UTC)) == [
        "2096-02-29 00:00",
        "2104-02-29 00:00",
    ]
    # A fifth Sunday of February: 29 February on a Sunday, here a wait of forty years.
    assert fires("0 0 * 2 0#5", 2, datetime(2080, 1, 1, tzinfo=UTC)) == [
        "2088-02-29 00:00",
        "2128-02-29 00:00",
    ]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "A cron expression is needed"),
        ("* * * *", "4 fields and exactly five"),
        ("0 0 12 * * ?", "Seconds and years cannot be used"),
        ("0 0 12 * * ? 2027", "Seconds and years cannot be used"),
        ("0\u00a09 * * *", "4 fields"),
        ("R * * * *", "by chance"),
        ("0 r(1-5) * * *", "by chance"),
        ("H H * * *", "by chance"),
        ("1,H/5 * * * *", "by chance"),
        ("0 0 * * 5L", "for the last Friday of the month write L5 (0 is Sunday, 5 Friday)"),
        ("0 0 * * 0l", "for the last Sunday of the month write L0"),
        ("0 0 * * 7L", "for the last Sunday of the month write L0"),
        ("0 0 * * FRIL", "for the last Friday of the month write L5"),
        ("0 0 * * LFRI", "for the last Friday of the month write L5"),
        ("0 0 * * 1L,5L", "for the last Monday, Friday of the month write L1,L5"),
        ("0 0 * * L", "L5 for the last Friday"),
        ("0 0 L-3 * *", "the last day of the month is L alone"),
        ("0 0 LW * *", "the last day of the month is L alone"),
        ("@reboot", "not to a start"),
        ("@every 5m", "use one of @yearly"),
        ("60 * * * *", 'Minute "60" is not valid: use 0 to 59'),
        ("0 24 * * *", 'Hour "24" is not valid: use 0 to 23'),
        ("0 0 0 * *", 'Day of month "0" is not valid: use 1 to 31'),
        ("0 0 * 13 *", 'Month "13" is not valid: use 1 to 12 or JAN to DEC'),
        ("0 0 * * funday", 'Day of week "funday" is not valid: use 0 to 7 or SUN to SAT'),
        ("*/0 * * * *", "a step is 1 or more"),
        ("-1 * * * *", "is not valid"),
        ("1#2 * * * *", "is not valid"),
        ("١ * * * *", "is not valid"),
        ("0 0 * * 1#0", "is not valid"),
        ("0 0 * * 1,L5", "is not valid"),
        ("0 0 1,15W * *", "is not valid"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 2,4,6,9,11 *", "never fires"),
        ("0 0 15W * 1", "cannot be used together"),
        ("0 0 15 * 1#2", "cannot be used together"),
        ("0 0 15 * L5", "cannot be used together"),
        ("0 " * 200, "256 are the most"),
        ("9" * 240 + " * * * *", "is not valid"),
        ("\x1b[31m * * * *", "is not valid"),
        (None, "is text"),
        (b"* * * * *", "is text"),
        (5, "is text"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_in_one_sentence(expression: str, said: str) -> None:
    with pytest.raises(CronError) as error:
        parse(expression, "UTC")
    assert said in str(error.value)
    assert str(error.value).isprintable() and len(str(error.value)) < 250


def test_a_time_that_every_year_falls_into_the_gap_never_fires() -> None:
    with pytest.raises(CronError, match="never fires"):
        parse("*/30 1 * 3 L0", "Europe/London")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("5-1 * * * *", 'Minute "5-1" runs backwards'),
        ("0 0 * nov-feb *", 'Month "nov-feb" runs backwards'),
        ("*/90 * * * *", 'Minute "*/90" steps past the end'),
        ("0 9 * * SUN-SUN", "taken as every day of the week: for that value alone write SUN"),
        ("5-5 * * * *", "taken as every minute"),
        ("0 0 ? * *", 'Day of month "?" is taken as "*"'),
        ("0 0 13 * 5", "either of them"),
        ("0 0 13 * wed", "either of them"),  # the w of a name is no W
        ("0 0 13 jul mon-wed", "either of them"),
        ("0 9 L * 5", "on the last day of the month and on every such weekday"),
        ("0 9 1,L * mon", "either of them matches"),
        ("0 9 */2 * L5", "both match"),
        ("50/15 * * * *", 'Minute "50/15" steps past the end: only the first value is left, 50.'),
        ("0 0 * 11/2 *", 'Month "11/2" steps past the end: only the first value is left, 11.'),
        ("0 0 * nov/2 *", "only the first value is left, nov"),
        ("0 20/6 * * *", "only the first value is left, 20"),
        ("59/1 * * * *", "only the first value is left, 59"),
        ("0-10/15 * * * *", "only the first value is left, 0"),
        ("0,50/15 * * * *", "only the first value is left, 50"),
        ("0 0 * * 5/2", "only the first value is left, 5"),
        ("0 0 */2 * 1", "both match"),
    ],
)
def test_lax_forms_are_warned_of(expression: str, said: str) -> None:
    warnings = parse(expression, "UTC").warnings
    assert len(warnings) == 1 and said in warnings[0]


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "*/5 0-6 1,15 * *",
        "0 9 * * 1-5",
        "0 0 * * 5-7",
        "0 0 * * fri-sun",
        "@daily",
        "30/15 * * * *",
        "0 0 * 10/2 *",
        "0 11/2 * * *",
        "0-30/15 * * * *",
        "0 9 L * *",
        "0 9 * * L5",
    ],
)
def test_ordinary_forms_are_not(expression: str) -> None:
    assert parse(expression, "UTC").warnings == ()


@given(
    st.integers(0, 4),
    st.one_of(st.just("*"), st.integers(0, 59).map(str), st.tuples(st.integers(0, 59), st.integers(0, 59))),
    st.integers(1, 70),
)
def test_a_step_is_warned_of_exactly_where_it_leaves_one_value(place: int, base: object, step: int) -> None:
    field = FIELDS[place]
    first = f"{base[0]}-{base[1]}" if isinstance(base, tuple) else str(base)
    if isinstance(base, tuple) and base[0] >= base[1]:
        return  # runs backwards, or is one value: there is another warning for that
    fields = ["*"] * 5
    fields[place] = f"{first}/{step}"
    try:
        values = parse(" ".join(fields), "UTC")._cron.expanded[place]
    except CronError:
        return
    if field.name == "Day of week" and "7" in first:
        return  # Sunday twice
    assert ("steps past" in "".join(lax_forms(tuple(fields)))) is (values != ["*"] and len(values) == 1)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Mars/Phobos", "There is no time zone"),
        ("../etc/passwd", "There is no time zone"),
        ("/etc/localtime", "There is no time zone"),
        ("America", "There is no time zone"),
        ("right/Europe/London", "did you mean Europe/London?"),
        ("localtime", "There is no time zone"),
        ("", "A time zone is needed"),
        ("Europe/Londn", "did you mean Europe/London?"),
        ("sydney", "did you mean Australia/Sydney?"),
        ("New York", "did you mean America/New_York?"),
        ("a\x00b", "There is no time zone"),
        ("X" * 5000, "There is no time zone"),
        (None, "A time zone is needed"),
    ],
)
def test_a_zone_that_does_not_exist(zone: str, said: str) -> None:
    with pytest.raises(CronError) as error:
        parse("0 9 * * *", zone)
    assert said in str(error.value)
    assert str(error.value).isprintable() and len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("expression", "often"),
    [
        ("* * * * *", True),
        ("*/4 * * * *", True),
        ("*/5 * * * *", False),
        ("0,3 9 * * *", True),
        ("0,5 9 * * *", False),
        ("2,58 * * * *", True),  # :58 and the next hour's :02
        ("2,58 9 * * *", False),
        ("2,58 0,23 * * *", True),
        ("*/7 * * * *", True),  # :56 and :00
        ("30 9 * * *", False),
        ("@hourly", False),
    ],
)
def test_more_than_once_in_five_minutes(expression: str, often: bool) -> None:
    assert fires_often(parse(expression, "UTC")) is often


def test_between_leaves_its_start_out_and_takes_its_end_in() -> None:
    schedule = parse("0 * * * *", "UTC")
    found = list(schedule.between(START, START + timedelta(hours=2)))
    assert found == [START + timedelta(hours=1), START + timedelta(hours=2)]
    assert list(schedule.between(START, START)) == []


def test_any_zone_may_be_asked_from_and_the_answer_is_utc() -> None:
    schedule = parse("0 9 * * *", "Australia/Sydney")
    elsewhere = START.astimezone(timezone(timedelta(hours=-7)))
    assert (
        schedule.next_after(elsewhere) == schedule.next_after(START) == datetime(2026, 11, 23, 22, tzinfo=UTC)
    )
    with pytest.raises(ValueError, match="aware"):
        schedule.next_after(START.replace(tzinfo=None))


def test_the_ends_of_the_calendar_are_no_crash() -> None:
    schedule = parse("0 9 * * *", "Australia/Sydney")
    assert schedule.next_after(datetime.max.replace(tzinfo=UTC)) is None
    assert parse("0 9 * * *", "America/New_York").next_after(datetime.min.replace(tzinfo=UTC)) is None
    assert parse("0 0 1 1 *", "UTC").next_after(datetime(9999, 6, 1, tzinfo=UTC)) is None


def test_schedules_are_values_and_can_be_shared_between_threads() -> None:
    schedule = parse("*/7 3 * * 1-5", "Europe/London")
    assert schedule == parse(" */7  3 * * 1-5", " Europe/London ")
    assert repr(schedule).startswith("Schedule(expression='*/7 3 * * 1-5', zone='Europe/London'")
    assert pickle.loads(pickle.dumps(schedule)).next_after(START) == schedule.next_after(START)
    starts = [START + timedelta(hours=n) for n in range(200)]
    alone = [schedule.next_after(start) for start in starts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(schedule.next_after, starts)) == alone


@steady
@given(st.text(max_size=300), st.text(max_size=20))
def test_any_text_is_a_schedule_or_a_sentence(expression: str, zone: str) -> None:
    for place in (zone, "UTC"):
        try:
            parse(expression, place)
        except CronError as error:
            assert str(error).isprintable()


@steady
@given(st.lists(st.text("0123456789*/-,?LW#RHsun@ ", min_size=1, max_size=8), min_size=5, max_size=5))
def test_anything_near_an_expression_is_a_schedule_or_a_sentence(fields: list[str]) -> None:
    try:
        schedule = parse(" ".join(fields), "Europe/London")
    except CronError as error:
        assert str(error).isprintable()
    else:
        assert schedule.next_after(START) is not None
