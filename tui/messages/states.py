"""How the state of a message and the outcome of an attempt are shown: sign, word and colour."""

from textual.content import Content

from scheduling.retry import RetryPlan
from storage.records import Message
from storage.vocabulary import MessageState

_STATES = {
    MessageState.QUEUED: ("·", "waiting", "$text-muted"),
    MessageState.SENDING: ("→", "sending", "$text-accent"),
    MessageState.ACCEPTED: ("✓", "accepted", "$text-success"),
    MessageState.DELIVERED: ("✓✓", "delivered", "$text-success"),
    MessageState.UNDELIVERED: ("✗", "undelivered", "$text-error"),
    MessageState.FAILED: ("✗", "failed", "$text-error"),
    MessageState.UNKNOWN: ("?", "unknown", "$text-warning"),
    MessageState.CANCELLED: ("○", "cancelled", "$text-muted"),
    MessageState.EXPIRED: ("✗", "expired", "$text-error"),
}
_RETRY = ("↻", "retry", "$text-warning")
_OUTCOMES = {
    None: ("→", "under way", "$text-accent"),
    "accepted": ("✓", "accepted", "$text-success"),
    "rejected": ("✗", "refused", "$text-error"),
    "busy": ("↻", "busy", "$text-warning"),
    "account": ("▲", "account", "$text-error"),
    "not_sent": ("✗", "not sent", "$text-warning"),
    "unknown": ("?", "unknown", "$text-warning"),
}


def _shown(sign: str, word: str, colour: str) -> Content:
    return Content.styled(f"{sign:<2} {word}", colour)


def state_shown(state: MessageState, *, retry: bool = False) -> Content:
    """A state: "✓  accepted"."""
    return _shown(*(_RETRY if retry and state is MessageState.QUEUED else _STATES[state]))


def state_of(message: Message) -> Content:
    """The state of a message; one that was tried and waits for its next attempt is a retry."""
    return state_shown(message.state, retry=message.plan_attempts > 0)


def outcome_shown(outcome: str | None) -> Content:
    """What an attempt came to; None while it is under way."""
    return _shown(*_OUTCOMES.get(outcome, ("·", str(outcome), "")))


def attempts_of(message: Message) -> str:
    """Attempts made, of those that the plan holds: "2 of 5"; a dash before the first."""
    if not message.attempts:
        return "–"
    if message.retry_rate is None or message.stop_retrying_after is None:
        return f"{message.attempts:,}"
    plan = RetryPlan(message.retry_rate, message.stop_retrying_after)
    return f"{message.plan_attempts:,} of {plan.attempts:,}"
