"""Messages to those told that wait for an answer: released, or withdrawn with it, in one transaction.

Somebody who counts as told only because a message is being sent may turn out not to have been told.
What goes "to those told" waits for that answer, whichever handler it comes through.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from scheduling import phone, told
from scheduling.told import Then
from storage import hearing, outbox
from storage.database import Transaction
from storage.hearing import Hanging
from storage.records import Message, ReviewEntry
from storage.vocabulary import Category, EntryKind

NOT_TOLD = "its recipient had not been told"


def answered(tx: Transaction, ids: Iterable[int], now: datetime) -> None:
    """Go on with what waited for the answers to these messages, as these now are."""
    _settle(tx, hearing.waiting_for(tx, list(ids)), now)


def settle_what_is_over(tx: Transaction, now: datetime) -> int:
    """The same for whatever waits for a message that has ended otherwise; how many those were."""
    found = hearing.waiting_for_what_is_over(tx)
    _settle(tx, found, now)
    return len(found)


def _settle(tx: Transaction, waiting: Iterable[Hanging], now: datetime) -> None:
    by_occurrence: dict[int, list[Hanging]] = {}
    for each in waiting:
        by_occurrence.setdefault(each.occurrence_id, []).append(each)
    for occurrence_id, found in by_occurrence.items():
        facts = hearing.of_occurrence(tx, occurrence_id)
        people = {fact.message_id: told.who(fact) for fact in facts}
        lost = []
        for each in found:
            then, other = told.then(facts, people[each.message_id], each.told_by)
            if then is Then.GO:
                hearing.release(tx, each.message_id, now)
            elif then is Then.WITHDRAW:
                lost.append(each.message_id)
            elif other != each.told_by:
                hearing.wait_for(tx, each.message_id, other)
        _withdraw(tx, lost, now)


def _withdraw(tx: Transaction, ids: Collection[int], now: datetime) -> None:
    for message in outbox.current(tx, ids).values():
        hearing.withdraw(tx, message.id, NOT_TOLD, now)
        tx.review(now, _said(message))


def _said(message: Message) -> ReviewEntry:
    number = phone.readable(message.to)
    who = f"{message.user} {number}" if message.user else number
    return ReviewEntry(
        Category.MESSAGE,
        f"{who}: withdrawn: {NOT_TOLD}",
        handler_id=message.handler_id,
        handler=message.handler,
        user_id=message.user_id,
        user=message.user,
        message_id=message.id,
        alert_id=message.alert_id,
        occurrence_id=message.occurrence_id,
        kind=EntryKind.WITHDRAWN,
    )
