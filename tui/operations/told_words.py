"""How it is said who was told of an occurrence and who was not."""

from scheduling.gateways.wording import said
from scheduling.told import PersonTold, Tally
from storage.vocabulary import WITHDRAWN, MessageState

MOST_NAMED = 5

_WHY = {
    MessageState.QUEUED: "waiting",
    MessageState.UNKNOWN: "outcome unknown",
    MessageState.CANCELLED: "cancelled",
    MessageState.EXPIRED: "expired unsent",
    MessageState.UNDELIVERED: "not delivered",
}


def name_of(person: PersonTold) -> str:
    return person.name or person.to or ""


def why_not(person: PersonTold) -> str:
    """Why somebody was not told: "25 invalid number", "has no telephone number"."""
    if person.left_out is not None:
        return person.left_out
    if person.held_until is not None:
        return f"held until {person.held_until.astimezone():%H:%M}: {person.held_why}"
    fact = person.fact
    if fact is None:
        return ""
    if fact.error_code == WITHDRAWN or fact.state is MessageState.FAILED:
        return said(fact.error_code, fact.error) or "failed"
    return _WHY.get(fact.state, str(fact.state))


def in_short(tally: Tally) -> str:
    """ "Told 9 of 12 · 1 waiting · not: Joe Hart (25 invalid number), Amy Lee (has no number)"."""
    if not tally.people:
        return "Told nobody"
    parts = [f"Told {len(tally.told):,} of {len(tally.people):,}"]
    if tally.waiting:
        parts.append(f"{len(tally.waiting):,} waiting")
    missed = [f"{name_of(person)} ({why_not(person)})" for person in tally.missed]
    if missed:
        more = f" and {len(missed) - MOST_NAMED:,} more" if len(missed) > MOST_NAMED else ""
        parts.append(f"not: {', '.join(missed[:MOST_NAMED])}{more}")
    return " · ".join(parts)
