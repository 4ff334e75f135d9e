"""Alerts and their actions: what is kept, what is refused, and what is broken before it is needed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import groups as stored_groups
from storage import users as stored_users
from storage.alerts import AlertField
from storage.database import Database
from storage.records import Recipient
from storage.vocabulary import Role, Stage
from tests.operations.arrange import ANN, JOE, make_handler, make_people, to
from tui.operations import alert_actions, alerts, handlers
from tui.operations.alert_form import AlertForm, StageAction, stage_named
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused

SYSTEM = ("Handler in error", "Balance low", "Message failed", "Unanswered")


def action(
    handler: int, text: str = "{Alert} in {Zone}", stage: str = "Created", **more: object
) -> StageAction:
    return StageAction(
        handler_id=handler,
        text=text,
        stage=stage,
        **{"recipients": tuple(to(JOE)), **more},  # type: ignore[arg-type]
    )


def fire(desk: Desk, *actions: StageAction, **fields: object) -> alerts.Saved:
    form = AlertForm(name="Fire", fields=(AlertField("Zone"),), actions=actions, **fields)  # type: ignore[arg-type]
    return alerts.add(desk, form)


def mine(desk: Desk) -> list[alerts.AlertView]:
    return [view for view in alerts.listing(desk) if view.alert.name not in SYSTEM]


def refusal(desk: Desk, form: AlertForm) -> Refused:
    with pytest.raises(Refused) as caught:
        alerts.add(desk, form)
    assert mine(desk) == []
    return caught.value


def test_an_alert_is_kept_as_it_was_given(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    handler = make_handler(desk)
    made = fire(
        desk, action(handler), priority=1, description="Smoke", useful_life=timedelta(minutes=10)
    ).alert
    assert (made.priority, made.description, made.useful_life) == (1, "Smoke", timedelta(minutes=10))
    assert made.fields == (AlertField("Zone"),) and made.enabled
    assert [(a.stage, a.text, a.handler) for a in made.actions] == [
        ("Created", "{Alert} in {Zone}", "Clickatell")
    ]
    assert texts()[-1] == "Fire added: priority 1"


def test_the_form_of_an_alert_saves_it_unchanged(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    made = fire(desk, action(make_handler(desk)), action(1, stage="Restored")).alert
    again = alerts.edit(desk, made.id, made.revision, alerts.form_of(made)).alert
    assert replace(again, revision=made.revision) == made
    assert texts()[-1] == "Fire saved without a change"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": "  "}, "Name", "empty"),
        ({"name": "balance LOW"}, "Name", "already"),
        ({"priority": 0}, "Priority", "1 to 9"),
        ({"priority": "high"}, "Priority", "whole number"),
        ({"useful_life": timedelta(0)}, "Useful life (mins)", "1 to"),
        ({"description": "x" * 10_001}, "Description", "10,000"),
        ({"fields": (AlertField("Zone"), AlertField("zone"))}, "Fields", "twice"),
        ({"fields": (AlertField("raised at"),)}, "Fields", "already"),
        ({"fields": (AlertField("First Name"),)}, "Fields", "already"),
        ({"fields": (AlertField("a}b"),)}, "Fields", "holds }"),
        ({"fields": (AlertField(""),)}, "Name", "empty"),
    ],
)
def test_what_cannot_be_saved_names_its_field(
    desk: Desk, change: dict[str, object], field: str, words: str
) -> None:
    refused = refusal(desk, replace(AlertForm(name="Fire"), **change))  # type: ignore[arg-type]
    assert refused.field == field and words in refused.message


@pytest.mark.parametrize(
    ("text", "words"), [("{Zon}", "did you mean {Zone}"), ("", "empty"), ("{Zone", "has no }")]
)
def test_messages_are_checked_when_saved(desk: Desk, text: str, words: str) -> None:
    form = AlertForm(name="Fire", fields=(AlertField("Zone"),), actions=(action(make_handler(desk), text),))
    refused = refusal(desk, form)
    assert refused.field == "Message" and words in refused.message


def test_declared_builtin_and_user_fields_may_be_used(desk: Desk, database: Database) -> None:
    make_people(database, {"Joe": JOE})
    text = "{zone} {Alert} {Priority} {Key} {Raised At} {Claimed By} {Count} {Name} {First Name} {Mobile}"
    assert fire(desk, action(make_handler(desk), text)).alert.actions[0].text == text


def test_a_field_like_a_custom_field_is_warned_of(desk: Desk, database: Database) -> None:
    make_people(database, {"Joe": JOE})
    saved = alerts.add(desk, AlertForm(name="Fire", fields=(AlertField("mobile"),)))
    assert "Mobile is a custom field too" in saved.warnings[0]


def test_another_edit_meanwhile_is_refused(desk: Desk) -> None:
    made = fire(desk).alert
    alerts.edit(desk, made.id, made.revision, replace(alerts.form_of(made), priority=2))
    with pytest.raises(Refused, match="changed by someone else"):
        alerts.edit(desk, made.id, made.revision, replace(alerts.form_of(made), priority=9))
    assert alerts.view(desk, made.id).alert.priority == 2


def test_an_edit_says_what_changed(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    made = fire(desk, action(make_handler(desk))).alert
    form = replace(
        alerts.form_of(made), name="Blaze", priority=1, fields=(AlertField("Zone", "?"),), actions=()
    )
    alerts.edit(desk, made.id, made.revision, form)
    assert texts()[-1] == (
        "Fire changed: Name Fire → Blaze, Priority 3 → 1, Fields now Zone, Created tab, now 0 actions"
    )


def test_a_field_that_a_message_uses_cannot_be_taken_away(desk: Desk) -> None:
    made = fire(desk, action(make_handler(desk))).alert
    with pytest.raises(Refused, match=r"uses \{Zone\}: change the message first"):
        alerts.edit(desk, made.id, made.revision, replace(alerts.form_of(made), fields=()))


def test_one_broken_action_does_not_stand_in_the_way_of_another(desk: Desk) -> None:
    old, new = make_handler(desk, "Old"), make_handler(desk, "New")
    made = fire(desk, action(old)).alert
    handlers.remove(desk, old, although_used=True)
    saved = alert_actions.add(desk, made.id, action(new, stage="Restored"))
    assert [a.handler_id for a in saved.alert.actions] == [old, new]
    with pytest.raises(Refused, match="Sender was removed"):
        alert_actions.copy(desk, made.actions[0].id, [Stage.CLAIMED])


def test_actions_keep_their_ids_and_follow_the_stages(desk: Desk) -> None:
    handler = make_handler(desk)
    made = fire(
        desk, action(handler, stage="Restored"), action(handler, "two"), action(handler, "three")
    ).alert
    assert [(a.stage, a.position) for a in made.actions] == [
        ("Created", 0), ("Created", 1), ("Restored", 0)
    ]  # fmt: skip
    two, three, over = (a.id for a in made.actions)
    alert_actions.move(desk, three, 1)
    saved = alert_actions.edit(desk, two, lambda item: replace(item, text="changed", enabled=False)).alert
    assert [(a.id, a.text, a.enabled) for a in saved.actions] == [
        (three, "three", True), (two, "changed", False), (over, "{Alert} in {Zone}", True)
    ]  # fmt: skip
    with pytest.raises(Refused, match="Place must be 1 to 2"):
        alert_actions.move(desk, two, 3)


def test_copy_to_other_tabs_and_remove(desk: Desk) -> None:
    made = fire(desk, action(make_handler(desk))).alert
    (first,) = (a.id for a in made.actions)
    saved = alert_actions.copy(desk, first, [Stage.ESCALATED, Stage.CLAIMED, Stage.CLAIMED]).alert
    assert [a.stage for a in saved.actions] == ["Created", "Claimed", "Escalated"]
    assert len({a.text for a in saved.actions}) == 1
    with pytest.raises(Refused, match="where the action is"):
        alert_actions.copy(desk, first, [Stage.CREATED])
    left = alert_actions.remove(desk, first).alert
    assert [a.stage for a in left.actions] == ["Claimed", "Escalated"]
    with pytest.raises(Refused, match=f"id {first}"):
        alert_actions.remove(desk, first)


def test_an_action_edit_on_an_old_revision_is_refused(desk: Desk) -> None:
    made = fire(desk, action(make_handler(desk))).alert
    alerts.set_enabled(desk, made.id, False)
    with pytest.raises(Refused, match="changed by someone else"):
        alert_actions.remove(desk, made.actions[0].id, revision=made.revision)
    assert len(alerts.view(desk, made.id).alert.actions) == 1


def test_stages_are_named_without_regard_to_case() -> None:
    assert stage_named(" esCALated ") is Stage.ESCALATED
    with pytest.raises(Refused, match="did you mean Claimed"):
        stage_named("claim")
    with pytest.raises(Refused, match="choose one of Created"):
        stage_named("7")


def test_system_alerts_can_be_edited_but_not_removed(desk: Desk) -> None:
    found = next(view.alert for view in alerts.listing(desk) if view.alert.name == "Balance low")
    assert not found.enabled
    with pytest.raises(Refused, match="disable it instead"):
        alerts.remove(desk, found.id)
    with pytest.raises(Refused, match="set by the program"):
        alerts.edit(desk, found.id, found.revision, replace(alerts.form_of(found), fields=()))
    renamed = replace(alerts.form_of(found), name="Top up", priority=1)
    assert alerts.edit(desk, found.id, found.revision, renamed).alert.system == "balance low"


def test_enabling_says_what_is_wrong(desk: Desk) -> None:
    made = fire(desk, enabled=False).alert
    saved = alerts.set_enabled(desk, made.id, True)
    assert saved.alert.enabled and saved.warnings == (
        "nothing is sent when it is raised: its Created tab has no action",
    )


def test_a_removed_alert_frees_its_name_and_hangs_on_nothing(desk: Desk) -> None:
    handler = make_handler(desk)
    made = fire(desk, action(handler)).alert
    alerts.remove(desk, made.id)
    assert mine(desk) == []
    with desk.database.read() as connection:
        assert handlers.uses(connection, handler) == ()
    fire(desk)


def test_roles(desk: Desk, viewer: Desk) -> None:
    made = fire(desk).alert
    operator = replace(viewer, role=Role.OPERATOR)
    with pytest.raises(NotAllowed):
        alerts.set_enabled(viewer, made.id, False)
    with pytest.raises(NotAllowed):
        alerts.remove(operator, made.id)
    with pytest.raises(NotAllowed):
        alerts.set_enabled(operator, made.id, False)
    assert not alerts.set_enabled(desk, made.id, False).alert.enabled


def problems(desk: Desk) -> tuple[str, ...]:
    (view,) = mine(desk)
    return view.problems


def test_a_sound_alert_has_no_problems(desk: Desk, database: Database) -> None:
    ids = make_people(database, {"Joe": JOE, "Ann": ANN}, {"Crew": ["Joe", "Ann"]})
    people = (Recipient(group_id=ids["Crew"], name="Crew"), Recipient(user_id=ids["Joe"], name="Joe"))
    fire(desk, action(make_handler(desk), recipients=people))
    (view,) = mine(desk)
    assert view.problems == () and not view.broken


def test_broken_by_its_handler(desk: Desk) -> None:
    handler = make_handler(desk)
    fire(desk, action(handler))
    handlers.set_enabled(desk, handler, False)
    assert problems(desk) == ("Created: its handler Clickatell is disabled: messages would wait",)
    handlers.remove(desk, handler, although_used=True)
    assert problems(desk) == ("Created: its handler Clickatell was removed: choose another",)
    assert mine(desk)[0].broken


def test_broken_by_its_recipients(desk: Desk, database: Database, clock) -> None:  # type: ignore[no-untyped-def]
    ids = make_people(database, {"Joe": JOE, "Bob": None}, {"Empty": [], "Mute": ["Bob"], "Gone": ["Joe"]})
    people = tuple(Recipient(group_id=ids[name], name=name) for name in ("Empty", "Mute", "Gone"))
    fire(desk, action(make_handler(desk), recipients=(*people, Recipient(user_id=ids["Joe"], name="Joe"))))
    with database.write() as tx:
        stored_groups.remove(tx, ids["Gone"], clock())
        stored_users.remove(tx, [ids["Joe"]], clock())
    assert problems(desk) == (
        "Created: Joe was removed",
        "Created: its group Empty is empty",
        "Created: nobody in its group Mute can be reached: look at their numbers",
        "Created: its group Gone was removed",
        "Created: it reaches nobody",
    )


def test_broken_by_a_field_that_was_removed(desk: Desk, database: Database) -> None:
    from tui.operations import fields

    made = fields.add(desk, "Site", "Text")
    fire(desk, action(make_handler(desk), "{Site}"))
    assert problems(desk) == ()
    fields.remove(desk, made.id, confirmed=True)
    (problem,) = problems(desk)
    assert problem.startswith("Created: Unknown field {Site}")


def test_disabled_actions_and_disabled_alerts_are_not_needed(desk: Desk) -> None:
    handler = make_handler(desk)
    made = fire(desk, action(handler), action(handler, stage="Claimed", enabled=False)).alert
    handlers.remove(desk, handler, although_used=True)
    assert len(problems(desk)) == 1
    alerts.set_enabled(desk, made.id, False)
    assert problems(desk) and not mine(desk)[0].broken


def test_names_and_ids(desk: Desk) -> None:
    made = fire(desk).alert
    with desk.database.read() as connection:
        assert alerts.named(connection, "FIRE").id == alerts.named(connection, f"id:{made.id}").id == made.id
        with pytest.raises(Refused, match='did you mean "Fire"'):
            alerts.named(connection, "Fier")
