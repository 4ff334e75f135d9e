"""Who gets what: from the people named and a text to one message a person, and who is left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling import sms_text, templates
from storage.audience import Candidate
from storage.records import MessageDraft

NO_NUMBER = "has no telephone number"
DISABLED = "is disabled"
REMOVED = "was removed"
NO_FIELD = "the site has no Telephone Number field yet"
BAD_NUMBER = "has a telephone number that cannot be sent to"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Someone who will get nothing, and why, to be read as "NAME REASON"."""

    name: str
    reason: str
    group: str | None = None
    user_id: int | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.reason}"


@dataclass(frozen=True, slots=True)
class Reached:
    user_id: int | None
    name: str | None
    number: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Composed:
    """The messages to queue. `missing` names template fields that had no value, `cut` who got a cut text."""

    drafts: tuple[MessageDraft, ...]
    missing: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()  # who shares a number and a text with another, and gets it once

    @property
    def parts(self) -> int:
        return sum(draft.segments for draft in self.drafts)

    @property
    def longest(self) -> MessageDraft:
        """The message of most parts; of those the longest text."""
        return max(self.drafts, key=lambda draft: (draft.segments, len(draft.text)))


def choose(candidates: Iterable[Candidate]) -> tuple[list[Reached], list[LeftOut]]:
    """Split the people named into those who can be reached and those who cannot."""
    reached: list[Reached] = []
    left_out: list[LeftOut] = []
    for person in candidates:
        reason = _reason(person)
        if reason:
            left_out.append(LeftOut(person.name or "", reason, person.group, person.user_id))
        else:
            reached.append(Reached(person.user_id, person.name, person.number or "", person.values))
    return reached, left_out


def _reason(person: Candidate) -> str | None:
    if person.removed:
        return REMOVED
    if not person.enabled:
        return DISABLED
    if not person.number:
        return NO_NUMBER
    digits = person.number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15 and digits[0] != "0"):
        return BAD_NUMBER
    return None


def compose(
    reached: Sequence[Reached],
    text: str,
    *,
    handler_id: int,
    now: datetime,
    useful_life: timedelta,
    most_parts: int,
    values: Mapping[str, str] | None = None,
    literal: bool = False,
    cut: bool = False,
) -> Composed:
    """One draft a person; equal number and equal final text go once.

    `values` are fields that are the same for all (an alert's own). `literal` leaves braces
    alone. `cut` shortens a text that is too long instead of leaving it to the caller to refuse.
    """
    drafts: list[MessageDraft] = []
    seen: set[tuple[str, str]] = set()
    missing: dict[str, None] = {}
    shortened: list[str] = []
    joined: list[str] = []
    for person in reached:
        final = text
        if not literal:
            known = {**templates.user_values(person.name or "", person.values), **(values or {})}
            rendered = templates.render(text, known)
            final = rendered.text
            missing.update(dict.fromkeys(rendered.missing))
        final = sms_text.normalise(final)
        if cut:
            final, was_cut = sms_text.shorten(final, most_parts)
            if was_cut:
                shortened.append(person.name or person.number)
        if (person.number, final) in seen:
            joined.append(person.name or person.number)
            continue
        seen.add((person.number, final))
        drafts.append(
            MessageDraft(
                handler_id=handler_id,
                to=person.number,
                text=final,
                segments=sms_text.measure(final).parts,
                user_id=person.user_id,
                user_name=person.name,
                expires_at=now + useful_life,
            )
        )
    return Composed(tuple(drafts), tuple(missing), tuple(shortened), tuple(joined))
