"""What the review says of alerts: what happened stands in values by then, and nothing reads these words."""

from collections.abc import Mapping
from datetime import timedelta

from scheduling import holding, withdrawal
from scheduling.actions import Queued, names_of
from scheduling.stages import DONE
from scheduling.telling import Tab
from storage.alerts import Alert
from storage.occurrences import Occurrence
from storage.records import Message, ReviewEntry
from storage.vocabulary import Category, EntryKind, Level, Stage

MOST_NOTED = 2000  # characters of what is given with a raise that is counted: a source may repeat it for days
MOST_OF_A_VALUE = 200

NOBODY_HAD_BEEN = "nobody had been told"


def noted(given: Mapping[str, str]) -> str:
    """What was given with a raise that is counted, for the story: the beginning of long values."""
    found: list[str] = []
    room = MOST_NOTED
    for name, value in given.items():
        text = f"{name}={value}" if len(value) <= MOST_OF_A_VALUE else f"{name}={value[:MOST_OF_A_VALUE]}..."
        room -= len(text) + 2
        if room < 0:
            found.append(f"and {len(given) - len(found):,} more")
            break
        found.append(text)
    return ", ".join(found)


def stage_entries(
    alert: Alert,
    occurrence: Occurrence,
    done: str,
    queued: Queued,
    operator: str | None,
    note: str,
) -> list[ReviewEntry]:
    """What was done to an occurrence (`stage_said`), what that sent, and who was left out."""
    count = recipients_counted(queued)
    said = f"{alert.name} {done}{key_in_brackets(occurrence.key)}: {count}" + (f" ({note})" if note else "")
    return entries_with_problems(alert, occurrence, said, queued, operator)


def stage_said(tab: Tab) -> str:
    """What has been done to an occurrence that has come into a stage: "escalated to level 2"."""
    return f"{DONE[tab.stage]} to level {tab.level}" if (tab.level or 1) > 1 else DONE[tab.stage]


def recipients_counted(queued: Queued) -> str:
    number = len(queued.message_ids)
    count = f"{number} {'recipient' if number == 1 else 'recipients'}" if number else "nothing sent"
    if queued.held:
        count = f"{count if number else 'nothing sent now'}, {len(queued.held)} held"
    if queued.kept:
        count = f"{count}, {queued.kept}"
    return f"{count}, {NOBODY_HAD_BEEN}" if queued.nobody_told else count


def entries_with_problems(
    alert: Alert,
    occurrence: Occurrence,
    said: str,
    queued: Queued,
    operator: str | None,
    level: Level = Level.INFO,
) -> list[ReviewEntry]:
    """What was done, who was left out, and what else an operator should know."""
    entries = [alert_entry(alert, occurrence.id, said, level, operator, kind=EntryKind.STAGE)]
    if queued.left_out:
        text = f"{alert.name} leaves out: {names_of(queued.left_out)}"
        entries.append(alert_entry(alert, occurrence.id, text, Level.WARNING, kind=EntryKind.LEFT_OUT))
    about = alert_entry(
        alert, occurrence.id, f"{alert.name}{key_in_brackets(occurrence.key)}", kind=EntryKind.HELD
    )
    entries += holding.entries(about, queued.held, queued.passed)
    for problem in queued.problems:
        text = f"{alert.name}: {problem}"
        entries.append(alert_entry(alert, occurrence.id, text, Level.WARNING, kind=EntryKind.NOTE))
    return entries


def withdrawn_entries(
    alert: Alert, occurrence: Occurrence, stage: Stage, waited: list[Message], operator: str | None = None
) -> list[ReviewEntry]:
    """One entry for all that a step withdrew, naming people; none where nothing waited."""
    if not waited:
        return []
    text = f"{alert.name}{key_in_brackets(occurrence.key)} {DONE[stage]}: {withdrawal.said(waited)}"
    return [alert_entry(alert, occurrence.id, text, operator=operator, kind=EntryKind.WITHDRAWN)]


def step_refused(occurrence: Occurrence, stage: Stage, reason: str) -> str:
    """The sentence for a step that may not be taken."""
    what = f"occurrence {occurrence.id} of {occurrence.alert}{key_in_brackets(occurrence.key)}"
    return f"{what} cannot be {DONE[stage]}: {reason}"


def minutes_said(length: timedelta) -> str:
    """ "3 min"."""
    return f"{length.total_seconds() / 60:g} min"


def key_in_brackets(key: str | None) -> str:
    return f" ({key})" if key else ""


def alert_entry(
    alert: Alert,
    occurrence_id: int,
    text: str,
    level: Level = Level.INFO,
    operator: str | None = None,
    *,
    kind: EntryKind,
) -> ReviewEntry:
    return ReviewEntry(
        Category.ALERT,
        text,
        level,
        kind=kind,
        operator=operator,
        alert_id=alert.id,
        alert=alert.name,
        occurrence_id=occurrence_id,
    )
