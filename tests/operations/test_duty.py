"""What a roster shows and what is sent agree, at any moment; what hangs on a roster."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling import actions, on_duty
from storage import rosters as stored
from storage.records import Action, duty_recipient
from storage.roster_records import Roster
from tests.people import NOON, add_handler
from tests.scheduling.properties import steady
from tests.scheduling.test_on_duty import rosters as any_roster
from tui.operations import duty, fields, groups, rosters, users
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.roster_form import RuleForm

FIFTH = 5  # the fallback of the rosters made up


@pytest.fixture
def site(desk: Desk) -> Desk:
    """Five people, each with a number, and a handler."""
    fields.add(desk, "Mobile", "Telephone Number")
    for number in range(1, FIFTH + 1):
        assert users.add(desk, f"P{number}", values={"Mobile": f"+44790012340{number}"}).user.id == number
    add_handler(desk.database)
    return desk


def keep(desk: Desk, made: Roster) -> int:
    """Make the only roster of the site this one, and let those be disabled who cannot be reached."""
    fallback = made.fallback[0] if made.fallback else None
    with desk.database.write() as tx:
        for roster in stored.listing(tx):
            stored.remove(tx, roster.id, NOON)
        values = {"name": "Night", "zone": made.zone, "fallback_user_id": fallback}
        roster_id = stored.add(tx, values, NOON)
        stored.set_rules(tx, roster_id, [replace(rule, id=0) for rule in made.rules])
        for cover in made.covers:
            stored.add_cover(tx, roster_id, cover, NOON)
        for day in stored.holiday_listing(tx):
            stored.remove_holiday(tx, day)
        stored.set_holidays(tx, made.holidays)
    everyone = range(1, FIFTH + 1)
    users.set_enabled(desk, [each for each in everyone if each in made.unreachable], False)
    users.set_enabled(desk, [each for each in everyone if each not in made.unreachable], True)
    return roster_id


@settings(steady, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_roster(), st.lists(st.integers(0, 3000), min_size=1, max_size=5))
def test_what_is_shown_and_what_is_sent_agree(
    site: Desk, case: tuple[Roster, datetime], minutes: list[int]
) -> None:
    made, start = case
    roster_id = keep(site, made)
    seen = duty.read(site, roster_id)
    lines = on_duty.shifts(seen, start, start + timedelta(minutes=3001))
    gaps = on_duty.gaps(seen, start, timedelta(minutes=3001))
    action = Action(1, 1, "Clickatell", "Hello", (duty_recipient(roster_id, "Night"),))
    for at in (start + timedelta(minutes=each) for each in minutes):
        with site.database.read() as connection:
            (planned,) = actions.plan(connection, [action], at, values={}, useful_life=None)
        reached = tuple(person.user_id for person in planned.reached)
        (line,) = [
            each for each in lines if (not each.start or each.start <= at) and (not each.end or at < each.end)
        ]
        assert reached == line.people == on_duty.on_duty(seen, at).people
        assert planned.by_duty == frozenset(reached)
        missing = {person.user_id for person in planned.left_out}
        assert missing == {each.user_id for each in line.unreachable}
        assert (not reached) is any(gap.start <= at < gap.end for gap in gaps if gap.start and gap.end)


def test_a_group_that_a_roster_falls_back_on_is_named_before_it_goes(site: Desk) -> None:
    ops = groups.add(site, "Ops")
    groups.join(site, ops.id, [1, 2])
    made = rosters.add(site, "Night", zone="UTC", fallback="group:Ops")
    with pytest.raises(Refused, match="Ops is the fallback of the roster Night"):
        groups.remove(site, ops.id)
    view = site.read(duty.views, site.now())[0]
    assert view.shift.people == (1, 2) and view.gaps == ()
    groups.remove(site, ops.id, confirmed=True)
    assert site.read(duty.views, site.now())[0].shift.people == ()
    assert rosters.get(site, made.id).fallback == ()


def test_a_rule_changed_by_someone_else_meanwhile_is_not_overwritten(site: Desk) -> None:
    made = rosters.add(site, "Night", zone="UTC")
    rosters.add_rule(site, made.id, RuleForm(people=["P1"]), revision=made.revision)
    with pytest.raises(Refused, match="changed by someone else"):
        rosters.add_rule(site, made.id, RuleForm(people=["P2"]), revision=made.revision)
