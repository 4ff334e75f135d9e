"""What the question before a resend shows: the text, to whom, since when, and why it did not go."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from storage.records import Message
from storage.vocabulary import MessageState
from tui.messages.source import reason_of
from tui.messages.states import state_of
from tui.operations import large_sends, messages
from tui.operations.form_values import counted
from tui.review.lines import short_time
from tui.text.content import plain

MOST_TEXT = 200  # cells of a text
MOST_NAMED = 3  # texts, and reasons


def about(found: Sequence[Message], now: datetime) -> Content:
    """One message in full, or what several come to."""
    return _one(found[0], now) if len(found) == 1 else _several(found, now)


def _one(message: Message, now: datetime) -> Content:
    state = Content.assemble(
        state_of(message), ("  queued ", "$text-muted"), short_time(message.queued_at, now)
    )
    reason = reason_of(message)
    lines = [plain(f"“{message.text}”", width=MOST_TEXT), state]
    if reason:
        lines.append(plain(reason, width=MOST_TEXT).stylize("$text-error"))
    return Content("\n").join(lines)


def _several(found: Sequence[Message], now: datetime) -> Content:
    size = messages.resend_size(found)
    first, last = (short_time(end.queued_at, now) for end in (min(found, key=_at), max(found, key=_at)))
    when = first if first == last else f"{first} to {last}"
    lines = [plain(f"To {large_sends.people(size)}: {large_sends.load(size)}; queued {when}")]
    lines += _most(Counter(f"“{message.text}”" for message in found), "text")
    reasons = Counter(reason_of(m) or str(m.state) for m in found if m.state is not MessageState.QUEUED)
    lines += [line.stylize("$text-error") for line in _most(reasons, "reason")]
    return Content("\n").join(lines)


def _at(message: Message) -> datetime:
    return message.queued_at


def _most(said: "Counter[str]", noun: str) -> list[Content]:
    """The most frequent, with how many each, and how many others there are."""
    lines = [plain(f"{count:,} × {text}", width=MOST_TEXT) for text, count in said.most_common(MOST_NAMED)]
    more = len(said) - MOST_NAMED
    return [*lines, plain(f"and {counted(more, f'other {noun}')}")] if more > 0 else lines
