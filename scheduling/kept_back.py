"""What of an occurrence's tabs is not sent for now: a silence, or an alert that is to settle first.

`rule` is asked wherever a tab is carried out, in that transaction. The engine carries out what is due
when a silence has ended or an occurrence has settled (`scheduling.releasing`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from scheduling import holds, told
from scheduling.told import Person
from storage import hearing
from storage import holds as stored
from storage.alerts import Alert
from storage.database import Transaction
from storage.hearing import TELLING
from storage.occurrences import Occurrence
from storage.vocabulary import Stage

BEGAN_IN_A_SILENCE = "it began in a silence, and nobody had been told"


class Then(StrEnum):
    """What becomes of a tab."""

    SEND = "send"
    TO_THOSE_TOLD = "to those told"  # and to nobody else
    KEEP = "keep"  # sent at the end of the silence, if still open
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Rule:
    then: Then
    why: str = ""


SEND = Rule(Then.SEND)


def rule(connection: sa.Connection | Transaction, occurrence: Occurrence, tab: Stage, now: datetime) -> Rule:
    """What becomes of a tab of an occurrence as things are."""
    silence = holds.silencing(stored.silences(connection), occurrence.alert_id, occurrence.key, now)
    return decide(tab, occurrence.kept_back, None if silence is None else holds.silence_said(silence))


def decide(tab: Stage, kept_back: Stage | None, silenced: str | None) -> Rule:
    """The rule, of values alone. `silenced` says the silence that holds, if one does.

    Restored goes to those told of an occurrence that was there before the silence. Of one that began in
    it nobody hears anything, until what tells of it has been sent.
    """
    unheard_of = kept_back is Stage.CREATED
    if silenced is None:
        if unheard_of and tab not in TELLING:
            return Rule(Then.NOTHING, BEGAN_IN_A_SILENCE)
        return SEND
    if tab in TELLING:
        return Rule(Then.KEEP, silenced)
    if tab in holds.ENDS and not unheard_of:
        return Rule(Then.TO_THOSE_TOLD, silenced)
    return Rule(Then.NOTHING, silenced)


def silenced(connection: sa.Connection | Transaction, occurrence: Occurrence, now: datetime) -> bool:
    """Whether a silence holds for it now, or has kept something of it back."""
    if occurrence.kept_back is not None:
        return True
    return holds.silencing(stored.silences(connection), occurrence.alert_id, occurrence.key, now) is not None


def heard_of(connection: sa.Connection | Transaction, occurrence_id: int) -> frozenset[Person]:
    """Everyone who may have heard of an occurrence so far."""
    facts = hearing.of_occurrence(connection, occurrence_id)
    return frozenset(told.person_of(one.user_id, one.to) for one in told.heard(facts))


def kept(occurrence: Occurrence, tab: Stage) -> Stage:
    """The tab that is kept back once this one is: the beginning stays the beginning."""
    return Stage.CREATED if occurrence.kept_back is Stage.CREATED else tab


def tabs_due(occurrence: Occurrence) -> list[Stage]:
    """What is sent at the end of a silence: Created, and Escalated where it has come to that."""
    if occurrence.kept_back is None:
        return []
    tabs = [occurrence.kept_back]
    if occurrence.stage is Stage.ESCALATED and Stage.ESCALATED not in tabs:
        tabs.append(Stage.ESCALATED)
    return tabs


def waits_to_settle(alert: Alert, occurrence: Occurrence, stage: Stage) -> bool:
    """Whether a step's messages are sent only once the occurrence has stayed so."""
    return (
        stage is Stage.RESTORED
        and occurrence.kept_back is not Stage.CREATED
        and holds.settles(alert.settle, occurrence.key) is not None
    )
