"""Alerts on the engine: raised, sent ahead of all else, followed through to the end."""

from datetime import timedelta
from pathlib import Path

import pytest

from scheduling import alerting
from storage import occurrences
from storage.vocabulary import MessageState, Origin, Stage
from tests.engine import alerts as at
from tests.engine.support import (
    ScriptedSender,
    add_handler,
    make_site,
    queue,
    review_of,
    running,
    scripted_site,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually


def test_each_stage_reaches_its_recipients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        sender = ScriptedSender(clock)
        use_sender(monkeypatch, sender)
        database = make_site(tmp_path, clock)
        alert = at.add_alert(database, clock, add_handler(database, clock))
        async with running(database, clock):
            number = at.raise_now(database, clock, alert, "k")
            await clock.sleep(2)
            at.raise_now(database, clock, alert, "k")
            for stage in (Stage.CLAIMED, Stage.ESCALATED, Stage.RESTORED, Stage.FINALISED):
                await clock.sleep(2)
                with database.write() as tx:
                    found = occurrences.get(tx, number)
                    assert found is not None
                    alerting.enter(tx, at.get(database, alert), found, stage, clock.now(), operator="ana")
            await clock.sleep(2)
        assert [item.text for _, item in sender.sent] == [
            f"{stage} Fire North" for stage in ("Created", "Claimed", "Escalated", "Restored", "Finalised")
        ]
        assert all(m.state is MessageState.ACCEPTED for m in at.sent(database, number))
        assert at.events(database, number) == [
            "Created", "Raised again", "Claimed", "Escalated", "Restored", "Finalised"
        ]  # fmt: skip
        said = [entry for entry in review_of(database) if entry.occurrence_id == number]
        assert sum("accepted" in entry.text for entry in said) == 5
        assert {entry.alert_id for entry in said} == {alert}

    run_virtually(main)


def test_what_is_given_with_a_raise_that_is_counted_is_kept_in_its_beginning(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        database = make_site(tmp_path, clock)
        alert = at.get(database, at.add_alert(database, clock, add_handler(database, clock)))
        long = {"Zone": "North", **{f"Part {n}": "x" * 10_000 for n in range(100)}}
        with database.write() as tx:
            for given in ({}, {"Zone": "North"}, long):
                raised = alerting.raise_alert(tx, alert, "k", given, clock.now())
        with database.read() as connection:
            _, short, cut = occurrences.events_of(connection, raised.occurrence_id)
        assert short.note == "Zone=North"
        assert cut.note is not None and len(cut.note) < 2100
        assert cut.note.startswith(f"Zone=North, Part 0={'x' * 200}..., Part 1=")
        assert cut.note.endswith("..., and 91 more")

    run_virtually(main)


def test_alerts_go_first_and_the_highest_priority_first_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(clock: VirtualClock) -> None:
        database, handler, sender = scripted_site(
            tmp_path, clock, monkeypatch, batch_size=1, max_connections=1
        )
        queue(database, clock, handler, 5)
        low = at.add_alert(database, clock, handler, name="Low", priority=9)
        high = at.add_alert(database, clock, handler, name="High", priority=1)
        at.raise_now(database, clock, low)
        at.raise_now(database, clock, high)
        async with running(database, clock):
            await clock.sleep(5)
        texts = [item.text for _, item in sender.sent]
        assert texts[:2] == ["Created High North", "Created Low North"] and len(texts) == 7

    run_virtually(main)


def test_an_alerts_own_useful_life_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock))
        database = make_site(tmp_path, clock)
        handler = add_handler(database, clock)
        life = timedelta(minutes=7)
        number = at.raise_now(database, clock, at.add_alert(database, clock, handler, useful_life=life))
        (found,) = at.sent(database, number)
        assert found.expires_at - found.queued_at == life
        assert (found.origin, found.lane, found.occurrence_id) == (Origin.ALERT, 0, number)
        await clock.sleep(8 * 60)  # time that passes: a clock that is set ends no life
        async with running(database, clock):
            await clock.sleep(2)
        (found,) = at.sent(database, number)
        assert found.state is MessageState.EXPIRED

    run_virtually(main)
