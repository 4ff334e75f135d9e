"""A late holder, one that still believes in its lease, claims nothing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scheduling import claims
from scheduling.leadership import Leadership
from scheduling.sender_pool import SenderPool
from storage import leases
from storage.records import MessageState
from tests.engine import support
from tests.processes.support import CLOCK

BELIEVES: Any = SimpleNamespace(holds=True)


def test_a_late_holder_claims_nothing(tmp_path: Path) -> None:
    database = support.make_site(tmp_path)
    handler = support.add_handler(database, CLOCK)
    support.queue(database, CLOCK, handler, 3)
    late = Leadership(database, CLOCK, "late", "run")
    assert late.step()
    late_epoch = late.epoch
    late.release()
    assert Leadership(database, CLOCK, "next", "run").step()

    desk = claims.look(database, CLOCK.now()).desks[0]
    pool = SenderPool(database, CLOCK)
    with pytest.raises(leases.LeaseLost):
        claims.take(database, BELIEVES, pool, desk, desk.lanes[0], 10, late_epoch or 0, "late", CLOCK)
    assert support.states(database) == {MessageState.QUEUED: 3}
    database.close()
