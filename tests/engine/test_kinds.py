"""What kind an entry is, written by the engine; and what an entry from before kinds shows by its message."""

from pathlib import Path

import pytest

from storage import sqlite
from storage.vocabulary import OutcomeKind
from tests.engine.support import (
    ACCEPTED,
    ScriptedSender,
    add_handler,
    make_site,
    outcome,
    queue,
    review_of,
    running,
    use_sender,
)
from tests.virtual_time import VirtualClock, run_virtually
from tui.review.kinds import kind_of

BUSY = outcome(OutcomeKind.BUSY, error="Desk: accepted")
REFUSED = outcome(OutcomeKind.REJECTED, error="Joe: delivered, outcome unknown")
UNKNOWN = outcome(OutcomeKind.UNKNOWN, error="x: accepted; next at")


@pytest.mark.parametrize("said", [[ACCEPTED], [BUSY, ACCEPTED], [REFUSED], [UNKNOWN, ACCEPTED]])
def test_the_signs_are_the_same_without_the_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list
) -> None:
    async def main(clock: VirtualClock) -> None:
        use_sender(monkeypatch, ScriptedSender(clock, lambda message, n: said[n - 1]))
        database = make_site(tmp_path, clock)
        queue(database, clock, add_handler(database, clock, "Desk: accepted"))
        async with running(database, clock):
            await clock.sleep(400)
        mine = [entry for entry in review_of(database) if entry.message_id]
        signs = [kind_of(entry) for entry in mine]
        assert mine and all(entry.kind for entry in review_of(database))
        connection = sqlite.connect(database.path)
        connection.execute("UPDATE review SET kind = NULL, digest_version = NULL")
        # A last attempt that failed and one before others look alike from outside.
        alike = {"warning": "retry"}
        old = [kind_of(entry) for entry in review_of(database) if entry.message_id]
        assert [alike.get(sign, sign) for sign in old] == [alike.get(sign, sign) for sign in signs]

    run_virtually(main)
