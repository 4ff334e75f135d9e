"""How occurrences are shown: stage with sign and colour, age, story, and what a step would send."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from textual.content import Content

from scheduling import telling, templates
from scheduling.telling import Tab
from scheduling.told import Tally
from storage.occurrences import Occurrence, OccurrenceEvent
from storage.vocabulary import Stage
from tui.messages.facts import exact_time
from tui.operations import next_words, told_words
from tui.operations.alert_preview import Outgoing
from tui.operations.form_values import counted
from tui.operations.occurrences import OccurrenceDetail, OccurrenceView
from tui.review.lines import short_time
from tui.text.content import plain, plain_block
from tui.text.plain import plain_str

LABEL = 10
HALF = 38  # cells of one of two columns
MOST_NAMED = 4
_STAGES: dict[str, tuple[str, str]] = {
    Stage.CREATED: ("▲", "$text-error"),
    Stage.CLAIMED: ("●", "$text-warning"),
    Stage.ACTIONED: ("●", "$text-accent"),
    Stage.ESCALATED: ("▲", "$text-error"),
    Stage.RESTORED: ("✓", "$text-success"),
    Stage.FINALISED: ("○", "$text-muted"),
}
_EVENTS = {
    "Raised again": ("+", "$text-warning"),
    "Sent again": ("↻", "$text-warning"),
    "Note": ("·", "$text-muted"),
    "Cause gone": ("✓", ""),
    "Told again": ("↻", "$text-warning"),
    **{telling.event_of(Tab(Stage.ESCALATED, level)): ("▲", "$text-error") for level in range(2, 10)},
    "Nobody answered": ("▲", "$text-error"),
    "Nobody could be reached": ("▲", "$text-error"),
}


def stage_shown(stage: str, *, silenced: bool = False) -> Content:
    """A stage: "▲ Created"; "⊘ Created" where a silence keeps something of it back."""
    sign, colour = _STAGES.get(stage, ("·", ""))
    if silenced:
        sign, colour = "⊘", "$text-warning"
    return Content.styled(f"{sign} {stage}", colour)


def age_shown(age: timedelta) -> str:
    """A length of time in its largest unit: "12 min"."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def named(occurrence: Occurrence) -> str:
    """An occurrence in a sentence: the alert, and its key in brackets."""
    return occurrence.alert + (f" ({occurrence.key})" if occurrence.key else "")


def summary(found: OccurrenceDetail, now: datetime, columns: int = 1) -> Content:
    """What is at the top of the dialog and beside the list: who was told, then what else is known.

    With two columns the facts stand side by side, where there is little height.
    """
    occurrence, queued, left_out = found.view.occurrence, found.view.queued, found.view.left_out
    raised, ended = occurrence.raised_at, occurrence.ended_at
    lasted = (ended or now) - raised if raised else timedelta(0)
    facts = [
        ("Key", occurrence.key or ""),
        ("Priority", str(occurrence.priority)),
        ("Raised", f"{exact_time(raised, now)} by {occurrence.raised_by or 'the program'}" if raised else ""),
        ("Ended", exact_time(ended, now) if ended else ""),
        ("Lasted" if ended else "Lasts", age_shown(lasted).replace("now", "less than a minute")),
        ("Count", f"raised {occurrence.count:,} times" if occurrence.count > 1 else ""),
        ("Owner", occurrence.owner or ("nobody yet" if occurrence.active else "")),
        ("Next", next_shown(found.view, now)),
        ("Sent", counted(queued, "message") + (f", {left_out:,} left out" if left_out else "")),
        ("Withdrawn", counted(found.withdrawn, "message") if found.withdrawn else ""),
        *occurrence.given.items(),
    ]
    title = Content.assemble(
        plain(occurrence.alert).stylize("bold"),
        "   ",
        stage_shown(occurrence.stage, silenced=occurrence.kept_back is not None),
    )
    lines = [title, told_shown(found.tally), Content("")]
    known = [_fact(name, value) for name, value in facts if value]
    return Content("\n").join([*lines, *(known if columns == 1 else _side_by_side(known))])


def next_shown(view: OccurrenceView, now: datetime) -> str:
    """What its plan does next, in which round, and what stops it."""
    said = next_words.next_of(view, now)
    if said and view.occurrence.unanswered:
        said += f" (round {view.occurrence.round})" if view.occurrence.round > 1 else ""
        said += "; a claim stops it" if view.occurrence.answer_due_at is not None else ""
    return said


