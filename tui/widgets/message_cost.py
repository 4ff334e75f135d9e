"""What a text costs for the people it goes to, in figures and in sentences, as it is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scheduling import recipients as choosing
from scheduling import sms_text
from scheduling.recipients import Reached
from scheduling.sms_text import Measure

MOST_NAMED = 2  # costly characters named in one sentence


@dataclass(frozen=True, slots=True)
class Cost:
    """The size of the longest message, and of all together.

    `characters` and `measure` are of the longest message; `messages` counts equal number and
    equal text once, as they go once. `missing` are fields that have no value for somebody.
    """

    characters: int
    measure: Measure
    people: int
    messages: int
    total_parts: int
    missing: tuple[str, ...] = ()


def cost_of(text: str, people: Sequence[Reached], values: Mapping[str, str] | None = None) -> Cost:
    """The cost of a text. `values` are fields that are the same for all; None takes the text literally.

    Without people the text is measured as it stands.
    """
    text = sms_text.normalise(text)
    if values is None or not people or "{" not in text + "}":
        measured = sms_text.measure(text)
        messages = len({person.number for person in people})
        return Cost(len(text), measured, len(people), messages, measured.parts * messages)
    composed = choosing.compose(
        people,
        text,
        handler_id=0,
        now=datetime.now(UTC),
        useful_life=timedelta(0),
        most_parts=1,
        values=values,
    )
    longest = max(composed.drafts, key=lambda draft: (draft.segments, len(draft.text)))
    return Cost(
        len(longest.text),
        sms_text.measure(longest.text),
        len(people),
        len(composed.drafts),
        composed.parts,
        composed.missing,
    )


def figures(cost: Cost) -> str:
    """ "87 characters · GSM · 1 part, 73 left · 41 people, 41 parts"."""
    measured = cost.measure
    parts = [_many(cost.characters, "character")]
    if measured.units != cost.characters and measured.encoding == "GSM":
        parts.append(f"{measured.units:,} places")
    parts.append(measured.encoding)
    if measured.parts:
        parts.append(f"{_many(measured.parts, 'part')}, {measured.units_left_in_part} left")
    if cost.people:
        people = f"{cost.people:,} {'person' if cost.people == 1 else 'people'}"
        parts.append(f"{people}, {_many(cost.total_parts, 'part')} in all" if measured.parts else people)
    return " · ".join(parts)


def dear(measured: Measure) -> str | None:
    """Which characters make the text dearer, in a sentence; None when none does."""
    if not measured.costly:
        return None
    named = [sms_text.name_of(costly.char) for costly in measured.costly[:MOST_NAMED]]
    more = len(measured.costly) - len(named)
    who = ", ".join(named) + (f" and {more} more" if more else "")
    one = len(measured.costly) == 1
    if measured.encoding == "Unicode":
        places = "67 places a part, not 153" if measured.parts > 1 else "70 places a part, not 160"
        return f"{who} {'makes' if one else 'make'} it Unicode: {places}"
    return f"{who} {'takes' if one else 'take'} two places{'' if one else ' each'}"


def too_long(parts: int, most_parts: int, sender: str, *, cut: bool) -> str | None:
    """The sentence on a message of more parts than the sender may send; None when it fits."""
    if parts <= most_parts:
        return None
    who = sender or "the sender"
    if cut:
        return f"{_many(parts, 'part')}: {who} sends at most {most_parts}, so it is cut there with ..."
    return f"Too long: {_many(parts, 'part')}, and {who} sends at most {most_parts}. Shorten it"


def _many(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"
