"""The sample site holds what it promises, and is as consistent as a site that really sent."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from demo_data.sample_clickatell import Addresses
from demo_data.sample_people import BAD_NUMBER, NO_NUMBER, everyone
from demo_data.sample_rules import EACH_MINUTE, PATROL
from demo_data.sample_site import build, reopen
from demo_data.sample_story import WAITING, Pace, Story
from scheduling import phone, telling, templates
from scheduling.gateways import registry
from scheduling.planner import Planner
from storage import (
    alerts,
    custom_fields,
    handlers,
    leases,
    message_history,
    occurrences,
    review,
    tasks,
    users,
)
from storage.database import Database
from storage.errors import StorageError
from storage.records import Review
from storage.review_chain import GENESIS, digest_of, link
from storage.site import open_site
from storage.tables import reviews
from storage.vocabulary import FieldType, MessageState
from tests.demo.conftest import NOW
from tests.sample import ADDRESSES, SampleSites
from tui.operations.field_values import check_value
from tui.operations.sending import known_fields

FINAL = {
    MessageState.DELIVERED: "accepted",
    MessageState.UNDELIVERED: "accepted",
    MessageState.ACCEPTED: "accepted",
}


def entries_of(database: Database) -> list[Review]:
    with database.read() as connection:
        return list(review.everything(connection))


def test_some_thirty_people_in_several_countries_with_values_in_their_stored_form(sample: Database) -> None:
    with sample.read() as connection:
        fields = {field.id: field for field in custom_fields.listing(connection)}
        people = list(users.everyone(connection))
    assert len(people) == len(everyone()) == 31
    assert set(FieldType) == {field.type for field in fields.values()}
    numbers = {}
    for person in people:
        for field_id, value in person.values.items():
            checked = check_value(fields[field_id], value)
            assert checked is not None and checked.value == value, (person.name, value)
            if fields[field_id].name == "Mobile":
                numbers[person.name] = phone.parse(value)
    assert len({number.e164 for number in numbers.values()}) == len(numbers)
    assert len({number.country for number in numbers.values()}) >= 5
    assert [person.name for person in people if person.name not in numbers] == [NO_NUMBER]
    assert numbers[BAD_NUMBER].warning and len(numbers[BAD_NUMBER].e164) == 11
    with_warning = [name for name, number in numbers.items() if number.warning]
    assert all(numbers[name].e164.startswith("+447700900") for name in with_warning if name != BAD_NUMBER)


def test_three_handlers_whose_secrets_can_be_read(sample: Database) -> None:
    with sample.read() as connection:
        found = handlers.listing(connection)
        assert [(h.api_type, registry.of(h.api_type).address_of(h.settings)) for h in found] == [
            ("one", ADDRESSES.fine),
            ("xml", ADDRESSES.xml),
            ("one", ADDRESSES.flaky),
        ]
        assert all(handlers.secret_of(sample, connection, handler.id) for handler in found)
        assert all(status.pause is None for status in handlers.statuses(connection).values())


def test_every_message_text_names_only_fields_that_exist(sample: Database) -> None:
    with sample.read() as connection:
        known = known_fields(connection)
        own = [alert for alert in alerts.listing(connection) if alert.system is None]
        planned = tasks.listing(connection)
    assert len(own) == 5 and all(alert.enabled for alert in own)
    stages = {action.stage for alert in own for action in alert.actions}
    assert stages == {"Created", "Claimed", "Actioned", "Escalated", "Restored", "Finalised"}
    for alert in own:
        for action in alert.actions:
            assert templates.check(action.text, [*known, *telling.known_fields(alert.fields)]) == []
    for task in planned:
        assert task.actions and all(templates.check(action.text, known) == [] for action in task.actions)


def test_two_tasks_fire_each_minute_and_the_others_when_they_say(sample: Database) -> None:
    with sample.read() as connection:
        found = {task.name: task for task in tasks.listing(connection)}
        runs = {name: tasks.runs(connection, task.id, None, 100) for name, task in found.items()}
    for name in EACH_MINUTE:
        assert found[name].next_due_at == NOW.replace(minute=4, second=0)
        assert len(runs[name]) == 12 and {run.state for run in runs[name]} == {"fired"}
    assert [name for name, task in found.items() if task.next_due_at is None] == [PATROL]
    assert len({task.zone for task in found.values()}) == 2
    assert [run.state for run in runs["Weekday report"]].count("missed") == 1
    assert [run.state for run in runs["Weekday report"]].count("fired") >= 4


def test_waiting_messages_are_due_10_to_40_seconds_after_the_start_and_one_for_the_last_time(
    sample: Database,
) -> None:
    with sample.read() as connection:
        page = message_history.newest(connection, None, 1000)
    waiting = [message for message in page if message.state is MessageState.QUEUED]
    assert {message.user for message in waiting} == {planned.person for planned in WAITING}
    last = []
    for message in waiting:
        assert message.next_attempt_at and message.window_closes_at and message.retry_rate
        assert timedelta(seconds=10) <= message.next_attempt_at - NOW <= timedelta(seconds=40)
        assert message.next_attempt_at < message.window_closes_at
        if message.next_attempt_at + message.retry_rate >= message.window_closes_at:
            last.append(message.user)
    assert last == ["Nick Papas"]


def test_messages_ended_in_every_way_and_agree_with_their_attempts(sample: Database) -> None:
    with sample.read() as connection:
        states = message_history.counts_by_state(connection)
        for message in message_history.newest(connection, None, 1000):
            tried = message_history.attempts_of(connection, message.id)
            assert [attempt.n for attempt in tried] == list(range(1, message.attempts + 1))
            assert all(attempt.outcome and attempt.finished_at for attempt in tried)
            if message.state in FINAL:
                assert tried[-1].outcome == FINAL[message.state] and tried[-1].gateway_id
            else:
                assert "accepted" not in {attempt.outcome for attempt in tried}
    assert set(states) == set(MessageState) - {MessageState.SENDING}


def test_one_occurrence_is_active_and_has_a_history(sample: Database) -> None:
    with sample.read() as connection:
        (active,) = occurrences.newest(connection, None, 100, active_only=True)
        steps = [event.what for event in occurrences.events_of(connection, active.id)]
        ended = [o for o in occurrences.newest(connection, None, 100) if o.id != active.id]
    assert (active.alert, active.key, active.stage, active.count) == ("Pump stopped", "P-204", "Escalated", 3)
    assert steps == ["Created", "Raised again", "Claimed", "Escalated", "Raised again"]
    assert len(ended) == 5 and {o.stage for o in ended} == {"Finalised"}


def test_the_review_has_a_past_of_days_in_order_and_its_chain_holds(sample: Database) -> None:
    entries = entries_of(sample)
    times = [entry.at for entry in entries]
    assert times == sorted(times)
    assert NOW - times[0] > timedelta(days=7) and times[-1] < NOW
    assert {entry.category for entry in entries} == {
        *("Handler", "Message", "Retry", "Alert", "Task", "User", "Operator", "System")
    }
    chain = GENESIS
    with sample.read() as connection:
        for row in connection.execute(sa.select(reviews).order_by(reviews.c.id)).mappings():
            assert row["digest"] == digest_of(dict(row))
            chain = link(sample.signer.key, chain, row["digest"])
            assert row["chain"] == chain


def test_the_same_seed_and_time_give_the_same_site(sample: Database, tmp_path: Path) -> None:
    build(tmp_path / "again", ADDRESSES, NOW)
    again = open_site(tmp_path / "again")
    assert entries_of(again) == entries_of(sample)
    again.close()
    build(tmp_path / "other", ADDRESSES, NOW, seed=7, pace=Pace(timedelta(seconds=1), timedelta(seconds=2)))
    other = open_site(tmp_path / "other")
    assert entries_of(other) != entries_of(sample)
    with other.read() as connection:
        page = message_history.newest(connection, None, 10)
    due = sorted(m.next_attempt_at - NOW for m in page if m.state == "queued" and m.next_attempt_at)
    assert (due[0], due[-1]) == (timedelta(seconds=1), timedelta(seconds=2))
    other.close()


class OneMinuteLater:
    """A clock that stands at the next full minute."""

    def now(self):  # type: ignore[no-untyped-def]
        return NOW.replace(minute=4, second=0)

    def boottime(self) -> float:
        return 0.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample_sites: SampleSites) -> Path:
    """A sample site to work on."""
    made = tmp_path_factory.mktemp("work") / "site"
    sample_sites.copy(made, NOW)
    return made


def test_the_engine_fires_the_each_minute_tasks_at_the_next_minute(folder: Path) -> None:
    database = open_site(folder)
    with database.write() as tx:
        epoch = leases.take(tx, leases.current(tx.connection), "here", "demo", NOW)
    assert epoch is not None
    planner = Planner(database, OneMinuteLater())  # type: ignore[arg-type]
    assert planner.tick(epoch) == 2, "how many tasks"
    assert planner.tick(epoch) == 0
    database.close()


def test_a_folder_in_use_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    tmp_path.chmod(0o755)
    with pytest.raises(StorageError, match="is not empty"):
        build(tmp_path, ADDRESSES, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_site_that_was_not_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Story, pace: Pace) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Story, "tell", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build(tmp_path / "site", ADDRESSES, NOW)
    assert list((tmp_path / "site").iterdir()) == []


def test_a_kept_site_follows_its_clickatells_to_their_new_addresses(folder: Path) -> None:
    later = NOW + timedelta(hours=1)
    moved = Addresses("http://127.0.0.1:1", "http://127.0.0.1:1/xml/xml", "http://127.0.0.1:2")
    reopen(folder, moved, later)
    reopen(folder, ADDRESSES, later)
    reopen(folder, moved, later)
    database = open_site(folder)
    with database.read() as connection:
        found = handlers.listing(connection)
        assert [registry.of(h.api_type).address_of(h.settings) for h in found] == [
            moved.fine,
            moved.xml,
            moved.flaky,
        ]
        assert all(handlers.secret_of(database, connection, handler.id) for handler in found)
    database.close()


def test_a_site_of_ones_own_is_never_taken_for_a_sample_site(tmp_path: Path) -> None:
    open_site(tmp_path / "site").close()
    with pytest.raises(StorageError, match="a site of your own"):
        reopen(tmp_path / "site", ADDRESSES, NOW)