def told_shown(tally: Tally) -> Content:
    """ "Told 9 of 12 · not: Joe Hart (25 invalid number)": in a colour where somebody was not."""
    said = plain(told_words.in_short(tally))
    return said.stylize("$text-warning") if tally.missed or not tally.people else said


def _side_by_side(facts: Sequence[Content]) -> list[Content]:
    """Two facts a line; one that is too long for its half has a line of its own."""
    lines: list[Content] = []
    left: Content | None = None
    for fact in facts:
        if fact.cell_length >= HALF:
            lines += [left, fact] if left is not None else [fact]
            left = None
        elif left is None:
            left = fact
        else:
            lines.append(left.pad_right(HALF - left.cell_length) + fact)
            left = None
    return lines if left is None else [*lines, left]


def _fact(name: str, value: str) -> Content:
    shown = plain(name, width=24)
    return Content.assemble(
        shown.pad_right(max(1, LABEL - shown.cell_length)).stylize("$text-muted"), plain(value)
    )


def story(events: Sequence[OccurrenceEvent], now: datetime) -> Content:
    """The life of an occurrence, a line each, notes below."""
    lines: list[Content] = []
    for event in events:
        sign, colour = _STAGES.get(event.what) or _EVENTS.get(event.what, ("·", ""))
        sent = counted(event.queued, "message") if event.queued else ""
        if event.left_out:
            sent += f"{', ' if sent else ''}{event.left_out:,} left out"
        lines.append(
            Content.assemble(
                (f"{exact_time(event.at, now):<16} ", "$text-muted"),
                (f"{sign} {plain_str(event.what):<13}", colour),
                plain(f" {event.operator or ''}"),
                (f"  {sent}" if sent else "", "$text-muted"),
            )
        )
        if event.note:
            lines += [Content(" " * 17 + "  ") + line for line in plain_block(event.note).split("\n")]
    return Content("\n").join(lines)


def story_in_short(events: Sequence[OccurrenceEvent], now: datetime) -> Content:
    """The same for where there is little room."""
    lines: list[Content] = []
    for event in events:
        sign, colour = _STAGES.get(event.what) or _EVENTS.get(event.what, ("·", ""))
        lines.append(
            Content.assemble(
                (f"{short_time(event.at, now)} ", "$text-muted"),
                (f"{sign} {plain_str(event.what)}", colour),
                plain(f" {event.operator or ''}"),
                (f", sent {event.queued:,}" if event.queued else "", "$text-muted"),
                (f", left out {event.left_out:,}" if event.left_out else "", "$text-warning"),
            )
        )
        if event.note:
            lines.append(plain_block(event.note))
    return Content("\n").join(lines)


def outgoing_shown(outgoing: Sequence[Outgoing], nothing: str = "Nothing is sent.") -> Content:
    """What would be sent and to whom, an action each."""
    if not outgoing:
        return Content.styled(nothing, "$text-muted")
    return Content("\n").join(_outgoing(item) for item in outgoing)


def _outgoing(item: Outgoing) -> Content:
    names = ", ".join(item.reached[:MOST_NAMED])
    more = len(item.reached) - MOST_NAMED
    who = f"{names} and {more:,} more" if more > 0 else names or "nobody"
    lines = [Content.assemble((f"To {len(item.reached):,}: ", "$text-muted"), plain(who))]
    if item.text:
        lines.append(Content.assemble("  ", plain(item.text)))
    for name in item.missing:
        lines.append(
            plain(f"▲ no value for {{{name}}}: it shows as {templates.MISSING}").stylize("$text-warning")
        )
    lines += [plain(f"▲ {problem}").stylize("$text-warning") for problem in item.problems]
    if item.left_out:
        rest = len(item.left_out) - MOST_NAMED
        said = "; ".join(item.left_out[:MOST_NAMED]) + (f"; and {rest:,} more" if rest > 0 else "")
        lines.append(plain(f"▲ left out: {said}").stylize("$text-warning"))
    lines[0] = lines[0] + Content.styled(f"  through {plain(item.sender).plain}", "$text-muted")
    return Content("\n").join(lines)
