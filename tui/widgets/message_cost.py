"""What a text costs for the people it goes to, in figures and in sentences, as it is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scheduling import recipients as choosing
from scheduling import sms_text
from scheduling.recipients import Reached
from scheduling.sms_text import Measure
from tui.operations.form_values import counted

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
    longest = composed.longest
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
    parts = [counted(cost.characters, "character")]
    if measured.units != cost.characters and measured.encoding == "GSM":
        parts.append(f"{measured.units:,} places")
    parts.append(measured.encoding)
    if measured.parts:
        parts.append(f"{counted(measured.parts, 'part')}, {measured.units_left_in_part} left")
    if cost.people:
        people = counted(cost.people, "person", "people")
        parts.append(f"{people}, {counted(cost.total_parts, 'part')} in all" if measured.parts else people)
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
