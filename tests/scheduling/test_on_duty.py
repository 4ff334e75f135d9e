"""Who is on duty: the cases of docs/duty.md by number, and any roster beside a model of its own."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import on_duty, turns
from scheduling.zones import locate
from storage.roster_records import EVERY_DAY, Cover, Roster, Rule
from storage.vocabulary import DutyDay, ShiftWhy, TurnUnit
from tests.scheduling import duty_model
from tests.scheduling.debian_cron import changes
from tests.scheduling.properties import steady

LONDON = "Europe/London"
A, B, C, JOE, AMY, ANA, CLICK, HAL = range(1, 9)
NAMES = {A: "A", B: "B", C: "C", JOE: "Joe", AMY: "Amy", ANA: "Ana", CLICK: "Click", HAL: "H"}
WORKDAYS = frozenset(list(DutyDay)[:5])
MARCH = date(2026, 3, 2)


def rule(*people: int | tuple[int, ...], **values: object) -> Rule:
    entries = tuple(entry if isinstance(entry, tuple) else (entry,) for entry in people)
    preset: dict[str, object] = {
        "id": 1,
        "people": entries,
        "every": 1,
        "unit": TurnUnit.WEEKS,
        "weekday": 0,
        "hand_over": 0,
        "since": MARCH,
    }
    return Rule(**(preset | values))  # type: ignore[arg-type]


def roster(*rules: Rule, **values: object) -> Roster:
    preset: dict[str, object] = {"id": 1, "name": "Night", "zone": LONDON, "names": NAMES}
    return Roster(**(preset | {"rules": rules} | values))  # type: ignore[arg-type]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def london(text: str) -> datetime:
    return locate(datetime.fromisoformat(text), ZoneInfo(LONDON)).first


WEEKLY = roster(rule(A, B, C, hand_over=8 * 60))


@pytest.mark.parametrize(
    ("at", "person"),
    [
        ("2026-03-02 08:00", A),
        ("2026-03-09 08:00", B),
        ("2026-03-16 08:00", C),
        ("2026-03-23 08:00", A),
        ("2026-03-30 06:59", A),
        ("2026-03-30 07:00", B),
        ("2026-03-02 07:59", C),
    ],
)
def test_case_1_a_week_is_counted_in_dates(at: str, person: int) -> None:
    assert on_duty.on_duty(WEEKLY, utc(at)).people == (person,)


def test_case_1_the_week_in_which_the_clocks_change_has_167_hours() -> None:
    shift = on_duty.on_duty(WEEKLY, utc("2026-03-25 12:00"))
    assert shift.start and shift.end
    assert (shift.start, shift.end) == (utc("2026-03-23 08:00"), utc("2026-03-30 07:00"))
    assert shift.end - shift.start == timedelta(hours=167)


DAILY = roster(
    rule(A, B, C, unit=TurnUnit.DAYS, days=WORKDAYS, start=9 * 60, end=17 * 60, hand_over=9 * 60),
)


@pytest.mark.parametrize(
    ("at", "person"),
    [("2026-03-02 09:00", A), ("2026-03-06 12:00", B), ("2026-03-09 16:59", C), ("2026-03-10 12:00", A)],
)
def test_case_2_only_days_that_are_covered_count(at: str, person: int) -> None:
    assert on_duty.on_duty(DAILY, london(at)).people == (person,)


def test_case_2_outside_them_is_the_fallback_else_nobody() -> None:
    saturday = london("2026-03-07 12:00")
    assert on_duty.on_duty(DAILY, saturday).why is ShiftWhy.GAP
    with_fallback = replace(DAILY, fallback=(CLICK,))
    shift = on_duty.on_duty(with_fallback, saturday)
    assert (shift.people, shift.why) == ((CLICK,), ShiftWhy.FALLBACK)
    assert (shift.start, shift.end) == (london("2026-03-06 17:00"), london("2026-03-09 09:00"))


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-28 22:00", "2026-03-29 05:00", 7),
        ("2026-10-24 21:00", "2026-10-25 06:00", 9),
        ("2026-06-01 21:00", "2026-06-02 05:00", 8),
    ],
)
def test_case_3_a_night_is_as_long_as_the_clocks_make_it(start: str, end: str, hours: int) -> None:
    night = roster(
        rule(A, B, unit=TurnUnit.DAYS, start=22 * 60, end=6 * 60, hand_over=22 * 60),
        rule(C, start=6 * 60, end=22 * 60),
    )
    shift = on_duty.on_duty(night, utc(start))
    assert (shift.start, shift.end) == (utc(start), utc(end))
    assert utc(end) - utc(start) == timedelta(hours=hours)
    around = utc(start) - timedelta(hours=20), utc(end) + timedelta(hours=20)
    found = on_duty.shifts(night, *around)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert on_duty.gaps(night, around[0], timedelta(days=3)) == []
    handed = list(on_duty.HandOvers(night).between(utc(start) - timedelta(hours=1), utc(end)))
    assert handed == [utc(start), utc(end)]


SATURDAY = roster(rule(JOE))
FIRST = Cover(1, london("2026-03-07 10:00"), london("2026-03-07 14:00"), (AMY,), JOE)
SECOND = Cover(2, london("2026-03-07 12:00"), london("2026-03-07 16:00"), (ANA,))


@pytest.mark.parametrize(
    ("covers", "people"),
    [
        ((FIRST,), {"11:00": AMY, "13:00": AMY, "14:00": JOE}),
        ((FIRST, SECOND), {"09:59": JOE, "11:00": AMY, "12:00": ANA, "15:59": ANA, "16:00": JOE}),
    ],
)
def test_case_4_the_newest_cover_that_holds(covers: tuple[Cover, ...], people: dict[str, int]) -> None:
    covered = replace(SATURDAY, covers=covers)
    lines = on_duty.shifts(covered, london("2026-03-07 00:00"), london("2026-03-08 00:00"))
    for time, person in people.items():
        at = london(f"2026-03-07 {time}")
        assert on_duty.on_duty(covered, at).people == (person,)
        assert [line.people for line in lines if line.start and line.end and line.start <= at < line.end] == [
            (person,)
        ]


CHRISTMAS = {date(2026, 12, 25): "Christmas Day"}


def test_case_5_a_holiday_is_for_the_rule_that_names_it() -> None:
    named = rule(HAL, days=frozenset({DutyDay.HOLIDAY}))
    plain = rule(A, days=WORKDAYS)
    noon = london("2026-12-25 12:00")
    assert on_duty.on_duty(roster(named, plain, holidays=CHRISTMAS), noon).people == (HAL,)
    assert on_duty.on_duty(roster(plain, holidays=CHRISTMAS), noon).people == (A,)
    # Where a rule names holidays, they are no weekdays for the others, whatever their order.
    assert on_duty.on_duty(roster(plain, named, holidays=CHRISTMAS), noon).people == (HAL,)


def test_case_6_who_cannot_be_reached_falls_through_and_turns_do_not_move() -> None:
    disabled = replace(WEEKLY, fallback=(CLICK,), unreachable={A: "is disabled"})
    shift = on_duty.on_duty(disabled, utc("2026-03-25 03:01"))
    assert (shift.people, shift.why) == ((CLICK,), ShiftWhy.FALLBACK)
    assert shift.unreachable == (on_duty.Missing(A, "is disabled"),)
    assert on_duty.on_duty(disabled, utc("2026-03-30 07:00")).people == (B,)
    second = rule(HAL, id=2)
    by_rule = replace(disabled, rules=(*disabled.rules, second))
    shift = on_duty.on_duty(by_rule, utc("2026-03-25 03:01"))
    assert (shift.people, shift.why, shift.rule) == ((HAL,), ShiftWhy.RULE, 2)


def test_of_several_together_those_who_can_be_reached_are_on() -> None:
    both = roster(rule((JOE, AMY)), unreachable={JOE: "has no telephone number"})
    shift = on_duty.on_duty(both, utc("2026-03-25 03:01"))
    assert (shift.people, shift.unreachable) == ((AMY,), (on_duty.Missing(JOE, "has no telephone number"),))


def test_nobody_by_a_cover_is_a_gap_that_no_fallback_fills() -> None:
    shut = Cover(3, london("2026-03-07 10:00"), london("2026-03-07 14:00"), ())
    found = on_duty.gaps(
        replace(SATURDAY, covers=(shut,), fallback=(CLICK,)), london("2026-03-07 11:00"), on_duty.AHEAD
    )
    assert [(gap.start, gap.end, gap.why) for gap in found] == [
        (london("2026-03-07 11:00"), london("2026-03-07 14:00"), ShiftWhy.COVER)
    ]


def test_gaps_are_never_in_the_past_and_end_with_the_time_looked_at() -> None:
    empty = roster()
    now = london("2026-03-07 11:00")
    (gap,) = on_duty.gaps(empty, now)
    assert (gap.start, gap.end) == (now, now + timedelta(days=31))


EDIT = london("2026-03-25 12:00")  # A is on until Mon 30 Mar 08:00, then B


@pytest.mark.parametrize(
    ("wanted", "then"),
    [
        ((B, A, C), [A, C, B, A]),  # another order: it goes on from A
        ((C, B, A), [A, C, B, A]),
        ((B, C), [A, B, C, B]),  # A is gone: stays on until Monday, then who would have followed
        ((C, HAL), [A, C, HAL, C]),
        ((HAL,), [A, HAL, HAL, HAL]),
        ((A, HAL, B, C), [A, HAL, B, C]),
        ((HAL, AMY), [A, HAL, AMY, HAL]),
    ],
)
def test_an_edit_keeps_who_is_on_until_their_hand_over(wanted: tuple[int, ...], then: list[int]) -> None:
    (before,) = WEEKLY.rules
    entries = tuple((person,) for person in wanted)
    after = turns.edited(
        before, replace(before, people=entries), EDIT, ZoneInfo(LONDON), {}, since_given=False
    )
    edited = replace(WEEKLY, rules=(after,))
    assert on_duty.on_duty(edited, EDIT).people == (A,)
    mondays = [london(f"2026-{day} 08:00") for day in ("03-30", "04-06", "04-13")]
    found = [on_duty.on_duty(edited, at).people[0] for at in (mondays[0] - timedelta(minutes=1), *mondays)]
    assert found == then
    changed = on_duty.differences(WEEKLY, edited, EDIT, EDIT + timedelta(weeks=4))
    assert all(each.start >= mondays[0] for each in changed)


def test_an_edit_of_the_turns_keeps_who_is_on_too() -> None:
    (before,) = WEEKLY.rules
    wanted = replace(before, unit=TurnUnit.DAYS, since=date(2026, 3, 26))
    after = turns.edited(before, wanted, EDIT, ZoneInfo(LONDON), {}, since_given=True)
    edited = replace(WEEKLY, rules=(after,))
    assert on_duty.on_duty(edited, EDIT).people == (A,)
    assert on_duty.on_duty(edited, london("2026-03-30 07:59")).people == (A,)
    assert on_duty.on_duty(edited, london("2026-03-30 08:00")).people == (B,)
    assert on_duty.on_duty(edited, london("2026-03-31 08:00")).people == (C,)


def test_an_edit_of_covered_days_goes_on_from_who_is_on() -> None:
    (before,) = DAILY.rules
    now = london("2026-03-06 12:00")  # Friday: B
    wanted = replace(before, people=((C,), (B,), (A,), (HAL,)))
    after = turns.edited(before, wanted, now, ZoneInfo(LONDON), {}, since_given=False)
    edited = replace(DAILY, rules=(after,))
    days = ("03-06", "03-09", "03-10", "03-11", "03-12")
    assert [on_duty.on_duty(edited, london(f"2026-{day} 12:00")).people for day in days] == [
        (B,),
        (A,),
        (HAL,),
        (C,),
        (B,),
    ]


def test_a_roster_without_rules_has_a_shift_without_ends() -> None:
    shift = on_duty.on_duty(roster(fallback=(CLICK,)), EDIT)
    assert (shift.people, shift.start, shift.end) == ((CLICK,), None, None)


def test_who_is_next() -> None:
    shift = on_duty.on_duty(WEEKLY, EDIT)
    after = on_duty.following(WEEKLY, shift)
    assert after is not None and (after.people, after.start) == ((B,), london("2026-03-30 08:00"))


# Any roster beside the model

ZONES = ("Europe/London", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo")
YEARS = {"America/St_Johns": 2006}
minutes_of_day = st.sampled_from([0, 1, 90, 120, 150, 480, 1320, 1380, 1410]) | st.integers(0, 1439)


@st.composite
def rules(draw: st.DrawFn, year: int) -> Rule:
    some_days = st.sets(st.sampled_from(list(DutyDay)), min_size=1).map(frozenset)
    return rule(
        *draw(
            st.lists(
                st.lists(st.integers(1, 4), min_size=1, max_size=2, unique=True).map(tuple),
                min_size=1,
                max_size=3,
            )
        ),
        every=draw(st.integers(1, 3)),
        unit=draw(st.sampled_from(list(TurnUnit))),
        weekday=draw(st.integers(0, 6)),
        hand_over=draw(minutes_of_day),
        since=date(year, 1, 1) + timedelta(days=draw(st.integers(0, 364))),
        days=draw(st.just(EVERY_DAY) | some_days),
        start=draw(minutes_of_day),
        end=draw(minutes_of_day),
    )


@st.composite
def rosters(draw: st.DrawFn) -> tuple[Roster, datetime]:
    zone = draw(st.sampled_from(ZONES))
    year = YEARS.get(zone, 2026)
    change = draw(st.sampled_from(changes(zone, year)))[0]
    start = change - timedelta(minutes=draw(st.integers(0, 30 * 60)))
    covers = []
    for number in range(draw(st.integers(0, 2))):
        begin = start + timedelta(minutes=draw(st.integers(-600, 1200)))
        people = tuple(draw(st.lists(st.integers(1, 5), max_size=2, unique=True)))
        end = begin + timedelta(minutes=draw(st.integers(1, 900)))
        covers.append(Cover(number, begin, end, people, draw(st.none() | st.integers(1, 5))))
    near = [change.date() + timedelta(days=each) for each in (-1, 0, 1)]
    made = roster(
        *draw(st.lists(rules(year), max_size=3)),
        zone=zone,
        fallback=draw(st.sampled_from([(), (5,)])),
        covers=tuple(covers),
        holidays=dict.fromkeys(draw(st.sets(st.sampled_from(near))), "Holiday"),
        unreachable=dict.fromkeys(draw(st.sets(st.integers(1, 5), max_size=2)), "is disabled"),
    )
    return made, start


@steady
@given(rosters())
def test_any_roster_agrees_with_the_model(case: tuple[Roster, datetime]) -> None:
    made, start = case
    end = start + timedelta(hours=36)
    lines = on_duty.shifts(made, start, end)
    place = 0
    for at, people in duty_model.minutes(made, start, end):
        while lines[place].end is not None and lines[place].end <= at:  # type: ignore[operator]
            place += 1
        assert lines[place].people == people, (at, lines[place])
    assert on_duty.on_duty(made, start) == lines[0]


@steady
@given(rosters())
def test_shifts_gaps_and_hand_overs_say_the_same(case: tuple[Roster, datetime]) -> None:
    made, start = case
    end = start + timedelta(days=3)
    lines = on_duty.shifts(made, start, end)
    assert all(one.end == other.start for one, other in pairwise(lines))
    for line in lines[1:]:
        assert line.start is not None and on_duty.on_duty(made, line.start) == line
    gaps = on_duty.gaps(made, start, timedelta(days=3))
    for line in lines:
        inside = max(line.start or start, start)
        if inside < end:
            assert bool(line.people) is not any(gap.start <= inside < gap.end for gap in gaps)  # type: ignore[operator]
    planned = replace(made, unreachable={})
    before = [
        line for line in on_duty.shifts(planned, start, end) if line.start and start < line.start <= end
    ]
    for handed in on_duty.HandOvers(made).between(start, end):
        assert handed in [line.start for line in before]
        assert on_duty.HandOvers(made).next_after(handed - timedelta(microseconds=1)) == handed
    assert on_duty.differences(made, made, start, end) == []


@steady
@given(rosters(), st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_an_edit_puts_nobody_else_on_before_the_hand_over(
    case: tuple[Roster, datetime], people: list[int], data: st.DataObject
) -> None:
    made, now = case
    if not made.rules:
        return
    before = made.rules[0]
    zone, days = ZoneInfo(made.zone), on_duty.special_days(made)
    wanted = replace(before, people=tuple((each,) for each in people))
    if data.draw(st.booleans()):
        wanted = replace(
            wanted, every=data.draw(st.integers(1, 3)), unit=data.draw(st.sampled_from(list(TurnUnit)))
        )
    after = turns.edited(before, wanted, now, zone, days, since_given=data.draw(st.booleans()))
    until = turns.next_turn(before, now, zone, days)
    if until is None:
        return
    for part in range(5):
        at = now + (until - now) * part / 5
        assert turns.entry_at(after, at, zone, days)[0] == turns.entry_at(before, now, zone, days)[0]
    again = turns.edited(after, after, now, zone, days, since_given=False)
    assert again == after
