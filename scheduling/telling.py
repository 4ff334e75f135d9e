"""Carrying out a tab of an alert: its actions, with an occurrence's fields as they are now.

Whatever sends for an alert comes by here: a raise, a step by hand, and each step of its answer plan.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from scheduling import kept_back, told
from scheduling.actions import NOTHING_WAITS, Queued, Waiting, carry_out
from scheduling.answer_plan import levels_of
from scheduling.kept_back import Then
from storage import hearing, occurrences
from storage.alerts import Alert, AlertField
from storage.database import Transaction
from storage.hearing import TELLING
from storage.names import key_of
from storage.occurrences import Occurrence
from storage.outbox import Submission
from storage.records import Action
from storage.vocabulary import Origin, Stage

# The fields that every occurrence has; a message may use them whatever the alert declares.
BUILT_IN = (
    "Alert",
    "Priority",
    "Description",
    "Key",
    "Stage",
    "Count",
    "Raised At",
    "Raised By",
    "Claimed By",
    "Operator",
    "Note",
    "Times Told",
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of an alert; of the Escalated one a level, or all that were entered (`up_to`)."""

    stage: Stage
    level: int | None = None
    up_to: bool = False

    def holds(self, action: Action) -> bool:
        if action.stage != self.stage:
            return False
        own = action.level or 1
        return self.level is None or (own <= self.level if self.up_to else own == self.level)

    def actions_of(self, alert: Alert) -> list[Action]:
        return [action for action in alert.actions if self.holds(action)]

    def sends(self, alert: Alert) -> bool:
        """Whether it has an action that sends."""
        return any(action.enabled for action in self.actions_of(alert))


CREATED = Tab(Stage.CREATED)


def event_of(tab: Tab) -> str:
    """How an occurrence's life names that a tab was entered: a stage, or "Escalated, level 2"."""
    return f"{tab.stage}, level {tab.level}" if (tab.level or 1) > 1 else tab.stage


def last_tab(alert: Alert, occurrence: Occurrence) -> Tab | None:
    """The tab that was sent last to tell of an open occurrence; None where none has an action."""
    if occurrence.stage not in TELLING:
        return None
    return last_told(alert, occurrence)


def last_told(alert: Alert, occurrence: Occurrence) -> Tab | None:
    """The tab that was sent last to tell of an occurrence, whatever its stage."""
    level = Tab(Stage.ESCALATED, occurrence.level)
    return next((tab for tab in (level, CREATED) if (tab is CREATED or tab.level) and tab.sends(alert)), None)


def escalation(alert: Alert, occurrence: Occurrence) -> Tab:
    """The level of the Escalated tab that an escalation enters now."""
    level = next((each for each in levels_of(alert) if each > occurrence.level), None)
    return Tab(Stage.ESCALATED, level or max(occurrence.level, 1))


def waiting_for(tx: Transaction, occurrence: Occurrence) -> Waiting:
    """Whom messages that tell of the occurrence wait for."""
    found: dict[told.Person, list[hearing.MessageFact]] = {}
    for fact in hearing.of_occurrence(tx, occurrence.id):
        if fact.stage in TELLING and told.waits(fact):
            found.setdefault(told.who(fact), []).append(fact)
    return found


def send_tab(
    tx: Transaction,
    alert: Alert,
    occurrence: Occurrence,
    tab: Tab,
    now: datetime,
    *,
    operator: str | None = None,
    why: str | None = None,
    note: str = "",
    skip: Collection[told.Person] = (),
    waiting: Waiting = NOTHING_WAITS,
    step_id: int | None = None,
) -> Queued:
    """Carry out the actions of a tab. `step_id` is the step of the plan that this is, or belongs to.

    Not, or not for all, where a silence keeps it back: `kept_back`.
    """
    rule = kept_back.rule(tx, occurrence, tab.stage, now)
    if rule.then is Then.KEEP:
        occurrences.change(tx, occurrence.id, kept_back=kept_back.kept(occurrence, tab.stage))
    if rule.then in (Then.KEEP, Then.NOTHING):
        return Queued(kept=rule.why)
    if tab.stage in TELLING and occurrence.kept_back is not None:
        occurrences.change(tx, occurrence.id, kept_back=None)
    times = occurrence.times_told + (tab.stage in TELLING)
    submission = Submission(
        Origin.ALERT,
        operator=operator,
        alert_id=alert.id,
        occurrence_id=occurrence.id,
        stage=tab.stage,
        priority=alert.priority,
        why=why,
        step_id=(step_id or occurrence.step_id) if tab.stage in TELLING else None,
    )
    queued = carry_out(
        tx,
        tab.actions_of(alert),
        submission,
        now,
        values=values_of(alert, occurrence, tab.stage, occurrence.owner, operator, note, times),
        useful_life=alert.useful_life,
        skip=skip,
        waiting=waiting,
        only=kept_back.heard_of(tx, occurrence.id) if rule.then is Then.TO_THOSE_TOLD else None,
    )
    if times != occurrence.times_told and not queued.reaches_nobody:
        occurrences.change(tx, occurrence.id, times_told=times)
    return queued


def known_fields(declared: Iterable[AlertField]) -> list[str]:
    """The names that a message of an alert with these fields may use, besides those of users."""
    return [item.name for item in declared] + list(BUILT_IN)


def values_of(
    alert: Alert,
    occurrence: Occurrence,
    stage: Stage,
    owner: str | None,
    operator: str | None,
    note: str,
    times: int | None = None,
) -> dict[str, str]:
    """What stands in the messages of a stage: the built-in fields and the declared ones."""
    raised = occurrence.raised_at.astimezone() if occurrence.raised_at else None
    own = {
        "Alert": alert.name,
        "Priority": str(alert.priority),
        "Description": alert.description,
        "Key": occurrence.key or "",
        "Stage": str(stage),
        "Count": str(occurrence.count),
        "Raised At": f"{raised:%d %b %H:%M}" if raised else "",
        "Raised By": occurrence.raised_by or "",
        "Claimed By": owner or "",
        "Operator": operator or "",
        "Note": note,
        "Times Told": str(occurrence.times_told if times is None else times),
    }
    given = {key_of(name): value for name, value in occurrence.given.items()}
    declared = {item.name: given.get(key_of(item.name), item.default or "") for item in alert.fields}
    return {**own, **declared}


def sample_values(
    alert: Alert, stage: Stage, operator: str | None, now: datetime, key: str = "(key)"
) -> dict[str, str]:
    """What stands in a message while it is written: what is known already, else a sample of it.

    A value that a raise or a step gives shows as its name in brackets. What the alert leaves empty
    stays empty, as it will be.
    """
    given = {item.name: item.default or f"({item.name})" for item in alert.fields}
    who = operator or "(operator)"
    sample = Occurrence(0, alert.id, alert.name, alert.priority, key, stage, 1, who, given, who, now, now)
    return values_of(alert, sample, stage, who, who, "(note)", 1)
