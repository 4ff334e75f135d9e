"""Scheduled tasks on the engine: on time, once a due time, missed ones written down."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling import cron, firing, planner
from scheduling.leadership import Leadership
from storage import actions as stored_actions
from storage import outbox, tasks
from storage.database import Database, Transaction
from storage.records import Action, MessageDraft, Recipient, Task
from storage.vocabulary import Origin
from tests.engine.support import (
    ScriptedSender,
    add_handler,
    make_site,
    review_of,
    running,
    scripted_site,
    use_sender,
)
from tests.virtual_time import START, VirtualClock, run_virtually


def add_task(database: Database, clock: VirtualClock, handler: int, **values: Any) -> int:
    row: dict[str, Any] = {
        "name": "Shift report",
        "cron": "* * * * *",
        "zone": "UTC",
        "enabled": True,
        "when_missed": "latest",
        "grace": firing.DEFAULT_GRACE,
        "most_catch_up": firing.DEFAULT_MOST_CATCH_UP,
        **values,
    }
    row.setdefault("next_due_at", cron.parse(row["cron"] or "* * * * *", row["zone"]).next_after(clock.now()))
    with database.write() as tx:
        made = tasks.add(tx, row, clock.now())
        action = Action(0, handler, "", "Shift {Task}", (Recipient(number="+447700900123"),))
        stored_actions.set_of_task(tx, made, [action])
    return made


def get(database: Database, task_id: int) -> Task:
    with database.read() as connection:
        found = tasks.get(connection, task_id)
    assert found is not None
    return found


def runs(database: Database, task_id: int) -> list[tuple[str, str, datetime]]:
    with database.read() as connection:
        found = tasks.runs(connection, task_id, None, 1000)
    return [(run.kind, run.state, run.due_at) for run in reversed(found)]


def test_every_minute_fires_on_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        task = add_task(database, clock, add_handler(database, clock))
        async with running(database, clock):
            await clock.sleep(605)
        assert len(runs(database, task)) == 10
        assert [round(at) for at in sender.times] == [60 * n for n in range(1, 11)]
        assert sender.sent[0][1].text == "Shift Shift report"
        texts = [entry.text for entry in review_of(database) if entry.task_id == task]
        assert texts[0].startswith("Shift report fired, 1 recipient; next")

    run_virtually(main)


def test_after_a_stop_the_newest_is_caught_up_and_the_others_are_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        task = add_task(database, clock, add_handler(database, clock), cron="*/5 * * * *")
        clock.jump(timedelta(minutes=32))  # due at 5, 10, ... 30; the engine was away
        async with running(database, clock):
            await clock.sleep(1)
        found = runs(database, task)
        assert [state for _, state, _ in found] == ["missed"] * 5 + ["fired"]
        assert found[-1][0] == "catch-up"
        assert len(sender.sent) == 1
        texts = [entry.text for entry in review_of(database) if entry.task_id == task]
        assert sum("missed 5 times" in text for text in texts) == 1
        assert sum("fired late, to catch up" in text for text in texts) == 1

    run_virtually(main)


def test_a_broken_task_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch)
        soon = START + timedelta(minutes=1)
        broken = add_task(database, clock, handler, name="Broken", cron="", next_due_at=soon)
        with database.write() as tx:
            tasks.advance(tx, broken, cron="not cron")
        add_task(database, clock, handler, name="Good")
        async with running(database, clock):
            await clock.sleep(125)
        assert len(sender.sent) == 2
        assert get(database, broken).problem
        said = [entry for entry in review_of(database) if entry.task_id == broken]
        assert len(said) == 1
        assert said[0].level == "error"

    run_virtually(main)


def test_a_task_that_runs_once_runs_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        at = START + timedelta(minutes=3)
        task = add_task(database, clock, add_handler(database, clock), cron="", once_at=at, next_due_at=at)
        async with running(database, clock):
            await clock.sleep(600)
        assert [round(moment) for moment in sender.times] == [180]
        assert get(database, task).next_due_at is None

    run_virtually(main)


def test_what_is_due_fires_in_pages_and_an_alert_waits_for_one_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One broken task is set apart by its savepoint; what others queue meanwhile goes between two pages."""

    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(tmp_path, clock, monkeypatch)
        made = [add_task(database, clock, handler, name=f"Task {n}") for n in range(8)]
        broken = add_task(database, clock, handler, name="Broken")
        with database.write() as tx:
            tasks.advance(tx, broken, zone="No/Where")
        monkeypatch.setattr(planner, "PAGE", 3)
        carry_out, fired = firing.carry_out, []

        def carries_out(tx: Transaction, *given: Any, **named: Any) -> Any:
            queued = carry_out(tx, *given, **named)
            fired.append(len(queued.message_ids))
            if len(fired) == 2:  # an alarm, raised while a page is being fired
                submission = outbox.Submission(Origin.ALERT, priority=1)
                draft = MessageDraft(
                    handler, "+447700900999", "Fire", 1, None, None, clock.now() + timedelta(hours=1)
                )
                outbox.enqueue(tx, submission, [draft], clock.now())
            return queued

        monkeypatch.setattr(firing, "carry_out", carries_out)
        async with running(database, clock):
            await clock.sleep(65)
        texts = [item.text for _, item in sender.sent]
        assert texts.index("Fire") <= 3, "it went after the page, before the next one"
        assert len(texts) == 9
        for task in made:
            assert [state for _, state, _ in runs(database, task)] == ["fired"]
        assert "No/Where" in (get(database, broken).problem or "")
        assert [state for _, state, _ in runs(database, broken)] == ["failed"]

    run_virtually(main)


def test_one_edited_while_its_page_waits_is_not_fired_as_it_was(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        made = [add_task(database, clock, handler, name=f"Task {n}", next_due_at=clock.now()) for n in (1, 2)]
        holder = Leadership(database, clock, "here", "run")
        assert holder.step()
        assert holder.epoch is not None
        fires = planner.Planner(database, clock)
        with database.read() as connection:
            fires._page = tasks.due(connection, clock.now(), 10)
        with database.write() as tx:
            tasks.change(tx, made[0], {"enabled": False}, clock.now())
        assert fires.tick(holder.epoch) == 2
        assert runs(database, made[0]) == []
        assert [state for _, state, _ in runs(database, made[1])] == ["fired"]
        database.close()

    run_virtually(main)
