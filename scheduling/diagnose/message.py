"""One message: where it stands, why, and what can be done."""

from datetime import datetime, timedelta

from scheduling import phone
from scheduling.diagnose.finding import Finding, ok, problem, warning
from scheduling.gateways import registry
from scheduling.gateways.wording import said
from storage.records import Message
from storage.vocabulary import MessageState

LATE = timedelta(seconds=60)
TRIED = "read its state and its attempts"
FINE = {
    MessageState.DELIVERED: "delivered",
    MessageState.CANCELLED: "cancelled by an operator: it is not sent",
}


def state(message: Message, api_type: str, now: datetime) -> Finding:
    match message.state:
        case MessageState.QUEUED:
            return _waiting(message, now)
        case MessageState.SENDING:
            since = _clock(message.last_planned_at or message.queued_at)
            return ok("State", TRIED, f"attempt {message.plan_attempts} is under way, planned for {since}")
        case MessageState.ACCEPTED:
            taken = f"accepted by Clickatell{f', id {message.gateway_id}' if message.gateway_id else ''}"
            return ok("State", TRIED, f"{taken}; only a delivery report can say more")
        case MessageState.UNDELIVERED:
            advice = "see the delivery report's reason; is the phone on, and does its network take messages?"
            return problem("State", TRIED, "accepted, and then not delivered", advice)
        case MessageState.UNKNOWN if message.withdrawn:
            return ok("State", TRIED, f"an attempt may have arrived; {message.error}")
        case MessageState.CANCELLED if message.withdrawn:
            return ok("State", TRIED, f"withdrawn: {message.error}")
        case MessageState.UNKNOWN:
            reason = said(message.error_code, message.error or "no answer came")
            return problem("State", TRIED, f"its outcome is unknown: {reason}", _decide(message))
        case MessageState.EXPIRED:
            advice = "see why nothing was sent (is an engine running, is the handler well?), then resend it"
            return problem("State", TRIED, "it expired before it could be sent", advice)
        case MessageState.FAILED:
            return problem("State", TRIED, f"failed: {_error(message)}", _after_failure(message, api_type))
    return ok("State", TRIED, FINE[message.state])


def number(message: Message) -> Finding:
    tried = f"read the number {message.to}"
    try:
        found = phone.parse(message.to)
    except phone.PhoneError as error:
        advice = f"correct it, with its country calling code, e.g. {phone.EXAMPLE}"
        return problem("Number", tried, str(error).rstrip("."), advice)
    if found.warning:
        return warning("Number", tried, found.warning.rstrip("."), "check it with the person")
    return ok("Number", tried, phone.describe(found))


def _waiting(message: Message, now: datetime) -> Finding:
    tries = f"{message.plan_attempts} attempts so far" if message.plan_attempts else "not tried yet"
    due = message.next_attempt_at
    last = f"; last: {_error(message)}" if message.error else ""
    if message.behind_since is not None:
        return ok("State", TRIED, f"waiting for an older message to this number to be through, {tries}")
    if message.told_by is not None:
        return ok("State", TRIED, f"waiting for the answer to message {message.told_by}: is its person told?")
    if due is None:
        return problem("State", TRIED, f"waiting without a planned attempt, {tries}", "resend it")
    if now - due > LATE:
        late = int((now - due).total_seconds())
        advice = "see the checks of the engine and of the handler: one of them holds it up"
        return problem("State", TRIED, f"due for {late} s, {tries}{last}", advice)
    if message.plan_attempts:
        return warning(
            "State", TRIED, f"{tries}; next at {_clock(due)}{last}", "nothing to do unless it goes on"
        )
    return ok("State", TRIED, f"waiting, {tries}")


def _decide(message: Message) -> str:
    return (
        f"decide: commsdesk message resend {message.id} (may arrive twice),"
        f" arrived {message.id}, or drop {message.id}"
    )


def _after_failure(message: Message, api_type: str) -> str:
    row = registry.of(api_type).codes.get(message.error_code or "")
    advice = f"{row.advice}; then " if row else "put right what the error names, then "
    return f"{advice}commsdesk message resend {message.id}"


def _error(message: Message) -> str:
    return said(message.error_code, message.error or "no reason is known")


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S}"
