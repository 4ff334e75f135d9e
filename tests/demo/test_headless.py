"""The sample site at work: what waits goes out to the local Clickatells, and the review says so."""

import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo_data.sample_clickatell import sample_clickatells
from demo_data.sample_site import build
from demo_data.sample_story import WAITING, Pace
from demo_data.tally import Tally, tally
from storage import message_history
from storage.database import Database
from storage.site import open_site
from storage.vocabulary import MessageState
from tests.cli.conftest import CommandLine
from tui.cli import context
from tui.cli.demo import run_headless_demo

QUICK = Pace(timedelta(seconds=0.2), timedelta(seconds=1))


def stop_when_seen(database: Database, began: datetime, over: threading.Event, seen: threading.Event) -> None:
    """End the run with SIGTERM once each of the six that waited was tried."""
    while not over.wait(0.05):
        with database.read() as connection:
            found = tally(connection, began)
        if found.accepted and found.failed and found.retried >= len(WAITING):
            seen.set()
            os.kill(os.getpid(), signal.SIGTERM)
            return


@pytest.mark.first
@pytest.mark.usefixtures("signals_restored")
def test_what_waits_is_accepted_retried_or_fails_and_really_arrives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "site"
    with sample_clickatells(seed=1) as clickatells:
        began = datetime.now(UTC)
        build(folder, clickatells.addresses, began, pace=QUICK)
        context.configure(folder, "ana")
        database = open_site(folder)
        over, seen = threading.Event(), threading.Event()
        watcher = threading.Thread(target=stop_when_seen, args=(database, began, over, seen))
        watcher.start()
        assert run_headless_demo(folder, False, 240) == 0
        over.set()
        watcher.join()
        assert seen.is_set()
        inbox = {m.gateway_id: m for m in clickatells.fine.clickatell.inbox}
        inbox |= {m.gateway_id: m for m in clickatells.flaky.clickatell.inbox}
    first, *lines, summary = capsys.readouterr().out.splitlines()
    assert str(folder) in first and "thrown away" in first
    with database.read() as connection:
        assert summary == str(tally(connection, began))
        page = message_history.newest(connection, None, 100)
    accepted = [m for m in page if m.state is MessageState.ACCEPTED and m.gateway_id in inbox]
    assert accepted
    assert all(inbox[m.gateway_id or ""].to == m.to.removeprefix("+") for m in accepted)
    for message in accepted:
        assert any(f"{message.user}" in line and ": accepted" in line for line in lines)
    assert any("Sam Whitlock" in line and "failed: refused for good: 26" in line for line in lines)
    assert any(" ! Retry " in line for line in lines)
    database.close()
    context.close()


@pytest.mark.usefixtures("signals_restored")
def test_a_kept_site_stays_and_the_command_says_how_to_go_on(cli: CommandLine, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    ended = cli("demo", "--headless", "--seconds", "0.2", "--keep", kept, named=False)
    assert f"commsdesk demo --keep {kept}" in ended.err
    assert "North Gate" in ended.lines[0] and "kept" in ended.lines[0]
    assert (kept / "commsdesk.sqlite3").exists()
    assert not cli.folder.exists(), "the demo touched another site"
    assert [entry["id"] for entry in cli.ok("--data", kept, "handler", "list", "--json").json] == [1, 2, 3]


def test_without_a_terminal_it_says_what_to_run_instead(cli: CommandLine) -> None:
    ended = cli("demo", named=False)
    assert (ended.status, ended.out, len(ended.err.splitlines())) == (1, "", 1)
    assert "commsdesk demo --headless --seconds" in ended.err


def test_seconds_without_headless_is_wrong_usage(cli: CommandLine) -> None:
    assert cli("demo", "--seconds", 5, named=False).status == 2
    assert cli("demo", "--headless", "--seconds", 0, named=False).status == 2


def test_keep_refuses_a_site_of_ones_own(cli: CommandLine, database: Database) -> None:
    ended = cli("demo", "--headless", "--seconds", 1, "--keep", cli.folder, named=False)
    assert ended.status == 1 and "a site of your own" in ended.err
    with database.read() as connection:
        assert tally(connection, datetime.now(UTC)) == Tally(0, 0, 0, 0)
