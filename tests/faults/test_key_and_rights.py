"""The secret key, the rights on the file and SQLite's log, each taken away under a real engine."""

import json
import signal
from pathlib import Path

from storage.vocabulary import MessageState
from tests.engine import support
from tests.faults.place import Place
from tests.processes.support import until


def review_says(place: Place, words: str) -> bool:
    return any(words in entry.text for entry in support.review_of(place.database))


def test_a_missing_key_is_said_everything_else_works_and_its_return_sends_what_waits(place: Place) -> None:
    key = place.folder / "secret.key"
    kept = key.read_bytes()
    place.queue(2)
    key.unlink()

    run = place.run()
    until(lambda: review_says(place, "secret.key was missing"), f"the review says so: {run.said}")
    until(lambda: review_says(place, "secret missing"), f"the handler says so: {run.said}")
    # While the handler is paused, one message at a time is tried, and goes nowhere.
    assert set(place.states) <= {MessageState.QUEUED, MessageState.SENDING}
    assert "Person 1" in place.command("message", "list")
    assert "Traceback" not in run.said

    draft = key.with_suffix(".back")
    # The key of meanwhile stays as a further line: it signed what the review says of that time.
    draft.write_bytes(kept.rstrip(b"\n") + b"\n" + key.read_bytes())
    draft.replace(key)
    place.accepted(2)
    assert "entries checked" in place.command("review", "verify"), "what was written meanwhile is linked"


def test_a_key_lost_while_the_engine_runs_stops_nothing(place: Place) -> None:
    run = place.run()
    place.queue(1)
    place.accepted(1)
    (place.folder / "secret.key").unlink()
    place.queue(2)
    place.accepted(3)
    assert run.alive


def test_a_file_that_may_only_be_read_is_read_and_work_goes_on_when_it_may_be_written(place: Place) -> None:
    place.queue(2)
    place.database.close()
    place.database.path.chmod(0o400)

    run = place.run(obeys_rights=True)
    place.says(run, "cannot be written to: check its owner and rights")
    assert "Person 1" in place.command("message", "list", obeys_rights=True), "what is there can be read"
    refused = place.command("field", "add", "Pager", "--type", "Text", obeys_rights=True)
    assert "cannot be written to: check its owner and rights" in refused
    assert "Traceback" not in run.said + refused

    place.database.path.chmod(0o600)
    place.accepted(2)
    assert run.alive, run.said


def test_a_log_file_cut_short_is_noticed_and_the_rest_goes_on(place: Place) -> None:
    """As after a power cut on a disk that lies about its writes: transactions that were promised are gone."""
    run = place.run()
    place.queue(20)
    place.accepted(20)
    head = place.folder / "review.head"
    newest = support.review_of(place.database)[-1].id
    until(lambda: head.exists() and json.loads(head.read_text())["id"] >= newest, "the head is kept")
    run.signal(signal.SIGKILL)
    assert run.ends(5)
    cut_the_log(place)

    again = place.run()
    place.says(again, "the review is not what it was")
    assert "Traceback" not in again.said
    assert len(support.review_of(place.database)) < newest
    before = sum(place.states.values())
    place.queue(1)
    busy = {MessageState.QUEUED, MessageState.SENDING}
    until(lambda: sum(place.states.values()) == before + 1 and not busy & set(place.states), "all is sent")
    assert "cut" in place.command("review", "verify")


def cut_the_log(place: Place) -> None:
    """Back to what lies on the disk now, without the second half of SQLite's log; the file stays the same."""
    file, log = place.database.path, Path(f"{place.database.path}-wal")
    whole, logged = file.read_bytes(), log.read_bytes()
    assert logged, "there is a log to cut"
    place.database.close()
    with file.open("r+b") as opened:
        opened.write(whole)
        opened.truncate()
    log.write_bytes(logged[: len(logged) // 2])
    log.chmod(0o600)
