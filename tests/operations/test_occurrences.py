"""Occurrences: raising, keys, the stages, notes, and what each step sends."""

from collections.abc import Callable
from itertools import product

import pytest

from scheduling.stages import FOLLOWS
from storage.alerts import AlertField
from storage.database import Database
from storage.records import Recipient
from storage.vocabulary import Role, Stage
from tests.operations.arrange import ANN, BOB, JOE, make_handler, make_people, to
from tui.operations import alerts, handlers, occurrences
from tui.operations.alert_form import AlertForm, StageAction
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused

NUMBERS = dict(zip(Stage, [f"+44770090013{n}" for n in range(6)], strict=True))


def fire(desk: Desk, name: str = "Fire") -> int:
    """An alert that sends to one number at each stage; a number tells the stage."""
    with desk.database.read() as connection:
        from storage import handlers as stored

        known = stored.listing(connection)
    handler = known[0].id if known else make_handler(desk)
    tabs = tuple(
        StageAction(
            handler_id=handler,
            recipients=tuple(to(number)),
            text="{Stage} {Alert} {Zone} {Count} {Claimed By} {Note}",
            stage=str(stage),
        )
        for stage, number in NUMBERS.items()
    )
    return alerts.add(desk, AlertForm(name=name, fields=(AlertField("Zone", "all"),), actions=tabs)).alert.id


def sent(desk: Desk, occurrence_id: int) -> list[tuple[str, str, str]]:
    detail = occurrences.show(desk, occurrence_id)
    return [(item.stage, item.message.to, item.message.text) for item in detail.messages]


def as_(desk: Desk, operator: str) -> Desk:
    return Desk(desk.database, operator, desk.role, desk.now)


