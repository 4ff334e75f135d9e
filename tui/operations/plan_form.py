"""An answer plan as people write it: "5m repeat x3", "10m escalate"; read, checked, and said in words."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from scheduling.answer_plan import MOST_STEPS
from storage.alerts import PlanStep
from storage.vocabulary import PlanThen, StepKind
from tui.operations.errors import Refused
from tui.operations.form_values import MOST_MINUTES

PLAN, CLAIM_LASTS, THEN = "Plan", "Claim lasts", "Then"
EXAMPLE = "write it like 5m repeat x3, or 10m escalate"
LENGTH = re.compile(r"([0-9]{1,9})\s*(m|min|mins|h|d)", re.IGNORECASE)
_MINUTES = {"m": 1, "min": 1, "mins": 1, "h": 60, "d": 1440}
_STEP = re.compile(r"(\S+?(?:\s*(?:m|min|mins|h|d))?)\s+([a-z]+)(?:\s*x\s*([0-9]{1,9}))?", re.IGNORECASE)


def length(text: str, field: str) -> timedelta:
    """A length of time as `5m`, `2h` or `1d`: a minute to a year. Raises `Refused` naming the field."""
    found = LENGTH.fullmatch(text.strip())
    if found is None:
        raise Refused(
            f'{field}: "{text.strip()[:40]}" is no length of time: write it like 5m, 2h or 1d', field
        )
    minutes = int(found[1]) * _MINUTES[found[2].lower()]
    if not 1 <= minutes <= MOST_MINUTES:
        raise Refused(f"{field} must be 1 to {MOST_MINUTES:,} minutes, not {minutes:,}", field)
    return timedelta(minutes=minutes)


def steps_of(texts: Iterable[str]) -> tuple[PlanStep, ...]:
    """The steps of a plan. Each text is a step, repeated as often as it says, or several with commas."""
    found: list[PlanStep] = []
    for text in (part for whole in texts for part in whole.split(",")):
        step, times = _step(text)
        if times > MOST_STEPS:
            raise Refused(f"{PLAN}: {MOST_STEPS} steps at most, not x{times:,}", PLAN)
        found += [step] * times
    return checked(found)


def checked(steps: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    """The steps, where they are not too many."""
    if len(steps) > MOST_STEPS:
        raise Refused(f"{PLAN} has {len(steps)} steps: {MOST_STEPS} at most", PLAN)
    return tuple(steps)


def _step(text: str) -> tuple[PlanStep, int]:
    words = " ".join(text.split())
    found = _STEP.fullmatch(words)
    if found is None:
        raise Refused(f'{PLAN}: "{words[:40]}" is no step: {EXAMPLE}', PLAN)
    try:
        what = StepKind(found[2].lower())
    except ValueError:
        raise Refused(f'{PLAN}: "{found[2][:40]}" is neither repeat nor escalate: {EXAMPLE}', PLAN) from None
    times = int(found[3] or 1)
    if times < 1:
        raise Refused(f'{PLAN}: "{words[:40]}" is made no time at all: {EXAMPLE}', PLAN)
    return PlanStep(length(found[1], PLAN), what), times


def then_of(text: str) -> PlanThen:
    """What follows the last step. Raises `Refused`."""
    try:
        return PlanThen(text.strip().lower())
    except ValueError:
        raise Refused(f'{THEN} "{text.strip()[:40]}" is not known: choose stop or again', THEN) from None


def short(after: timedelta) -> str:
    """A length as it is written in a plan: "5m", "2h"."""
    minutes = after // timedelta(minutes=1)
    return f"{minutes // 60}h" if minutes % 60 == 0 and minutes else f"{minutes}m"


def in_words(plan: Sequence[PlanStep], then: PlanThen = PlanThen.STOP) -> str:
    """A plan as it is written: "5m repeat x2, 5m escalate"; "none" where there is none."""
    parts: list[str] = []
    place = 0
    while place < len(plan):
        same = 1
        while place + same < len(plan) and plan[place + same] == plan[place]:
            same += 1
        times = f" x{same}" if same > 1 else ""
        parts.append(f"{short(plan[place].after)} {plan[place].what}{times}")
        place += same
    again = ", then again" if plan and then is PlanThen.AGAIN else ""
    return (", ".join(parts) or "none") + again
