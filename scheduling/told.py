"""Who has heard of an occurrence, who is told of it, and whether nobody is. Pure: facts in, answers out.

Only messages of the Created and Escalated tabs tell of an occurrence. A person is a user, else a
bare number. Documented in docs/alerts.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from storage.hearing import TELLING, MessageFact, MissedPerson
from storage.vocabulary import MessageState, OnUnknown, OutcomeKind

SURE = frozenset({MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.SENDING})
ARRIVED = frozenset({MessageState.ACCEPTED, MessageState.DELIVERED})

# How often at most a tab is sent again because nobody was told; the pause grows up to the longest.
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=60)
# A message that waits is about to go: for so long nobody need hear that nobody was told.
SOON = timedelta(minutes=1)

Person = int | str


def person_of(user_id: int | None, to: str) -> Person:
    """A user by id, else a bare number."""
    return to if user_id is None else user_id


def who(fact: MessageFact) -> Person:
    return person_of(fact.user_id, fact.to)


def may_have_heard(fact: MessageFact) -> bool:
    """Whether this message may have told its person of the occurrence, however unlikely."""
    if fact.stage not in TELLING:
        return False
    unsure = fact.state is MessageState.UNKNOWN or fact.may_arrive_twice or fact.unknowns > 0
    return fact.state in SURE or unsure


def is_told(fact: MessageFact, now: datetime) -> bool:
    """Whether this message tells its person of the occurrence, as far as is known.

    An unknown outcome counts for one Retry Rate after the last attempt: for an alarm a duplicate
    beats a loss. Where the handler holds unknown outcomes for an operator, it counts on.
    """
    if fact.stage not in TELLING:
        return False
    if fact.state in SURE:
        return True
    if fact.state is MessageState.UNKNOWN and fact.on_unknown is OnUnknown.HOLD:
        return True
    if not may_have_heard(fact) or fact.last_attempt_at is None:
        return False
    return now < fact.last_attempt_at + fact.retry_rate


def waits(fact: MessageFact) -> bool:
    return fact.state is MessageState.QUEUED


def nobody_told(facts: Sequence[MessageFact], now: datetime) -> bool:
    """Whether nobody is told and nothing of the occurrence waits to be sent."""
    return not any(waits(fact) or is_told(fact, now) for fact in facts)


def nobody_knows(facts: Sequence[MessageFact], raised_at: datetime | None, now: datetime) -> bool:
    """Whether an operator should hear that nobody is told. What waits is given a minute to go out."""
    if any(is_told(fact, now) for fact in facts):
        return False
    waiting = any(waits(fact) for fact in facts)
    return not waiting or raised_at is None or now >= raised_at + SOON


def only_unsure(facts: Sequence[MessageFact], now: datetime) -> bool:
    """Whether all that tells of the occurrence are messages of unknown outcome held for an operator."""
    telling = [fact for fact in facts if is_told(fact, now)]
    return bool(telling) and all(
        fact.state is MessageState.UNKNOWN and fact.on_unknown is OnUnknown.HOLD for fact in telling
    )


def all_refused_for_good(facts: Iterable[MessageFact]) -> bool:
    """Whether every failure is one that cannot pass by itself. Where nobody could be reached: yes."""
    return all(
        fact.state is MessageState.FAILED and fact.outcome == OutcomeKind.REJECTED
        for fact in facts
        if fact.stage in TELLING
    )


def pause_needed(
    facts: Sequence[MessageFact], last_at: datetime | None, last_pause: timedelta | None, now: datetime
) -> timedelta:
    """How long it is until the tab may be sent again; zero when it may now.

    `last_at` is when it last was and `last_pause` the pause that was set then. A clock that was set
    by more than the pause lets it go: what stands in the future is no reason to wait.
    """
    if last_at is None:
        return timedelta(0)
    pause = shortest_pause(facts)
    if all_refused_for_good(facts):
        pause = max(pause, last_pause or pause)
    since = abs(now - last_at)
    return max(pause - since, timedelta(0))


def next_pause(facts: Sequence[MessageFact], last_pause: timedelta | None) -> timedelta:
    """The pause that follows a sending again: twice the last one where all was refused for good."""
    shortest = shortest_pause(facts)
    if last_pause is None or not all_refused_for_good(facts):
        return shortest
    return max(shortest, min(LONGEST_PAUSE, last_pause * 2))


def shortest_pause(facts: Iterable[MessageFact]) -> timedelta:
    """The longest Retry Rate of the handlers concerned, and at least a minute."""
    return max([SHORTEST_PAUSE, *(fact.retry_rate for fact in facts)])


# Messages to those told


@dataclass(frozen=True, slots=True)
class Heard:
    """Someone who may have heard. `told_by` is the message on whose answer that depends, if it does."""

    user_id: int | None
    user: str | None
    to: str
    told_by: int | None = None


def heard(facts: Iterable[MessageFact]) -> list[Heard]:
    """Everyone who may have heard, each once; first those of whom it depends on no answer."""
    by_person: dict[Person, list[MessageFact]] = {}
    for fact in facts:
        if may_have_heard(fact):
            by_person.setdefault(who(fact), []).append(fact)
    found = [
        Heard(own[-1].user_id, own[-1].user, own[-1].to, _open_answer(own)) for own in by_person.values()
    ]
    return sorted(found, key=lambda person: person.told_by is not None)


def _open_answer(own: Sequence[MessageFact]) -> int | None:
    """The newest message being sent, where the person counts for no other reason."""
    if not all(_only_sending(fact) for fact in own):
        return None
    return own[-1].message_id


def _only_sending(fact: MessageFact) -> bool:
    return fact.state is MessageState.SENDING and not fact.may_arrive_twice and not fact.unknowns


class Then(StrEnum):
    """What becomes of a message to those told that waits for an answer."""

    WAIT = "wait"
    GO = "go"
    WITHDRAW = "withdraw"


def then(facts: Iterable[MessageFact], person: Person, told_by: int) -> tuple[Then, int]:
    """What becomes of it now, and the message it goes on waiting for.

    `facts` are those of its occurrence, `person` its recipient and `told_by` what it waited for.
    """
    own = [fact for fact in facts if who(fact) == person and fact.stage in TELLING]
    counting = [fact for fact in own if may_have_heard(fact)]
    if counting:
        other = _open_answer(counting)
        return (Then.GO, told_by) if other is None else (Then.WAIT, other)
    if any(fact.message_id == told_by and waits(fact) for fact in own):
        return Then.WAIT, told_by
    return Then.WITHDRAW, told_by


# Person by person


@dataclass(frozen=True, slots=True)
class HeldFor:
    """Somebody for whom a message is held, until when and why."""

    user_id: int | None
    name: str | None
    to: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class PersonTold:
    """What is known of one person. `fact` is the message that says so; None for one left out."""

    user_id: int | None
    name: str | None
    to: str | None
    told: bool = False
    waits: bool = False
    fact: MessageFact | None = None
    left_out: str | None = None
    held_until: datetime | None = None
    held_why: str | None = None

    @property
    def at(self) -> datetime | None:
        """When they were told: accepted, or tried while that is not known."""
        if self.fact is None or not self.told:
            return None
        return self.fact.finished_at or self.fact.last_attempt_at


@dataclass(frozen=True, slots=True)
class Tally:
    """Everyone whom an occurrence was to tell, in the order in which they were named."""

    people: tuple[PersonTold, ...] = field(default=())

    @property
    def told(self) -> tuple[PersonTold, ...]:
        return tuple(person for person in self.people if person.told)

    @property
    def waiting(self) -> tuple[PersonTold, ...]:
        return tuple(person for person in self.people if person.waits and not person.told)

    @property
    def missed(self) -> tuple[PersonTold, ...]:
        return tuple(person for person in self.people if not person.told and not person.waits)


def tally(
    facts: Iterable[MessageFact],
    missed: Iterable[MissedPerson],
    now: datetime,
    held: Iterable[HeldFor] = (),
) -> Tally:
    """Who is told and who is not, person by person."""
    by_person: dict[Person, list[MessageFact]] = {}
    for fact in facts:
        if fact.stage in TELLING:
            by_person.setdefault(who(fact), []).append(fact)
    people = [_person(own, now) for own in by_person.values()]
    waiting: dict[Person, HeldFor] = {}
    for one in held:
        waiting.setdefault(person_of(one.user_id, one.to), one)
    people = [_also_held(each, waiting) for each in people]
    people += [
        PersonTold(one.user_id, one.name, one.to, waits=True, held_until=one.until, held_why=one.why)
        for person, one in waiting.items()
        if person not in by_person
    ]
    people += [
        PersonTold(person.user_id, person.name, None, left_out=person.reason)
        for person in missed
        if person.user_id is None or (person.user_id not in by_person and person.user_id not in waiting)
    ]
    return Tally(tuple(people))


def _also_held(person: PersonTold, waiting: Mapping[Person, HeldFor]) -> PersonTold:
    """Somebody of whom a message is known, and for whom one is held besides."""
    found = waiting.get(person_of(person.user_id, person.to or ""))
    if found is None or person.told:
        return person
    return replace(person, waits=True, held_until=found.until, held_why=found.why)


def _person(own: Sequence[MessageFact], now: datetime) -> PersonTold:
    telling = [fact for fact in own if is_told(fact, now)]
    arrived = [fact for fact in telling if fact.state in ARRIVED]
    fact = (arrived or telling or own[::-1])[0]
    return PersonTold(fact.user_id, fact.user, fact.to, bool(telling), any(waits(each) for each in own), fact)
