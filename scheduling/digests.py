"""The one message at the end of a hold: what is open first, what is over counted, tasks' texts last. Pure.

"22:00-07:00: Pump 2 (open), Door 7 x4 (open); 3 over; Shift report". Written with signs of the SMS
alphabet, so that the program's own words never make a message dearer. Cut at Most parts, and then it
says how much was left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scheduling import sms_text
from storage.held import Held
from storage.occurrences import Occurrence
from storage.vocabulary import OPEN_STAGES, Stage


@dataclass(frozen=True, slots=True)
class Digest:
    """The text, and which occurrences it names. `over` and `texts` count what it says besides."""

    text: str
    named: tuple[int, ...] = ()
    unnamed: tuple[int, ...] = ()
    over: int = 0
    texts: int = 0


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is held for one person at the end of a hold, apart."""

    open: tuple[Occurrence, ...] = ()
    over: tuple[Occurrence, ...] = ()
    texts: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)  # how often each text is held

    def matters(self, tell_all: bool) -> bool:
        """Whether a message is made at all: if all is over there is nothing to tell."""
        return bool(self.open or self.texts or (tell_all and self.over))


def gather(rows: Iterable[Held], known: dict[int, Occurrence]) -> Gathered:
    """Sort what is held: open occurrences (nobody's first), those that are over, and texts."""
    rows = list(rows)
    seen = dict.fromkeys(row.occurrence_id for row in rows if row.occurrence_id is not None)
    found = [known[occurrence_id] for occurrence_id in seen if occurrence_id in known]
    counts: dict[str, int] = {}
    for row in rows:
        if row.occurrence_id is None:
            counts[row.text] = counts.get(row.text, 0) + 1
    going = sorted(
        (one for one in found if one.active), key=lambda one: (one.stage not in OPEN_STAGES, one.id)
    )
    return Gathered(tuple(going), tuple(one for one in found if not one.active), tuple(counts), counts)


def compose(gathered: Gathered, since: str, until: datetime, most_parts: int) -> Digest:
    """The message, of at most so many parts. `until` is in the zone in which it is to be read."""
    head = f"{since}-{until:%H:%M}: " if since else ""
    names = [_named(one) for one in gathered.open]
    over = [f"{len(gathered.over):,} over"] if gathered.over else []
    texts = [_often(text, gathered.counts.get(text, 1)) for text in gathered.texts]
    shown_names, shown_texts = len(names), len(texts)
    text = _joined(head, names, over, texts, shown_names, shown_texts)
    while sms_text.measure(text).parts > most_parts and shown_names + shown_texts > 1:
        if shown_texts and (shown_texts > 1 or shown_names):
            shown_texts -= 1
        else:
            shown_names -= 1
        text = _joined(head, names, over, texts, shown_names, shown_texts)
    text, _ = sms_text.shorten(text, most_parts)
    ids = [one.id for one in gathered.open]
    return Digest(
        text, tuple(ids[:shown_names]), tuple(ids[shown_names:]), len(gathered.over), len(gathered.texts)
    )


def _joined(
    head: str, names: Sequence[str], over: Sequence[str], texts: Sequence[str], shown: int, shown_texts: int
) -> str:
    parts = []
    listed = list(names[:shown])
    if len(names) > shown:
        listed.append(f"and {len(names) - shown:,} more open")
    if listed:
        parts.append(", ".join(listed))
    parts += over
    parts += texts[:shown_texts]
    if len(texts) > shown_texts:
        left = len(texts) - shown_texts
        parts.append(f"and {left:,} more {'text' if left == 1 else 'texts'}")
    return sms_text.normalise(head + "; ".join(parts))


def _named(one: Occurrence) -> str:
    """ "Door 7 x4 (open)": the alert, its key where there is one, how often, and who has it."""
    name = sms_text.gsm_signs(f"{one.alert} {one.key}" if one.key else one.alert)
    often = f" x{one.count}" if one.count > 1 else ""
    if one.stage in OPEN_STAGES:
        return f"{name}{often} (open)"
    return f"{name}{often} (claimed)" if one.stage is Stage.CLAIMED else f"{name}{often} (action taken)"


def _often(text: str, times: int) -> str:
    flat = " ".join(text.split())
    return f"{flat} (x{times})" if times > 1 else flat
