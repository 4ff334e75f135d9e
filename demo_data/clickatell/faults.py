"""The plan of faults: which call meets which, by number, by chance or as the next in a queue."""

import random
import threading
from collections import deque
from dataclasses import dataclass, replace
from difflib import get_close_matches

from demo_data.clickatell.exchange import Judge
from demo_data.clickatell.fault_effects import code
from demo_data.clickatell.fault_kinds import KINDS, Kind
from demo_data.clickatell.settings import Settings

CALLS = ("send", "balance", "status", "any")
_TRANSIENT = code(19, "901")


class FaultError(ValueError):
    """A fault that cannot be read; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind with its choices made: `accepts` whether the call is carried out, `on` which calls it suits."""

    kind: Kind
    accepts: bool
    value: float
    on: str = "send"

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read `KIND[-before|-after][=VALUE][@CALL]`; a `:` does for the `=`. Raises `FaultError`."""
        written, _, on = text.strip().partition("@")
        name, _, value = written.replace(":", "=", 1).partition("=")
        kind, accepts = _kind(name)
        if on not in ("", *CALLS):
            raise FaultError(f"Fault {text!r}: after @ comes one of {', '.join(CALLS)}.")
        if value and kind.value is None:
            raise FaultError(f"Fault {text!r}: {kind.name} takes no value.")
        try:
            number = float(value) if value else (kind.value or 0.0)
        except ValueError:
            raise FaultError(f"Fault {text!r}: {value!r} is not a number.") from None
        if value and not 0 <= number < 1e6:
            raise FaultError(f"Fault {text!r}: the value must be from 0 to 1,000,000.")
        return cls(kind, accepts, number, on or "send")

    def suits(self, api: str, call: str) -> bool:
        """Whether it can meet such a call."""
        return api in self.kind.apis and self.on in (call, "any")

    def __str__(self) -> str:
        side = ("-after" if self.accepts else "-before") if self.kind.either else ""
        value = f"={self.value:g}" if self.kind.unit else ""
        return f"{self.kind.name}{side}{value}" + ("" if self.on == "send" else f"@{self.on}")


@dataclass(slots=True)
class Rule:
    """A fault that comes again: at every so many calls, or by chance (`share`), at most `left` times."""

    fault: Fault
    every: int = 1
    share: float | None = None
    left: int | None = None
    seen: int = 0

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """Read `FAULT:EVERY[:COUNT]`, EVERY being a number of calls or a share as `10%`."""
        parts = text.strip().split(":")
        if len(parts) not in (2, 3):
            raise FaultError(
                f"Fault {text!r}: write KIND:EVERY or KIND:EVERY:COUNT, for example reset-after:10."
            )
        rule = cls(Fault.parse(parts[0]), left=_count(text, parts[2]) if len(parts) == 3 else None)
        if not parts[1].endswith("%"):
            return replace(rule, every=_count(text, parts[1]))
        try:
            share = float(parts[1][:-1]) / 100
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            raise FaultError(f"Fault {text!r}: a share is written as 0% to 100%.")
        return replace(rule, share=share)

    def due(self, rng: random.Random) -> bool:
        """Count one call; tell whether the fault falls on it."""
        self.seen += 1
        due = rng.random() < self.share if self.share is not None else self.seen % self.every == 0
        if not due or self.left == 0:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def __str__(self) -> str:
        every = f"{self.share * 100:g}%" if self.share is not None else str(self.every)
        return f"{self.fault}:{every}" + ("" if self.left is None else f":{self.left}")


class FaultPlan:
    """What is still to go wrong. It may be changed from any thread while calls come in.

    A queued fault waits for the next call that it suits; it goes before the rules, and of several rules
    that fall on one call the first acts. Every rule counts every call that it suits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._queue: deque[Fault] = deque()
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self.rng = random.Random(None if settings.seed is None else f"faults {settings.seed}")

    def next(self, *faults: str) -> None:
        """Queue faults, one for each of the next calls. Raises `FaultError`; then none is queued."""
        parsed = [Fault.parse(each) for each in faults]
        with self._lock:
            self._queue.extend(parsed)

    def every(self, *rules: str) -> None:
        """Add rules `KIND:EVERY[:COUNT]`. Raises `FaultError`; then none is added."""
        parsed = [Rule.parse(each) for each in rules]
        with self._lock:
            self._rules.extend(parsed)

    def clear(self) -> None:
        """Forget the queue and the rules. The accept rate is a setting and stays."""
        with self._lock:
            self._queue.clear()
            self._rules.clear()

    def pending(self) -> list[str]:
        """The queue in order, as it would be written."""
        with self._lock:
            return [str(each) for each in self._queue]

    def rules(self) -> list[str]:
        """The rules, as they would be written."""
        with self._lock:
            return [str(each) for each in self._rules]

    def choose(self, api: str, call: str) -> Fault | None:
        """The fault that falls on this call."""
        with self._lock:
            due = [rule.fault for rule in self._rules if rule.fault.suits(api, call) and rule.due(self.rng)]
            queued = next((each for each in self._queue if each.suits(api, call)), None)
            if queued is not None:
                self._queue.remove(queued)
            return queued or (due[0] if due else None)

    def judge(self, fault: Fault | None, api: str) -> Judge | None:
        """Which messages of a call are refused: by the fault, or by the accept rate."""
        if fault is not None and fault.kind.judge is not None:
            return fault.kind.judge(api, fault.value)
        if self._settings.accept_rate >= 1:
            return None
        return lambda index, count: (
            _TRANSIENT(api, 0) if self.rng.random() >= self._settings.accept_rate else None
        )


def _kind(name: str) -> tuple[Kind, bool]:
    """The kind of a written name, and whether the call is carried out."""
    if name in KINDS:
        return KINDS[name], KINDS[name].accepts
    for suffix, accepts in (("-before", False), ("-after", True)):
        kind = KINDS.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if kind is not None and kind.either:
            return kind, accepts
    near = get_close_matches(name, KINDS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise FaultError(f"There is no fault named {name!r}.{hint}")


def _count(text: str, number: str) -> int:
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 1_000_000_000):
        raise FaultError(f"Fault {text!r}: {number!r} must be a whole number from 1.")
    return int(number)
