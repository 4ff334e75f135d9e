"""A list of messages, in calls of at most so many, and what one call's outcome means for the next."""

from collections.abc import Awaitable, Callable, Sequence

from scheduling.gateways.codes import Codes, limits_all
from scheduling.gateways.outcome import Outcome, OutgoingMessage
from storage.vocabulary import OutcomeKind

Call = Callable[[Sequence[OutgoingMessage]], Awaitable[tuple[list[Outcome], bool]]]
"""Sends messages in one call; returns their outcomes, and whether nothing was accepted because
of something in the messages (so that a part of them may be)."""


async def send_in_parts(
    batch: Sequence[OutgoingMessage], most: int, call: Call, codes: Codes
) -> list[Outcome]:
    """One outcome per message, from one call after the other of at most `most` messages.

    A call that was refused as a whole for its content is made again in halves, down to
    single messages. After a call of which every message met the same account error, rate limit or
    failure to connect, the rest is not tried and has the same outcome.
    """
    most = max(1, most)
    waiting = [batch[start : start + most] for start in range(0, len(batch), most)]
    outcomes: list[Outcome] = []
    while waiting:
        part = waiting.pop(0)
        results, refused_for_content = await call(part)
        if refused_for_content and len(part) > 1:
            middle = len(part) // 2
            waiting[:0] = [part[:middle], part[middle:]]
            continue
        outcomes += results
        if _ends(results, codes):
            return outcomes + [results[0]] * (len(batch) - len(outcomes))
    return outcomes


def _ends(results: Sequence[Outcome], codes: Codes) -> bool:
    """Whether the next call would fare the same. Other refusals may be due to one message alone."""
    first = results[0]
    if any(other != first for other in results):
        return False
    return limits_all(codes, first) or first.kind in (OutcomeKind.NOT_SENT, OutcomeKind.ACCOUNT)
