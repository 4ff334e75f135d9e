"""When a message is attempted again: exactly the plan, nothing added to it.

An attempt is planned at first + n x rate while that is before first + stop. There is no
jitter, no back-off and no cap. All times are aware UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

RATE_FIELD = "Retry Rate (mins)"
STOP_FIELD = "Stop Retrying After (mins)"

_ZERO = timedelta(0)
_LONGEST_LIST = 8  # offsets that are written out one by one


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """A handler's Retry Settings. `rate` is the pause between attempts, `stop` the length of the window.

    The window opens at the first attempt. 0 in either field means one attempt. Raises
    `ValueError` for a negative time.
    """

    rate: timedelta
    stop: timedelta

    def __post_init__(self) -> None:
        if self.rate < _ZERO or self.stop < _ZERO:
            raise ValueError(f"{RATE_FIELD} and {STOP_FIELD} cannot be negative")

    @classmethod
    def minutes(cls, rate: float, stop: float) -> "RetryPlan":
        """The plan from the two fields as people fill them in, in minutes."""
        return cls(timedelta(minutes=rate), timedelta(minutes=stop))

    @property
    def attempts(self) -> int:
        """How many attempts the plan holds, the first one included."""
        if not self.rate or not self.stop:
            return 1
        return -(-self.stop // self.rate)

    def offsets(self) -> Iterator[timedelta]:
        """The planned times, counted from the first attempt."""
        return (n * self.rate for n in range(self.attempts))

    def window_closes(self, first: datetime) -> datetime:
        """From this time on no attempt is made. `first` is when the first attempt was made."""
        return first + self.stop if self.rate else first


def next_attempt(
    plan: RetryPlan,
    first: datetime,
    last: datetime,
    now: datetime,
    not_before: datetime | None = None,
) -> datetime | None:
    """The planned time of the attempt that follows the one just made; None where none is left.

    `first` is when the first attempt was made; `last` is the planned time of the last one
    (`first` itself after the first attempt, later whatever this function returned).
    `not_before` is the gateway's Retry-After. A planned time that is already past is due
    at once: of several the newest is returned and the older ones fall away, so that a
    restart sends one message and not a burst. Nothing is ever planned at or after the
    window's end.
    """
    closes = plan.window_closes(first)
    slot = _slot(plan, first, last) + 1
    if slot >= plan.attempts or now >= closes:
        return None
    newest_overdue = min(_slot(plan, first, now), plan.attempts - 1)
    due = first + max(slot, newest_overdue) * plan.rate
    if not_before is not None and not_before > due:
        due = not_before
    return due if due < closes else None


def _slot(plan: RetryPlan, first: datetime, at: datetime) -> int:
    """The number of the newest planned time not after `at`. Retry-After may have moved `at` off the plan."""
    return max(0, (at - first) // plan.rate) if plan.rate else 0


def describe(plan: RetryPlan) -> str:
    """The plan in words and times: "5 attempts: now, +1, +2, +3, +4 min"."""
    count = plan.attempts
    if count == 1:
        return "1 attempt: now, no retry"
    unit, name = _unit(plan.rate)
    if count <= _LONGEST_LIST:
        times = ", ".join(f"+{_figure(offset / unit)}" for offset in plan.offsets() if offset)
        return f"{count} attempts: now, {times} {name}"
    every, until = _figure(plan.rate / unit), _figure((count - 1) * plan.rate / unit)
    return f"{count:,} attempts: now, then every {every} {name} until +{until} {name}"


def warning(plan: RetryPlan) -> str | None:
    """A sentence when the plan holds no retry, naming the field to change; else None."""
    if plan.attempts > 1:
        return None
    if not plan.rate:
        return f"No retry: {RATE_FIELD} is 0. A message that fails once is not tried again."
    if not plan.stop:
        return f"No retry: {STOP_FIELD} is 0. A message that fails once is not tried again."
    return (
        f"No retry: {STOP_FIELD} must be more than {RATE_FIELD}. "
        "A message that fails once is not tried again."
    )


def _unit(rate: timedelta) -> tuple[timedelta, str]:
    minute = timedelta(minutes=1)
    return (minute, "min") if rate % minute == _ZERO else (timedelta(seconds=1), "s")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}".rstrip("0")
