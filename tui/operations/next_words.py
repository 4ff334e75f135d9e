"""What comes next of an occurrence, in a few words: "level 1 in 4:10", "claim ends 15:20"."""

from datetime import datetime, timedelta

from scheduling.answer_plan import next_level
from storage.vocabulary import PlanRest, StepKind
from tui.operations.occurrences import OccurrenceView


def next_of(view: OccurrenceView, now: datetime) -> str:
    """What its plan does next and in how long, or until when a claim holds; empty where nothing comes."""
    found = view.occurrence
    if found.claim_until is not None:
        return f"claim ends {_clock(found.claim_until, now)}"
    if not found.unanswered:
        return ""
    if found.answer_due_at is None:
        return "nobody answered" if found.plan_rest is PlanRest.STOPPED else "plan rests"
    return f"{what_of(view)} in {countdown(found.answer_due_at - now)}"


def what_of(view: OccurrenceView) -> str:
    """What its plan does next: "again", "level 2", "given up"."""
    found = view.occurrence
    if found.plan_rest is not None:
        return f"round {found.round + 1}"
    if found.step >= len(view.plan):
        return "given up"
    if view.plan[found.step].what is StepKind.REPEAT:
        return "again"
    level = next_level(view.levels, found.level)
    return "given up" if level is None else f"level {level}"


def countdown(left: timedelta) -> str:
    """A length in minutes and seconds, or in hours and minutes where it is an hour or more: "4:10"."""
    seconds = max(0, round(left.total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02}"


def _clock(at: datetime, now: datetime) -> str:
    local = at.astimezone()
    return f"{local:%H:%M}" if at - now < timedelta(hours=20) else f"{local:%a %H:%M}"
