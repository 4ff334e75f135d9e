"""Which of the engine's loops still go round: what feeds the watchdog, and what stops feeding it.

Each loop counts its rounds. A thread that is no part of the engine looks at the counts now and
then; a loop that has not gone round for longer than it rests and works is stalled.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduling.clock import Clock

LONGEST_LOOK = 5.0  # seconds: more than that between two looks was a suspend, which no loop could use


@dataclass(slots=True)
class _Loop:
    rest: float
    rounds: int = 0
    seen: int = 0
    unheard: float = 0.0


class Progress:
    """The loops by name, with the seconds each rests between rounds.

    `longest` is how many seconds a round may take beyond its rest. `passed` is for the engine's
    thread, `look` for one other; each writes values of its own.
    """

    def __init__(self, clock: Clock, longest: float, rests: Mapping[str, float]) -> None:
        self._clock = clock
        self._longest = longest
        self._loops = {name: _Loop(rest) for name, rest in rests.items()}
        self._looked_at: float | None = None
        self.stalled: tuple[str, ...] = ()

    def passed(self, loop: str) -> None:
        """This loop has gone round, or got on with a long round. One that is not watched may say so too."""
        if found := self._loops.get(loop):
            found.rounds += 1

    def look(self) -> tuple[str, ...]:
        """The loops that are stalled now. To be called every few seconds."""
        now = self._clock.boottime()
        since = 0.0 if self._looked_at is None else min(now - self._looked_at, LONGEST_LOOK)
        self._looked_at = now
        for loop in self._loops.values():
            loop.unheard = 0.0 if loop.rounds != loop.seen else loop.unheard + since
            loop.seen = loop.rounds
        self.stalled = tuple(
            name for name, loop in self._loops.items() if loop.unheard > loop.rest + self._longest
        )
        return self.stalled
