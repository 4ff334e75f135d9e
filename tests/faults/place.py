"""A site, its local Clickatell and the engines that were started on it, for one fault at a time."""

import signal
from pathlib import Path
from typing import Any

from demo_data.clickatell import ThreadedClickatell
from storage.site import open_site
from storage.vocabulary import MessageState
from tests.engine import support
from tests.faults.nursery import Child, Nursery
from tests.processes.support import CLOCK, SECOND, until, within


class Place:
    """A site whose engines come from the nursery."""

    def __init__(self, nursery: Nursery, folder: Path, clickatell: ThreadedClickatell, logs: Path) -> None:
        self._nursery, self.folder, self._clickatell, self._logs = nursery, folder, clickatell, logs
        self.database = open_site(folder)
        self.engines: list[Child] = []
        self.handler = support.add_handler(
            self.database,
            CLOCK,
            base_url=clickatell.base_url,
            retry_rate=SECOND / 2,
            stop_retrying_after=120 * SECOND,
        )

    def run(self, **options: Any) -> Child:
        """`commsdesk run`, started; with `obeys_rights` as one whom the rights on files bind."""
        log = self._logs / f"run-{len(self.engines)}.log"
        self.engines.append(self._nursery.start("run", log, folder=str(self.folder), **options))
        return self.engines[-1]

    def command(self, *words: str, **options: Any) -> str:
        """What a command wrote, once it has ended."""
        log = self._logs / f"{'-'.join(words)}.log"
        child = self._nursery.start("command", log, folder=str(self.folder), words=words, **options)
        assert child.ends(within(30)), f"{words} goes on: {child.said}"
        return child.said

    def says(self, engine: Child, words: str) -> None:
        until(lambda: words in engine.said, f"{words!r} in {engine.said!r}")

    def notes(self, engine: Child, words: str) -> None:
        """As `says`, in a line for its operator: the engine's own log is a little ahead of them."""
        until(
            lambda: any(words in line for line in engine.said.splitlines() if line.startswith("commsdesk:")),
            f"{words!r} in a note of {engine.said!r}",
        )

    def stop(self, engine: Child) -> None:
        engine.signal(signal.SIGTERM)
        assert engine.ends(20), engine.said

    def queue(self, count: int) -> None:
        support.queue(self.database, CLOCK, self.handler, count)

    def accepted(self, count: int) -> None:
        until(lambda: self._all_accepted() == count, f"{count} accepted: {self.engines[-1].said}")
        assert len(self._clickatell.clickatell.account.inbox) == count, "each arrived, and once"

    def _all_accepted(self) -> int:
        """How many there are, if all are accepted; on a slow machine their reports may be there already."""
        good = {MessageState.ACCEPTED, MessageState.DELIVERED}
        return sum(self.states.values()) if set(self.states) <= good else -1

    @property
    def states(self) -> dict[MessageState, int]:
        return support.states(self.database)

    def close(self) -> None:
        for engine in self.engines:
            engine.signal(signal.SIGKILL)
            engine.ends(5)
        self.database.close()