def test_each_stage_sends_its_tab(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    raised = occurrences.raise_alert(desk, fire(desk), key="door-3", given={"zone": "North"})
    number = raised.occurrence.id
    for stage in (Stage.CLAIMED, Stage.ACTIONED, Stage.ESCALATED, Stage.RESTORED, Stage.FINALISED):
        stepped = occurrences.step(desk, number, stage, note=f"note {stage}")
        assert stepped.occurrence.stage == stage and len(stepped.queued.message_ids) == 1
    owners = {Stage.CREATED: "-"}
    assert sent(desk, number) == [
        (stage, NUMBERS[stage], f"{stage} Fire North 1 {owners.get(stage, 'ana')} {note}")
        for stage, note in [(Stage.CREATED, "-"), *((stage, f"note {stage}") for stage in list(Stage)[1:])]
    ]
    events = occurrences.show(desk, number).events
    assert [(event.what, event.operator, event.queued) for event in events] == [
        (stage, "ana", 1) for stage in Stage
    ]
    said = [text for text in texts() if text.startswith("Fire ") and "recipient" in text]
    assert said[0] == "Fire raised (door-3): 1 recipient"
    assert said[-1] == "Fire finalised (door-3): 1 recipient (note Finalised)"


def test_the_same_key_counts_while_it_is_active_and_starts_anew_after(desk: Desk) -> None:
    alert = fire(desk)
    first = occurrences.raise_alert(desk, alert, key="k")
    assert not first.counted and len(first.queued.message_ids) == 1
    for stage in (None, Stage.CLAIMED, Stage.ACTIONED, Stage.ESCALATED):
        if stage is not None:
            occurrences.step(desk, first.occurrence.id, stage)
        again = occurrences.raise_alert(desk, alert, key=" k ")
        assert again.counted and again.occurrence.id == first.occurrence.id
        assert again.queued.message_ids == []
    assert again.occurrence.count == 5
    occurrences.step(desk, first.occurrence.id, Stage.RESTORED)
    second = occurrences.raise_alert(desk, alert, key="k")
    assert not second.counted and second.occurrence.id != first.occurrence.id
    assert len(second.queued.message_ids) == 1
    occurrences.step(desk, second.occurrence.id, Stage.FINALISED)
    assert not occurrences.raise_alert(desk, alert, key="k").counted


def test_without_a_key_every_raise_is_an_occurrence(desk: Desk) -> None:
    alert = fire(desk)
    raised = [occurrences.raise_alert(desk, alert, key=key) for key in (None, None, "", "  ")]
    assert len({item.occurrence.id for item in raised}) == 4
    assert all(len(item.queued.message_ids) == 1 and item.occurrence.key is None for item in raised)


def test_keys_of_different_alerts_and_cases_are_apart(desk: Desk) -> None:
    one, other = fire(desk), fire(desk, "Flood")
    raised = [occurrences.raise_alert(desk, alert, key=key) for alert in (one, other) for key in ("k", "K")]
    assert not any(item.counted for item in raised)


@pytest.mark.parametrize(("start", "wanted"), list(product(Stage, list(Stage)[1:])))
def test_only_the_steps_that_may_follow_are_taken(desk: Desk, start: Stage, wanted: Stage, texts) -> None:  # type: ignore[no-untyped-def]
    number = occurrences.raise_alert(desk, fire(desk)).occurrence.id
    if start is not Stage.CREATED:
        occurrences.step(desk, number, start)
    before, said = occurrences.show(desk, number), texts()
    if wanted in FOLLOWS[start]:
        assert occurrences.step(as_(desk, "bea"), number, wanted).occurrence.stage == wanted
        return
    with pytest.raises(Refused, match=f"occurrence {number} of Fire cannot be"):
        occurrences.step(as_(desk, "bea"), number, wanted)
    assert occurrences.show(desk, number) == before and texts() == said


def test_claiming_makes_the_owner_and_hands_over(desk: Desk) -> None:
    number = occurrences.raise_alert(desk, fire(desk)).occurrence.id
    assert occurrences.step(desk, number, Stage.CLAIMED).occurrence.owner == "ana"
    with pytest.raises(Refused, match="already claimed by ana"):
        occurrences.step(desk, number, Stage.CLAIMED)
    assert occurrences.step(as_(desk, "bea"), number, Stage.CLAIMED).occurrence.owner == "bea"
    assert occurrences.step(desk, number, Stage.ESCALATED).occurrence.owner == "bea"


def test_a_disabled_or_removed_alert_is_not_raised(desk: Desk) -> None:
    alert = fire(desk)
    number = occurrences.raise_alert(desk, alert).occurrence.id
    alerts.set_enabled(desk, alert, False)
    with pytest.raises(Refused, match="Fire is disabled"):
        occurrences.raise_alert(desk, alert)
    told = occurrences.step(desk, number, Stage.RESTORED)
    assert len(told.queued.message_ids) == 1, "who was told of the beginning is told of the end"
    alerts.remove(desk, alert)
    with pytest.raises(Refused, match="removed"):
        occurrences.raise_alert(desk, alert)
    assert len(occurrences.listing(desk)) == 1


def test_removing_an_alert_with_active_occurrences_is_asked_about(desk: Desk) -> None:
    alert = fire(desk)
    number = occurrences.raise_alert(desk, alert, key="k").occurrence.id
    with pytest.raises(Refused, match="1 active occurrence"):
        alerts.remove(desk, alert)
    assert alerts.remove(desk, alert, although_active=True) == 1
    detail = occurrences.show(desk, number)
    assert detail.view.occurrence.stage == "Finalised" and len(detail.messages) == 1


def test_missing_values_show_a_dash_and_are_said(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    action = StageAction(
        handler_id=make_handler(desk), recipients=tuple(to(JOE)), text="{Zone}/{Level}", stage="Created"
    )
    form = AlertForm(name="Fire", fields=(AlertField("Zone"), AlertField("Level", "high")), actions=(action,))
    raised = occurrences.raise_alert(desk, alerts.add(desk, form).alert.id, given={"Zone": ""})
    assert sent(desk, raised.occurrence.id) == [("Created", JOE, "-/high")]
    assert raised.queued.problems == ["no value for {Zone}"]
    assert "Fire: no value for {Zone}" in texts()


def test_undeclared_values_are_kept_and_stand_in_no_message(desk: Desk, database: Database, texts) -> None:  # type: ignore[no-untyped-def]
    ids = make_people(database, {"Joe Hart": JOE})
    action = StageAction(
        handler_id=make_handler(desk),
        recipients=(Recipient(user_id=ids["Joe Hart"], name="Joe Hart"),),
        text="{Name}: {Alert}",
        stage="Created",
    )
    alert = alerts.add(desk, AlertForm(name="Fire", actions=(action,))).alert.id
    raised = occurrences.raise_alert(desk, alert, given={"name": "Eve", "Alert": "spoofed"})
    assert sent(desk, raised.occurrence.id) == [("Created", JOE, "Joe Hart: Fire")]
    assert raised.occurrence.given == {"name": "Eve", "Alert": "spoofed"}
    assert "Fire: not declared, kept all the same: Alert, name" in texts()


def test_values_are_put_in_once_and_bad_bytes_do_not_stop_an_alarm(desk: Desk) -> None:
    raised = occurrences.raise_alert(desk, fire(desk), key="a\udcff", given={"Zone": "{Count}\udce9"})
    assert sent(desk, raised.occurrence.id)[0][2] == "Created Fire {Count}? 1 - -"
    assert str(raised.occurrence.key).startswith("a?~")
    assert occurrences.raise_alert(desk, raised.occurrence.alert_id, key="a\udcff").counted


def test_too_long_is_cut_and_said(desk: Desk) -> None:
    raised = occurrences.raise_alert(desk, fire(desk), given={"Zone": "x" * 2000})
    ((_, _, text),) = sent(desk, raised.occurrence.id)
    assert text.endswith("...") and len(text) == 3 * 153
    assert "cut to 3 parts" in raised.queued.problems[-1]


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({"key": "k" * 201}, "the key has 201 characters"),
        ({"given": {" ": "x"}}, "a value's name was changed to (no name)"),
        ({"given": {"a": "x" * 10_001}}, "the value of a has 10,001 characters: cut to 10,000"),
    ],
)
def test_what_is_given_with_an_alarm_is_cut_and_keeps_it_back_by_nothing(
    desk: Desk, values: dict[str, object], warning: str, texts: Callable[[], list[str]]
) -> None:
    raised = occurrences.raise_alert(desk, fire(desk), **values)  # type: ignore[arg-type]
    assert len(sent(desk, raised.occurrence.id)) == 1
    assert any(warning in problem for problem in raised.queued.problems)
    assert any(warning in text for text in texts())


