"""What is not sent any more because an occurrence went on: docs/alerts.md, "What is withdrawn".

`ruling` is the rule, of values alone; everything that withdraws asks it, whether a step is taken or
an answer would plan a retry. An alert's answer plan is handed to it as a value.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from scheduling import hanging, lifecycle, phone
from scheduling.stages import DONE
from storage import held, message_order, occurrences, outbox
from storage.database import Transaction
from storage.records import Message
from storage.vocabulary import ACTIVE_STAGES, MessageState, Origin, Stage

TELLING = frozenset({Stage.CREATED, Stage.ESCALATED})
BEFORE_THE_END = TELLING | {Stage.CLAIMED, Stage.ACTIONED}
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Ruling:
    """Messages of these tabs are not sent any more, since a moment and for a reason ("restored at 14:03")."""

    tabs: frozenset[Stage]
    why: str
    since: datetime
    over: bool = True

    def holds_for(self, message: Message) -> bool:
        """True for a message of these tabs, unless a person has sent it, or sent it again, since."""
        asked_at = message.resent_at or (message.queued_at if not self.over else None)
        return message.stage in self.tabs and (asked_at is None or asked_at <= self.since)


def ruling(stage: Stage, since: datetime, plan: object | None = None) -> Ruling | None:
    """What an occurrence that has come into a stage at a moment withdraws; None: nothing.

    Whoever claims an alert with an answer plan has answered it: nobody else needs to be called. An
    alert without a plan informs, and goes on informing.
    """
    if stage not in ACTIVE_STAGES:
        tabs = BEFORE_THE_END
    elif plan is not None and stage in (Stage.CLAIMED, Stage.ACTIONED):
        tabs = TELLING
    else:
        return None
    return Ruling(tabs, f"{DONE[stage]} at {since.astimezone():%H:%M}", since, stage not in ACTIVE_STAGES)


def withdraw(
    tx: Transaction, occurrence_id: int, stage: Stage, now: datetime, plan: object | None = None
) -> list[Message]:
    """Withdraw what waits and is moot after a step into a stage; gives the messages as they waited."""
    found = ruling(stage, now, plan)
    if found is None:
        return []
    waiting = occurrences.waiting_messages(tx, occurrence_id, found.tabs)
    waiting += _digests_over(tx, occurrence_id, stage, now)
    steps = {message.id: lifecycle.withdrawn(message, found.why, now) for message in waiting}
    outbox.change(tx, {key: lifecycle.columns_of(step) for key, step in steps.items()}, now)
    hanging.answered(tx, steps, now)
    return waiting


def _digests_over(tx: Transaction, occurrence_id: int, stage: Stage, now: datetime) -> list[Message]:
    """Waiting messages that stand for several occurrences, this one among them, all of which are over."""
    if stage in ACTIVE_STAGES:
        return []
    standing = held.standing_for(tx, occurrence_id)
    if not standing:
        return []
    # That this one has ended is written down only after what is moot has been withdrawn.
    over = _over(tx, standing, {occurrence_id: (stage, now)})
    found = outbox.current(tx, over)
    return [message for message in found.values() if message.state is MessageState.QUEUED]


def _over(
    tx: Transaction,
    message_ids: Collection[int],
    also: Mapping[int, tuple[Stage, datetime]] = MappingProxyType({}),
) -> dict[int, Ruling]:
    """Those of these messages whose occurrences are all over, and since when; none that has other texts."""
    named = held.named_by(tx, message_ids)
    for message_id in held.carry_texts(tx, named):
        del named[message_id]
    ends = {**also, **occurrences.ends_of(tx, {each for those in named.values() for each in those})}
    found = {}
    for message_id, those in named.items():
        if all(each in ends for each in those):
            stage, at = max((ends[each] for each in those), key=lambda end: end[1])
            if (rule := ruling(stage, at)) is not None:
                found[message_id] = rule
    return found


def reasons(tx: Transaction, messages: Iterable[Message]) -> dict[int, str]:
    """Which of these are not to be sent again, by id, and why: their occurrence went on by now."""
    messages = list(messages)
    of_alerts = [message for message in messages if message.occurrence_id is not None]
    several = _reasons_of_several(tx, messages)
    if not of_alerts:
        return several
    ids = {message.occurrence_id or 0 for message in of_alerts}
    ends = occurrences.ends_of(tx, ids)
    found = {key: ruling(what, at) for key, (what, at) in ends.items()}
    answers = occurrences.answers_of(tx, ids - ends.keys())
    found |= {key: ruling(what, at, plan=True) for key, (what, at) in answers.items()}
    return several | {
        message.id: holds.why
        for message in of_alerts
        if (holds := found.get(message.occurrence_id or 0)) is not None and holds.holds_for(message)
    }


def _reasons_of_several(tx: Transaction, messages: Iterable[Message]) -> dict[int, str]:
    """The same for messages that stand for several occurrences, all of which are over by now."""
    chosen = {
        message.id: message
        for message in messages
        if message.occurrence_id is None and message.origin is Origin.ALERT
    }
    return {
        message_id: rule.why
        for message_id, rule in (_over(tx, chosen) if chosen else {}).items()
        if (at := chosen[message_id].resent_at) is None or at < rule.since
    }


def told_otherwise(tx: Transaction, accepted: Collection[int], now: datetime) -> None:
    """Withdraw what waits at another handler for a person whom a newer message of its occurrence reached.

    `accepted` are messages that were accepted just now.
    """
    found = message_order.older_through_others(tx, accepted) if accepted else {}
    if not found:
        return
    known = outbox.current(tx, {*found, *found.values()})
    steps = {}
    for older, newer in found.items():
        why = f"told through {known[newer].handler} at {now.astimezone():%H:%M}"
        steps[older] = lifecycle.withdrawn_and_said(known[older], why, now)
    outbox.change(tx, {key: lifecycle.columns_of(step) for key, step in steps.items()}, now)
    tx.review(now, *(entry for step in steps.values() for entry in step.review))
    hanging.answered(tx, steps, now)


def said(waited: Collection[Message]) -> str:
    """What was withdrawn, with whom it would have reached: "2 waiting messages withdrawn (Joe Hart, …)"."""
    gone = [message for message in waited if not message.may_have_arrived]
    unsure = [message for message in waited if message.may_have_arrived]
    parts = []
    if gone:
        parts.append(f"{_counted(len(gone))} withdrawn ({_names(gone)})")
    if unsure:
        parts.append(
            f"{_counted(len(unsure))} not sent again, though an attempt may have arrived ({_names(unsure)})"
        )
    return "; ".join(parts)


def _counted(number: int) -> str:
    return f"{number:,} waiting {'message' if number == 1 else 'messages'}"


def _names(messages: Collection[Message]) -> str:
    names = list(dict.fromkeys(message.user or phone.readable(message.to) for message in messages))
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
