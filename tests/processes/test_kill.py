"""`kill -9` in the middle of sending: nothing is lost, and what arrives twice was announced."""

import signal

from storage.vocabulary import MessageState
from tests.processes.support import Site


def test_all_of_500_arrive_after_a_kill_in_their_middle(site: Site) -> None:
    site.clickatell.clickatell.settings.latency = 0.05
    handler = site.handler(batch_size=20, max_connections=4)
    site.queue(handler, 500)
    first = site.leader()
    site.arrived(150)
    first.signal(signal.SIGKILL)
    assert first.ends() == -signal.SIGKILL
    assert len(site.inbox) < 500, "killed in the middle"
    under_way = site.states[MessageState.SENDING]
    assert under_way

    site.leader()
    site.settled(40)
    assert site.states == {MessageState.ACCEPTED: 500}
    site.nothing_lost_or_doubled_in_silence()
    assert sum(site.inbox.values()) <= 500 + under_way
