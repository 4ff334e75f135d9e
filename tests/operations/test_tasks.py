"""What an operator may do with scheduled tasks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage import alerts as stored_alerts
from storage import message_history
from storage import tasks as stored
from storage.records import Recipient, Task
from storage.vocabulary import Origin, WhenMissed
from tests.operations.arrange import ANN, JOE, make_handler, make_people, to
from tests.operations.conftest import StandingClock
from tui.operations import alerts, handlers, messages, names, review, status, task_preview, tasks
from tui.operations.action_form import ActionForm
from tui.operations.alert_form import AlertForm
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused
from tui.operations.tasks import TaskForm
from tui.operations.views import task_json, upcoming_json


@pytest.fixture
def form(desk: Desk) -> TaskForm:
    """Nine in the morning in Sydney, to one number. The clock stands at 14:00 UTC on 2 March 2026."""
    action = ActionForm(handler_id=make_handler(desk), recipients=tuple(to(JOE)), text="Shift report")
    return TaskForm(name="Report", zone="Australia/Sydney", cron="0 9 * * *", actions=(action,))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def only(desk: Desk) -> Task:
    (found,) = tasks.listing(desk)
    return found


def test_adding_finds_the_next_due_time(desk: Desk, form: TaskForm, texts) -> None:
    saved = tasks.add(desk, form)
    assert saved.warnings == ()
    assert saved.task.next_due_at == at("2026-03-02T22:00")  # 09:00 on the 3rd in Sydney
    assert saved.task.actions[0].text == "Shift report"
    assert texts()[-1] == (
        "Report added: 0 9 * * *, Australia/Sydney; next Tue 03 Mar 2026 09:00 Australia/Sydney"
    )


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "Name", "empty"),
        ({"cron": ""}, "Cron", "empty"),
        ({"cron": "0 9 * *"}, "Cron", "five"),
        ({"cron": "0 9 30 2 *"}, "Cron", "never fires"),
        ({"zone": "Mars/Phobos"}, "Zone", "no time zone"),
        ({"cron": "0 9 * * *", "once_at": at("2026-04-01")}, "Cron", "either"),
        ({"starts_at": at("2026-04-02"), "ends_at": at("2026-04-01")}, "End", "before Start"),
        ({"cron": "", "once_at": at("2026-03-02T13:59")}, "Once at", "past"),
        ({"cron": "", "once_at": at("2026-05-01"), "ends_at": at("2026-04-01")}, "Once at", "outside"),
        ({"grace": timedelta(minutes=-1)}, "Grace (mins)", "0 to"),
        ({"useful_life": timedelta(0)}, "Useful life (mins)", "1 to"),
        ({"most_catch_up": 0}, "Most to catch up", "1 to"),
        ({"actions": ()}, "Actions", "no action"),
    ],
)
def test_bad_input_names_the_field(desk: Desk, form: TaskForm, change, field: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        tasks.add(desk, replace(form, **change))
    assert caught.value.field == field
    assert words in caught.value.message
    assert tasks.listing(desk) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": " "}, "empty"),
        ({"text": "Hi {Nmae}"}, "did you mean {Name}"),
        ({"recipients": ()}, "Recipients is empty"),
        ({"handler_id": 99}, "Sender was removed"),
    ],
)
def test_a_bad_action_is_found_when_saved(desk: Desk, form: TaskForm, change, words: str) -> None:
    action = replace(form.actions[0], **change)
    with pytest.raises(Refused) as caught:
        tasks.add(desk, replace(form, actions=(action,)))
    assert words in caught.value.message


def test_a_tasks_message_may_name_the_task(desk: Desk, form: TaskForm) -> None:
    action = replace(form.actions[0], text="{Task} for {First Name}")
    tasks.add(desk, replace(form, actions=(action,)))
    tasks.run_now(desk, only(desk).id)
    assert [message.text for message in messages.listing(desk)] == ["Report for -"]


def test_what_looks_doubtful_is_warned_of(desk: Desk, form: TaskForm) -> None:
    people = make_people(desk.database, {"Ann": None})
    handlers.set_enabled(desk, form.actions[0].handler_id, False)
    action = replace(
        form.actions[0], text="x" * 500, recipients=(Recipient(user_id=people["Ann"], name="Ann"),)
    )
    warnings = " / ".join(tasks.add(desk, replace(form, cron="* * * * *", actions=(action,))).warnings)
    assert "more than once in five minutes" in warnings
    assert "is disabled" in warnings and "cut there" in warnings and "reaches nobody" in warnings


def test_once(desk: Desk, form: TaskForm) -> None:
    saved = tasks.add(desk, replace(form, cron="", once_at=at("2026-03-05T01:00")))
    assert (saved.task.cron, saved.task.next_due_at) == ("", at("2026-03-05T01:00"))
    assert task_json(saved.task)["cron"] is None


def test_start_and_end_bound_the_next_due_time(desk: Desk, form: TaskForm) -> None:
    later = tasks.add(desk, replace(form, starts_at=at("2026-03-09T22:00"))).task
    assert later.next_due_at == at("2026-03-09T22:00")  # a start on the very minute counts
    ended = tasks.add(desk, replace(form, name="Ended", ends_at=at("2026-03-02T20:00")))
    assert ended.task.next_due_at is None and "not fire any more" in ended.warnings[0]


def test_names_are_unique(desk: Desk, form: TaskForm) -> None:
    tasks.add(desk, form)
    with pytest.raises(Refused, match="already"):
        tasks.add(desk, replace(form, name="REPORT"))


def test_an_edit_of_something_that_moved_is_refused(desk: Desk, form: TaskForm) -> None:
    made = tasks.add(desk, form).task
    tasks.edit(desk, made.id, made.revision, replace(form, notes="first"))
    with pytest.raises(Refused, match="changed by someone else meanwhile"):
        tasks.edit(desk, made.id, made.revision, replace(form, notes="second"))


def test_editing_says_what_changed(desk: Desk, form: TaskForm, texts) -> None:
    made = tasks.add(desk, form).task
    action = replace(form.actions[0], text="other")
    after = tasks.edit(
        desk,
        made.id,
        made.revision,
        replace(form, cron="30 9 * * *", when_missed=WhenMissed.SKIP, actions=(action,)),
    ).task
    assert after.next_due_at == at("2026-03-02T22:30")
    assert texts()[-1].startswith(
        "Report changed: Cron 0 9 * * * → 30 9 * * *, When missed latest → skip, the action; next Tue"
    )


def test_an_edit_that_leaves_the_times_alone_keeps_an_overdue_one(
    desk: Desk, clock: StandingClock, form: TaskForm
) -> None:
    made = tasks.add(desk, form).task
    clock.move(hours=9)
    after = tasks.edit(desk, made.id, made.revision, replace(tasks.form_of(made), notes="n")).task
    assert after.next_due_at == made.next_due_at < clock.at


def test_disabling_and_enabling(desk: Desk, clock: StandingClock, form: TaskForm) -> None:
    made = tasks.add(desk, form).task
    assert tasks.set_enabled(desk, made.id, False).next_due_at is None
    clock.move(days=3)
    assert tasks.set_enabled(desk, made.id, True).next_due_at == at("2026-03-05T22:00")
    with desk.database.read() as connection:
        assert stored.runs(connection, made.id, None, 10) == []


def test_enabling_one_whose_time_is_over_is_refused(desk: Desk, clock: StandingClock, form: TaskForm) -> None:
    made = tasks.add(desk, replace(form, cron="", once_at=at("2026-03-02T15:00"), enabled=False)).task
    clock.move(hours=2)
    with pytest.raises(Refused, match="Once at lies in the past"):
        tasks.set_enabled(desk, made.id, True)
    assert not only(desk).enabled


def test_run_now_queues_and_leaves_the_schedule(desk: Desk, clock: StandingClock, form: TaskForm) -> None:
    made = tasks.add(desk, form).task
    clock.move(minutes=3)
    fired = tasks.run_now(desk, made.id)
    after = only(desk)
    assert (after.next_due_at, after.revision, after.last_due_at) == (made.next_due_at, made.revision, None)
    assert after.last_run_at == clock.at
    with desk.database.read() as connection:
        message = message_history.get(connection, fired.message_ids[0])
    assert message is not None and message.origin is Origin.TASK and message.task_id == made.id
    assert message.operator == "ana"
    (run,) = tasks.history(desk, made.id)
    assert (run.kind, run.state, run.queued) == ("manual", "fired", 1)
    assert any(entry.operator == "ana" and "run now" in entry.text for entry in review.listing(desk))


def test_run_now_that_reaches_nobody_is_refused_and_writes_nothing(desk: Desk, form: TaskForm) -> None:
    people = make_people(desk.database, {"Ann": None})
    action = replace(form.actions[0], recipients=(Recipient(user_id=people["Ann"], name="Ann"),))
    made = tasks.add(desk, replace(form, actions=(action,))).task
    with pytest.raises(Refused, match="Ann has no telephone number"):
        tasks.run_now(desk, made.id)
    assert tasks.history(desk, made.id) == [] and only(desk).last_run_at is None


def test_removing_keeps_the_history(desk: Desk, form: TaskForm) -> None:
    made = tasks.add(desk, form).task
    tasks.run_now(desk, made.id)
    tasks.remove(desk, made.id)
    assert tasks.listing(desk) == []
    assert len(tasks.history(desk, made.id)) == 1
    with desk.database.read() as connection:
        assert stored.due(connection, at("2030-01-01"), 50) == []
    tasks.add(desk, form)  # the name is free again


def test_roles(desk: Desk, viewer: Desk, form: TaskForm) -> None:
    made = tasks.add(desk, form).task
    for do in (
        lambda: tasks.add(viewer, replace(form, name="x")),
        lambda: tasks.edit(viewer, made.id, 1, form),
        lambda: tasks.run_now(viewer, made.id),
        lambda: tasks.set_enabled(viewer, made.id, False),
        lambda: tasks.remove(viewer, made.id),
    ):
        with pytest.raises(NotAllowed):
            do()


def test_upcoming_merges_the_tasks_in_order(desk: Desk, form: TaskForm) -> None:
    first = tasks.add(desk, form).task
    second = tasks.add(desk, replace(form, name="Hourly", zone="UTC", cron="0 */6 * * *")).task
    found = list(task_preview.upcoming([first, second], at("2026-03-02T12:00"), at("2026-03-03T12:00")))
    assert [(each.task.name, each.due_at.hour) for each in found] == [
        ("Hourly", 12),
        ("Hourly", 18),
        ("Report", 22),
        ("Hourly", 0),
        ("Hourly", 6),
    ]
    assert found[2].local.isoformat() == "2026-03-03T09:00:00+11:00"


def test_upcoming_may_lie_in_the_past_and_is_bound_by_start_and_end(desk: Desk, form: TaskForm) -> None:
    made = tasks.add(
        desk, replace(form, zone="UTC", starts_at=at("2025-01-02T09:00"), ends_at=at("2025-01-04T09:00"))
    ).task
    days = [each.due_at.day for each in task_preview.upcoming([made], at("2025-01-01"), at("2025-02-01"))]
    assert days == [2, 3, 4]


def test_upcoming_marks_a_change_of_the_clocks(desk: Desk, form: TaskForm) -> None:
    made = tasks.add(desk, replace(form, zone="Europe/London", cron="30 1 * * *")).task
    found = list(task_preview.upcoming([made], at("2026-03-28"), at("2026-03-30")))
    assert [each.note for each in found] == [None, "clocks go forward: 01:30 does not exist"]


def test_upcoming_json_says_whom_it_reaches(desk: Desk, form: TaskForm) -> None:
    people = make_people(desk.database, {"Joe": JOE, "Ann": ANN, "Bob": None}, {"Shift": ["Joe", "Bob"]})
    action = replace(form.actions[0], recipients=(Recipient(group_id=people["Shift"], name="Shift"),))
    made = tasks.add(desk, replace(form, actions=(action,))).task
    (found,) = task_preview.upcoming([made], desk.now(), desk.now() + timedelta(hours=24))
    shown = upcoming_json(found, task_preview.reach(desk, made))
    assert (shown["task"], shown["due_at"]) == ("Report", "2026-03-02T22:00:00.000000Z")
    assert shown["local"] == "2026-03-03T09:00:00+11:00"
    assert shown["reaches"] == ["Joe"] and shown["left_out"] == ["Bob has no telephone number"]


def test_json_has_the_promised_names(desk: Desk, form: TaskForm) -> None:
    found = task_json(tasks.add(desk, form).task)
    assert {"id", "name", "cron", "zone", "enabled", "next_due_at", "last_due_at", "last_run_at"} <= set(
        found
    )
    assert found["actions"][0]["recipients"] == [{"kind": "number", "id": None, "name": JOE}]


def test_what_is_asked_of_one_task_or_alert_lists_no_table(
    desk: Desk, form: TaskForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tasks.add(desk, form).task
    alert = alerts.add(desk, AlertForm(name="Fire")).alert
    for whole in (stored, stored_alerts):
        monkeypatch.setattr(whole, "listing", lambda *given: pytest.fail("the whole table is listed"))
    assert status.status(desk).next_task == task.name
    assert task_preview.size(desk, [task.id]).messages == 1
    with desk.database.read() as connection:
        assert names.task(connection, str(task.id)) == tasks.read(connection, task.id) == task
        assert alerts.named(connection, str(alert.id)) == alerts.read(connection, alert.id)
