"""A message in full: what became of it, every attempt, and what the review says of it."""

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from scheduling import phone
from scheduling.gateways.wording import said
from storage.records import Attempt, Message, Review
from storage.vocabulary import MessageState, Origin
from tui.messages.states import attempts_of, outcome_shown, state_of
from tui.operations.messages import MessageView
from tui.review.kinds import line_of
from tui.review.lines import COLOURS, SIGNS, short_time
from tui.text.content import plain, plain_block

LABEL = 10
UNSETTLED = """\
Nobody knows whether this message arrived: no answer came back. One of these settles it:
 r  send it again: it may then arrive twice
 v  it arrived: nothing more is sent
 D  leave it: nothing more is sent"""


def exact_time(at: datetime, now: datetime) -> str:
    """The local time to the second, with the date where it is not today."""
    local = at.astimezone()
    time = f"{local:%H:%M:%S}"
    return time if local.date() == now.astimezone().date() else f"{local.day} {local:%b} {time}"


def origin_of(message: Message, owner: str) -> str:
    """Who or what sent it; `owner` is the name of the task or alert."""
    if message.origin is Origin.MANUAL:
        return f"by hand, {message.operator}" if message.operator else "by hand"
    return f"{'scheduled task' if message.origin is Origin.TASK else 'alert'} {owner}"


def summary(view: MessageView, owner: str, now: datetime) -> Content:
    """What stands beside the list and at the top of the dialog."""
    message = view.message
    lines = [plain(message.user or phone.readable(message.to)).stylize("bold"), state_of(message)]
    if message.error:
        lines.append(plain_block(said(message.error_code, message.error)).stylize("$text-error"))
    if message.state is MessageState.UNKNOWN and not message.withdrawn:
        lines += [Content(""), Content(UNSETTLED).stylize("$text-warning")]
    elif message.may_arrive_twice:
        lines.append(Content.styled("may arrive twice: an attempt before had no answer", "$text-warning"))
    lines += [Content(""), plain_block(message.text), Content("")]
    lines += [_fact(label, value) for label, value in _facts(message, owner, now) if value]
    return Content("\n").join(lines)


def _fact(label: str, value: str) -> Content:
    return Content.assemble((label.ljust(LABEL), "$text-muted"), plain(value))


def _facts(message: Message, owner: str, now: datetime) -> list[tuple[str, str]]:
    parts = f"{message.segments:,} {'part' if message.segments == 1 else 'parts'}"
    waits = message.state in (MessageState.QUEUED, MessageState.SENDING)
    tried = attempts_of(message)
    if message.attempts > message.plan_attempts:
        tried += f", {message.attempts:,} in all"
    return [
        ("To", phone.readable(message.to)),
        ("Sender", message.handler),
        ("From", origin_of(message, owner)),
        ("Why", message.why or ""),
        ("Size", f"{len(message.text):,} characters, {parts}"),
        ("Queued", exact_time(message.queued_at, now)),
        ("Attempts", tried),
        ("Waits for", f"the answer to message {message.told_by}" if message.told_by and waits else ""),
        ("Next", exact_time(message.next_attempt_at, now) if message.next_attempt_at and waits else ""),
        ("Waits for", "an older message to this number" if message.behind_since and waits else ""),
        ("Expires", exact_time(message.expires_at, now) if waits and not message.attempts else ""),
        ("Ended", exact_time(message.finished_at, now) if message.finished_at else ""),
        ("Id there", message.gateway_id or ""),
        ("Again of", f"message {message.resend_of}" if message.resend_of else ""),
        ("Message", f"{message.id}"),
    ]


def attempts_shown(attempts: Sequence[Attempt], now: datetime) -> Content:
    """A line for each attempt, and below it what Clickatell said."""
    if not attempts:
        return Content.styled("No attempt yet.", "$text-muted")
    lines: list[Content] = [
        Content.styled(f"{'':>3}  {'When':<16} {'Took':>7}  {'Outcome':<12} {'HTTP':<5} Code", "$text-muted")
    ]
    for attempt in attempts:
        lines.append(_attempt_line(attempt, now))
        if attempt.error:
            lines.append(Content.assemble("     ", plain(attempt.error)))
    return Content("\n").join(lines)


def attempts_in_short(attempts: Sequence[Attempt], now: datetime) -> Content:
    """Two short lines for each attempt, for where there is little room."""
    lines: list[Content] = []
    for attempt in attempts:
        code = " ".join(str(part) for part in (attempt.http_status, attempt.code) if part)
        head = f"{attempt.n}  {exact_time(attempt.started_at, now)}  "
        lines.append(
            Content.assemble((head, "$text-muted"), outcome_shown(attempt.outcome), plain(f"  {code}"))
        )
        if attempt.error:
            lines.append(plain(attempt.error))
    return Content("\n").join(lines) if lines else Content.styled("None yet.", "$text-muted")


def _attempt_line(attempt: Attempt, now: datetime) -> Content:
    took = attempt.finished_at - attempt.started_at if attempt.finished_at else None
    length = "…" if took is None else f"{took.total_seconds():.1f} s"
    outcome = outcome_shown(attempt.outcome)
    return Content.assemble(
        f"{attempt.n:>3}  {exact_time(attempt.started_at, now):<16} {length:>7}  ",
        outcome.pad_right(max(0, 12 - outcome.cell_length)),
        f" {attempt.http_status or '–':<5} ",
        plain(attempt.code or "–"),
    )


def review_shown(entries: Sequence[Review], now: datetime) -> Content:
    """The review's entries on the message, the oldest first."""
    lines = []
    for entry in entries:
        line = line_of(entry)
        lines.append(
            Content.assemble(
                (f"{short_time(entry.at, now):<13}", "$text-muted"),
                (SIGNS[line.kind].ljust(3), COLOURS[line.kind]),
                plain(line.text),
            )
        )
    return Content("\n").join(lines) if lines else Content.styled("Nothing yet.", "$text-muted")