def test_nobody_is_reached_and_it_is_raised_all_the_same(desk: Desk, database: Database) -> None:
    ids = make_people(database, {"Bob": None}, {"Crew": ["Bob"]})
    handler = make_handler(desk)
    action = StageAction(
        handler_id=handler,
        recipients=(Recipient(group_id=ids["Crew"], name="Crew"),),
        text="x",
        stage="Created",
    )
    alert = alerts.add(desk, AlertForm(name="Fire", actions=(action,))).alert.id
    raised = occurrences.raise_alert(desk, alert)
    assert raised.occurrence.active and raised.queued.message_ids == []
    assert [str(person) for person in raised.queued.left_out] == ["Bob has no telephone number"]
    assert raised.queued.problems == ["it reaches nobody"]
    handlers.remove(desk, handler, although_used=True)
    assert occurrences.raise_alert(desk, alert).queued.problems == ["its handler Clickatell was removed"]
    empty = alerts.add(desk, AlertForm(name="Empty")).alert.id
    said = occurrences.raise_alert(desk, empty).queued.problems
    assert said == ["its Created tab has no action: nothing is sent"]


def test_notes(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    number = occurrences.raise_alert(desk, fire(desk)).occurrence.id
    occurrences.step(desk, number, Stage.FINALISED)
    occurrences.add_note(as_(desk, "bea"), number, " Door mended \n")
    event = occurrences.show(desk, number).events[-1]
    assert (event.what, event.operator, event.note, event.queued) == ("Note", "bea", "Door mended", 0)
    assert texts()[-1] == f"Fire {number}, note: Door mended"
    for bad in ("  ", "x" * 2001):
        with pytest.raises(Refused, match="Note"):
            occurrences.add_note(desk, number, bad)
    with pytest.raises(Refused, match="no occurrence has the id 99"):
        occurrences.add_note(desk, 99, "x")


def test_listing_is_newest_last_and_can_be_narrowed(desk: Desk) -> None:
    one, other = fire(desk), fire(desk, "Flood")
    ids = [occurrences.raise_alert(desk, alert).occurrence.id for alert in (one, other, one)]
    occurrences.step(desk, ids[0], Stage.RESTORED)

    def listed(**wanted: object) -> list[int]:
        return [view.occurrence.id for view in occurrences.listing(desk, **wanted)]  # type: ignore[arg-type]

    assert listed() == ids
    assert listed(active_only=True) == ids[1:]
    assert listed(alert_id=one) == [ids[0], ids[2]]
    assert listed(limit=2) == ids[1:]
    assert listed(limit=2, before_id=ids[2]) == ids[:2]
    assert [view.queued for view in occurrences.listing(desk)] == [2, 1, 1]
    assert [view.active for view in alerts.listing(desk) if view.alert.id in (one, other)] == [1, 1]


def test_by_key(desk: Desk) -> None:
    one, other = fire(desk), fire(desk, "Flood")
    first = occurrences.raise_alert(desk, one, key="k").occurrence
    assert occurrences.active_with_key(desk, "k").id == first.id
    second = occurrences.raise_alert(desk, other, key="k").occurrence
    with pytest.raises(Refused, match="active for Fire and Flood: say which with --alert"):
        occurrences.active_with_key(desk, "k")
    assert occurrences.active_with_key(desk, "k", other).id == second.id
    occurrences.step(desk, first.id, Stage.RESTORED)
    assert occurrences.active_with_key(desk, "k").id == second.id
    with pytest.raises(Refused, match="no active occurrence"):
        occurrences.active_with_key(desk, "k", one)


def test_alerts_go_ahead_by_priority(desk: Desk, database: Database) -> None:
    make_people(database, {"Ann": ANN, "Bob": BOB})
    alert = fire(desk)
    found = alerts.view(desk, alert).alert
    from dataclasses import replace

    alerts.edit(desk, alert, found.revision, replace(alerts.form_of(found), priority=1))
    number = occurrences.raise_alert(desk, alert).occurrence.id
    (item,) = occurrences.show(desk, number).messages
    assert (item.message.lane, item.message.rank, item.message.origin) == (0, 1, "alert")


def test_viewers_look_only(desk: Desk, viewer: Desk) -> None:
    alert = fire(desk)
    with pytest.raises(NotAllowed):
        occurrences.raise_alert(viewer, alert)
    number = occurrences.raise_alert(
        Desk(desk.database, "otto", Role.OPERATOR, desk.now), alert
    ).occurrence.id
    for step in (lambda: occurrences.step(viewer, number, Stage.CLAIMED),
                 lambda: occurrences.add_note(viewer, number, "x")):  # fmt: skip
        with pytest.raises(NotAllowed):
            step()
    assert occurrences.show(viewer, number).view.occurrence.raised_by == "otto"
