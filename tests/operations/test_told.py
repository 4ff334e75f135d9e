"""The recipients "told", alerts of which nobody was told, and who was told: docs/alerts.md."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage import hearing
from storage.database import Database
from storage.records import TOLD, Recipient
from storage.tables import attempts, messages, submissions
from storage.vocabulary import OnUnknown, Stage
from tests.operations.arrange import ANN, BOB, JOE, make_handler, make_people, set_message, to
from tests.operations.conftest import StandingClock
from tui.operations import alert_actions, alerts, occurrences, sending, status
from tui.operations import messages as of_messages
from tui.operations import tasks as task_operations
from tui.operations.alert_form import AlertForm, StageAction
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.task_form import TaskForm
from tui.operations.told_words import in_short

MINUTE = timedelta(minutes=1)


def gas(desk: Desk, *created: Recipient, also: tuple[StageAction, ...] = ()) -> int:
    """OPEN goes out on Created to these people, OVER on Restored to those told."""
    handler = make_handler(desk)
    tabs = (
        StageAction(handler_id=handler, recipients=created, text="OPEN {Count}", stage="Created"),
        StageAction(handler_id=handler, recipients=(TOLD,), text="OVER", stage="Restored"),
        *also,
    )
    return alerts.add(desk, AlertForm(name="Gas", actions=tabs)).alert.id


def attempted(
    database: Database,
    clock: StandingClock,
    message_id: int,
    state: str,
    outcome: str | None,
    **values: object,
) -> None:
    """Put a message into the state that an attempt at this moment left it in."""
    with database.write() as tx:
        made = tx.execute(
            sa.insert(attempts)
            .values(message_id=message_id, n=1, epoch=1, instance_id="t", started_at=clock(), outcome=outcome)
            .returning(attempts.c.id)
        ).scalar_one()
    finished = clock() if state in ("accepted", "failed") else None
    set_message(
        database, message_id, state=state, attempt_id=made, attempts=1, first_attempt_at=clock(),
        finished_at=finished, next_attempt_at=None, retry_rate=MINUTE, **values,
    )  # fmt: skip


def left(desk: Desk, occurrence_id: int, stage: str) -> list[tuple[str, str, str]]:
    return [
        (item.message.to, item.message.text, str(item.message.state))
        for item in occurrences.show(desk, occurrence_id).messages
        if item.stage == stage
    ]


def test_restored_to_those_told_reaches_nobody_where_nobody_was(desk: Desk, texts) -> None:  # type: ignore[no-untyped-def]
    """Case 1 of docs/alerts.md: the event says that nobody had been told, and it is no failure."""
    number = occurrences.raise_alert(desk, gas(desk, *to(JOE))).occurrence.id
    stepped = occurrences.step(desk, number, Stage.RESTORED)
    assert stepped.queued.message_ids == [] and stepped.queued.nobody_told and stepped.queued.problems == []
    event = occurrences.show(desk, number).events[-1]
    assert (event.what, event.queued, event.note) == ("Restored", 0, "nobody had been told")
    assert any(text == "Gas restored: nothing sent, nobody had been told" for text in texts())


def test_only_those_who_may_have_heard_hear_of_the_end(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    ids = make_people(database, {"Joe Hart": JOE, "Amy Lee": ANN, "Bob": BOB})
    people = [Recipient(user_id=ids[name], name=name) for name in ("Joe Hart", "Amy Lee", "Bob")]
    number = occurrences.raise_alert(desk, gas(desk, *people)).occurrence.id
    attempted(database, clock, 1, "accepted", "accepted")
    attempted(database, clock, 2, "failed", "rejected", error_code="25", error="invalid number")
    attempted(database, clock, 3, "unknown", "unknown", unknowns=1)
    clock.move(minutes=90)
    occurrences.step(desk, number, Stage.RESTORED)
    assert [(number_, text) for number_, text, _ in left(desk, number, "Restored")] == [
        (JOE, "OVER"),
        (BOB, "OVER"),
    ]


def test_told_stands_beside_users_and_groups_and_an_equal_number_goes_once(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    ids = make_people(database, {"Joe Hart": JOE, "Amy Lee": ANN}, {"Crew": ["Joe Hart"]})
    handler = make_handler(desk, "Night desk")
    also = StageAction(
        handler_id=handler,
        recipients=(TOLD, Recipient(group_id=ids["Crew"], name="Crew"), *to(BOB)),
        text="taken by {Claimed By} for {Name}",
        stage="Claimed",
    )
    alert = gas(desk, *to(JOE), Recipient(user_id=ids["Amy Lee"], name="Amy Lee"), also=(also,))
    number = occurrences.raise_alert(desk, alert).occurrence.id
    for message_id in (1, 2):
        attempted(database, clock, message_id, "accepted", "accepted")
    occurrences.step(desk, number, Stage.CLAIMED)
    assert [(number_, text) for number_, text, _ in left(desk, number, "Claimed")] == [
        (JOE, "taken by ana for Joe Hart"),
        (BOB, "taken by ana for -"),
        (ANN, "taken by ana for Amy Lee"),
    ]


def test_a_person_who_cannot_be_reached_any_more_is_left_out_with_the_reason(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    ids = make_people(database, {"Joe Hart": JOE})
    number = occurrences.raise_alert(desk, gas(desk, Recipient(user_id=ids["Joe Hart"], name="Joe Hart")))
    attempted(database, clock, 1, "accepted", "accepted")
    with database.write() as tx:
        tx.execute(sa.text("UPDATE user SET enabled = 0"))
    stepped = occurrences.step(desk, number.occurrence.id, Stage.RESTORED)
    assert [str(person) for person in stepped.queued.left_out] == ["Joe Hart is disabled"]


@pytest.mark.parametrize("stage", ["Created", None])
def test_told_is_refused_where_nobody_can_have_been_told(desk: Desk, stage: str | None) -> None:
    handler = make_handler(desk)
    with pytest.raises(Refused, match="told means everyone told so far of an alert") as caught:
        if stage:
            action = StageAction(handler_id=handler, recipients=(TOLD,), text="x", stage=stage)
            alerts.add(desk, AlertForm(name="Gas", actions=(action,)))
        else:
            sending.send(desk, sending.Request(handler, [TOLD], "x"))
    assert caught.value.field == "To"


def test_told_is_refused_for_tasks_and_for_copies_to_created(desk: Desk) -> None:
    alert = gas(desk, *to(JOE))
    restored = alerts.view(desk, alert).alert.actions[1]
    with pytest.raises(Refused, match="on Created nobody has heard of it yet"):
        alert_actions.copy(desk, restored.id, [Stage.CREATED])
    alert_actions.copy(desk, restored.id, [Stage.CLAIMED, Stage.ESCALATED])
    action = StageAction(handler_id=restored.handler_id, recipients=(TOLD,), text="x")
    with pytest.raises(Refused, match="only an alert's messages"):
        task_operations.add(desk, TaskForm(name="Daily", cron="0 9 * * *", zone="UTC", actions=(action,)))


def test_a_message_to_one_who_is_being_sent_to_waits_for_that_answer(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    number = occurrences.raise_alert(desk, gas(desk, *to(JOE, ANN))).occurrence.id
    attempted(database, clock, 1, "sending", None)
    attempted(database, clock, 2, "accepted", "accepted")
    occurrences.step(desk, number, Stage.RESTORED)
    to_ann, to_joe = (item.message for item in occurrences.show(desk, number).messages[2:])
    assert (to_ann.to, to_ann.told_by, to_ann.next_attempt_at) == (ANN, None, clock())
    assert (to_joe.to, to_joe.told_by, to_joe.next_attempt_at) == (JOE, 1, None)


def fail_for_good(database: Database, clock: StandingClock, message_id: int) -> None:
    attempted(database, clock, message_id, "failed", "rejected", error_code="25", error="invalid number")


def test_raised_again_sends_where_nobody_is_told(
    desk: Desk,
    database: Database,
    clock: StandingClock,
    texts,  # type: ignore[no-untyped-def]
) -> None:
    """Case 5 of docs/alerts.md."""
    alert = gas(desk, *to(JOE))
    number = occurrences.raise_alert(desk, alert, key="k").occurrence.id
    fail_for_good(database, clock, 1)
    again = occurrences.raise_alert(desk, alert, key="k")
    assert again.counted and again.occurrence.id == number and again.occurrence.count == 2
    assert again.queued.message_ids == [2]
    assert left(desk, number, "Created")[-1] == (JOE, "OPEN 2", "queued")
    event = occurrences.show(desk, number).events[-1]
    assert (event.what, event.queued) == ("Raised again", 1)
    assert event.note == "raised again, nobody had been told: sent again"
    assert "Gas (k): raised again, nobody had been told: sent again: 1 recipient" in texts()
    assert occurrences.show(desk, number).messages[1].message.why == "raised again, nobody had been told"
    # Something waits now, so a storm only counts; and where that has failed too, once a pause.
    assert occurrences.raise_alert(desk, alert, key="k").queued.message_ids == []
    fail_for_good(database, clock, 2)
    assert occurrences.raise_alert(desk, alert, key="k").queued.message_ids == []
    clock.move(minutes=1)
    assert occurrences.raise_alert(desk, alert, key="k").queued.message_ids == [3]
    fail_for_good(database, clock, 3)
    clock.move(minutes=1, seconds=59)
    assert occurrences.raise_alert(desk, alert, key="k").queued.message_ids == []
    clock.move(seconds=1)
    assert occurrences.raise_alert(desk, alert, key="k").queued.message_ids == [4]


@pytest.mark.parametrize(
    ("state", "outcome", "values"),
    [
        ("accepted", "accepted", {}),
        ("sending", None, {}),
        ("queued", "busy", {}),
        ("unknown", "unknown", {"unknowns": 1}),
        ("queued", "unknown", {"unknowns": 1, "may_arrive_twice": True}),
    ],
)
def test_raised_again_only_counts_while_somebody_may_be_told(
    desk: Desk,
    database: Database,
    clock: StandingClock,
    state: str,
    outcome: str | None,
    values: dict[str, object],
) -> None:
    alert = gas(desk, *to(JOE, ANN))
    number = occurrences.raise_alert(desk, alert, key="k").occurrence.id
    fail_for_good(database, clock, 1)
    attempted(database, clock, 2, state, outcome, **values)
    again = occurrences.raise_alert(desk, alert, key="k")
    assert again.counted and again.queued.message_ids == [] and len(left(desk, number, "Created")) == 2


def test_a_claimed_one_only_counts_and_an_escalated_one_sends_its_tab(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    handler = make_handler(desk, "Night desk")
    also = StageAction(handler_id=handler, recipients=tuple(to(BOB)), text="MORE", stage="Escalated")
    alert = gas(desk, *to(JOE), also=(also,))
    number = occurrences.raise_alert(desk, alert, key="k").occurrence.id
    fail_for_good(database, clock, 1)
    occurrences.step(desk, number, Stage.CLAIMED)
    assert occurrences.raise_alert(desk, alert, key="k").queued.message_ids == []
    occurrences.step(desk, number, Stage.ESCALATED)
    fail_for_good(database, clock, 2)
    occurrences.raise_alert(desk, alert, key="k")
    assert left(desk, number, "Escalated") == [(BOB, "MORE", "failed"), (BOB, "MORE", "queued")]


def test_a_storm_writes_as_much_as_it_counts_and_reads_by_index(desk: Desk, database: Database) -> None:
    number = occurrences.raise_alert(desk, gas(desk, *to(JOE)), key="k").occurrence.id
    with database.read() as connection:
        query = sa.text(f"EXPLAIN QUERY PLAN {hearing.ON_THE_WAY}")
        plan = connection.execute(query, {"occurrence": 1}).all()
    assert not [row for row in plan if row[3].startswith("SCAN")], plan
    for _ in range(50):
        occurrences.raise_alert(desk, occurrences.show(desk, number).view.occurrence.alert_id, key="k")
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(submissions)).scalar_one() == 1
        assert connection.execute(sa.select(sa.func.count()).select_from(messages)).scalar_one() == 1


def test_status_says_that_nobody_was_told(desk: Desk, database: Database, clock: StandingClock) -> None:
    alert = gas(desk, *to(JOE))
    number = occurrences.raise_alert(desk, alert, key="k").occurrence.id
    said = "1 active alert of which nobody was told: commsdesk alert occurrences --active"

    def problems() -> list[str]:
        return [text for text in status.status(desk).problems if "nobody was told" in text]

    assert problems() == [], "it is about to go"
    fail_for_good(database, clock, 1)
    assert problems() == [said]
    assert status.as_json(status.status(desk))["nobody_told"] == 1
    set_message(database, 1, state="accepted")
    assert problems() == []
    set_message(database, 1, state="queued")
    clock.move(minutes=1)
    assert problems() == [said], "it has waited a minute"
    set_message(database, 1, state="failed")
    occurrences.step(desk, number, Stage.CLAIMED)
    assert problems() == [], "somebody looks after it"


def test_status_leaves_out_alerts_that_send_nothing_and_names_those_held(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    occurrences.raise_alert(desk, alerts.add(desk, AlertForm(name="Silent")).alert.id)
    assert status.status(desk).unheard.nobody_told == ()
    handler = make_handler(desk, "Hold", on_unknown=OnUnknown.HOLD)
    action = StageAction(handler_id=handler, recipients=tuple(to(JOE)), text="x", stage="Created")
    alert = alerts.add(desk, AlertForm(name="Flood", actions=(action,))).alert.id
    number = occurrences.raise_alert(desk, alert).occurrence.id
    attempted(database, clock, 1, "unknown", "unknown", unknowns=1)
    clock.move(minutes=90)
    found = status.status(desk)
    assert (found.unheard.nobody_told, found.unheard.unsure) == ((), (number,))
    assert any("told only by messages of unknown outcome" in text for text in found.warnings)


def test_the_look_for_them_goes_by_the_index_of_active_ones(database: Database) -> None:
    with database.read() as connection:
        query = sa.text(f"EXPLAIN QUERY PLAN {hearing.UNSURE}")
        plan = [row[3] for row in connection.execute(query, {"limit": 10})]
    assert not [line for line in plan if line.startswith("SCAN") and "occurrence_active" not in line], plan
    assert any("occurrence_active" in line for line in plan)


def test_who_was_told_and_who_was_not(desk: Desk, database: Database, clock: StandingClock) -> None:
    ids = make_people(database, {"Joe Hart": JOE, "Amy Lee": ANN, "Bob": None}, {"Crew": ["Bob"]})
    people = [Recipient(user_id=ids[name], name=name) for name in ("Joe Hart", "Amy Lee")]
    crew = Recipient(group_id=ids["Crew"], name="Crew")
    number = occurrences.raise_alert(desk, gas(desk, *people, crew)).occurrence.id
    fail_for_good(database, clock, 1)
    attempted(database, clock, 2, "accepted", "accepted")
    detail = occurrences.show(desk, number)
    assert in_short(detail.tally) == (
        "Told 1 of 3 · not: Joe Hart (25 invalid number), Bob (has no telephone number)"
    )


def test_someone_left_out_where_nobody_is_reached_is_named(desk: Desk, database: Database) -> None:
    ids = make_people(database, {"Bob": None}, {"Crew": ["Bob"]})
    crew = Recipient(group_id=ids["Crew"], name="Crew")
    number = occurrences.raise_alert(desk, gas(desk, crew)).occurrence.id
    assert in_short(occurrences.show(desk, number).tally) == (
        "Told 0 of 1 · not: Bob (has no telephone number)"
    )


def test_send_again_reaches_those_not_reached_as_they_are_now(
    desk: Desk,
    database: Database,
    clock: StandingClock,
    texts,  # type: ignore[no-untyped-def]
) -> None:
    ids = make_people(database, {"Joe Hart": JOE, "Amy Lee": ANN, "Cy": "+447700900199"})
    people = [Recipient(user_id=ids[name], name=name) for name in ("Joe Hart", "Amy Lee", "Cy")]
    number = occurrences.raise_alert(desk, gas(desk, *people)).occurrence.id
    fail_for_good(database, clock, 1)
    attempted(database, clock, 2, "accepted", "accepted")
    with database.write() as tx:
        tx.execute(
            sa.text("UPDATE user_value SET value = :to WHERE user_id = :id"),
            {"to": BOB, "id": ids["Joe Hart"]},
        )
    stepped = occurrences.send_again(desk, number)
    assert stepped.queued.message_ids == [4] and stepped.queued.problems == []
    assert left(desk, number, "Created")[3:] == [(BOB, "OPEN 1", "queued")]
    assert any(text == "Gas sent again to those not reached: 1 recipient" for text in texts())
    event = occurrences.show(desk, number).events[-1]
    assert (event.what, event.operator, event.queued) == ("Sent again", "ana", 1)
    with pytest.raises(Refused, match="everyone was told, or will be: 2 messages wait"):
        occurrences.send_again(desk, number)
    occurrences.step(desk, number, Stage.RESTORED)
    with pytest.raises(Refused, match="is Restored: nobody needs to be told of its beginning"):
        occurrences.send_again(desk, number)


def test_what_waits_for_an_answer_follows_what_an_operator_decides(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    alert = gas(desk, *to(JOE))
    for decide, expected in (
        (of_messages.cancel, "cancelled"),
        (of_messages.arrived, "queued"),
    ):
        number = occurrences.raise_alert(desk, alert).occurrence.id
        (item,) = occurrences.show(desk, number).messages
        attempted(database, clock, item.message.id, "sending", None)
        occurrences.step(desk, number, Stage.RESTORED)
        state = "queued" if expected == "cancelled" else "unknown"
        set_message(database, item.message.id, state=state, unknowns=int(state == "unknown"))
        decide(desk, item.message.id)
        assert left(desk, number, "Restored") == [(JOE, "OVER", expected)]
