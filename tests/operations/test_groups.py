"""Groups: members come and go; what sends to a group is named before it goes."""

from collections.abc import Callable

import pytest

from storage import actions as stored_actions
from storage import alerts
from storage.records import Action, Recipient
from tests.people import NOON, add_handler, add_task
from tui.operations import groups, users
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused


@pytest.fixture
def people(desk: Desk) -> list[int]:
    return [users.add(desk, f"P{n}").user.id for n in range(8)]


def test_members_come_and_go(desk: Desk, people: list[int], texts: Callable[[], list[str]]) -> None:
    ops = groups.add(desk, " Ops ", notes="on call")
    assert (ops.name, ops.notes, ops.members) == ("Ops", "on call", 0)
    assert groups.join(desk, ops.id, people[:1]) == 1
    assert groups.join(desk, ops.id, [*people, people[0]]) == 7
    assert groups.join(desk, ops.id, people) == 0
    assert groups.get(desk, ops.id).people == tuple((user_id, f"P{user_id - 1}") for user_id in people)
    assert groups.leave(desk, ops.id, people[:2]) == 2
    assert groups.leave(desk, ops.id, people[:2]) == 0
    assert groups.get(desk, ops.id).group.members == 6
    assert texts()[-4:] == [
        "group Ops added",
        "P0 joined group Ops",
        "P1, P2, P3, P4, P5 and 2 more joined group Ops",
        "P0 and P1 left group Ops",
    ]


def test_nobody_joins_when_one_is_not_there(desk: Desk, people: list[int]) -> None:
    ops = groups.add(desk, "Ops")
    with pytest.raises(Refused, match="no user has the id 99"):
        groups.join(desk, ops.id, [people[0], 99])
    assert groups.get(desk, ops.id).people == ()
    with pytest.raises(Refused, match="no group has the id 9"):
        groups.join(desk, 9, people)


def test_names_are_unique_without_regard_to_case(desk: Desk) -> None:
    ops, night = groups.add(desk, "Ops"), groups.add(desk, "Night")
    for attempt in (lambda: groups.add(desk, "OPS"), lambda: groups.edit(desk, night.id, name="ops")):
        with pytest.raises(Refused, match="Ops is taken"):
            attempt()
    with pytest.raises(Refused, match="holds ;"):
        groups.add(desk, "a;b")
    assert groups.edit(desk, ops.id, name="OPS", seen_revision=1).name == "OPS"
    with pytest.raises(Refused, match="changed by someone else"):
        groups.edit(desk, ops.id, notes="x", seen_revision=1)
    groups.remove(desk, ops.id)
    assert groups.add(desk, "ops").id == 3


def test_removal_names_the_tasks(desk: Desk, people: list[int], texts: Callable[[], list[str]]) -> None:
    ops = groups.add(desk, "Ops")
    groups.join(desk, ops.id, people)
    add_task(desk.database, "Report", [Recipient(group_id=ops.id)])
    with pytest.raises(Refused, match="Ops is a recipient of task Report"):
        groups.remove(desk, ops.id)
    assert groups.hanging(desk, ops.id) == ("Ops is a recipient of task Report",)
    handler = add_handler(desk.database)
    with desk.database.write() as tx:
        row = {"name": "Fire", "priority": 1, "description": "", "enabled": True}
        fire = alerts.add(tx, row, NOON)
        recipients = (Recipient(group_id=ops.id),)
        stored_actions.set_of_alert(tx, fire, [Action(0, handler, "", "out", recipients, stage="Created")])
    assert groups.hanging(desk, ops.id) == ("Ops is a recipient of alert Fire and task Report",)
    groups.remove(desk, ops.id, confirmed=True)
    assert groups.listing(desk) == [] and users.get(desk, people[0]).groups == ()
    assert users.count(desk) == 8
    assert texts()[-1] == "group Ops removed: Ops is a recipient of alert Fire and task Report"


def test_a_viewer_may_look_only(desk: Desk, viewer: Desk, people: list[int]) -> None:
    ops = groups.add(desk, "Ops")
    for attempt in (
        lambda: groups.add(viewer, "X"),
        lambda: groups.edit(viewer, ops.id, name="X"),
        lambda: groups.join(viewer, ops.id, people),
        lambda: groups.leave(viewer, ops.id, people),
        lambda: groups.remove(viewer, ops.id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert groups.listing(viewer) == [ops]
