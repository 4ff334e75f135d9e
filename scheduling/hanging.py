"""Messages to those told that wait for an answer: released, or withdrawn with it, in one transaction.

Somebody who counts as told only because a message is being sent may turn out not to have been told.
What goes "to those told" waits for that answer, whichever handler it comes through.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from scheduling import lifecycle, told
from scheduling.told import Then
from storage import hearing, outbox
from storage.database import Transaction
from storage.hearing import Hanging

NOT_TOLD = "its recipient had not been told"


def answered(tx: Transaction, ids: Iterable[int], now: datetime) -> None:
    """Go on with what waited for the answers to these messages, as these now are."""
    _settle(tx, hearing.waiting_for(tx, list(ids)), now)


def settle_what_is_over(tx: Transaction, now: datetime) -> int:
    """Go on with messages that wait for one that has ended in any other way. Gives how many."""
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
    found = outbox.current(tx, ids)
    steps = {key: lifecycle.not_concerned(message, NOT_TOLD, now) for key, message in found.items()}
    outbox.change(tx, {key: lifecycle.columns_of(step) for key, step in steps.items()}, now)
    tx.review(now, *(entry for step in steps.values() for entry in step.review))
