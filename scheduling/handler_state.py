"""What a handler's Status column says, and when a paused handler goes on."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from scheduling.senders.codes import Recovery, recovery
from storage.records import Handler, HandlerStatus


@dataclass(frozen=True, slots=True)
class Shown:
    """The Status column: the state, and for an error what is wrong and what to check."""

    status: str  # Starting | Running | Error | Disabled | Stopped
    error: str | None = None
    advice: str | None = None


def shown(handler: Handler, found: HandlerStatus, engine_running: bool) -> Shown:
    if not handler.enabled:
        return Shown("Disabled")
    if not engine_running:
        return Shown("Stopped", "no scheduler is running", "start `commsdesk run`, or open the console")
    if found.status == "Error" or found.pause == "account":
        return Shown("Error", found.error, found.advice)
    return Shown(found.status)


def resumes(handler: Handler, found: HandlerStatus, now: datetime, balance: Decimal | None) -> bool:
    """Whether a paused handler may send again. `balance` is what a call just now answered, if it did."""
    if found.pause is None:
        return False
    if found.pause == "busy":
        return found.paused_until is None or now >= found.paused_until
    match recovery(found.pause_code):
        case Recovery.BALANCE_ROSE:
            at_refusal = found.balance_at_refusal
            return balance is not None and at_refusal is not None and balance > at_refusal
        case Recovery.BALANCE_ANSWERS:
            return balance is not None
        case Recovery.PROBE_ACCEPTED:
            return found.paused_revision is not None and handler.revision != found.paused_revision


def probes_by_message(found: HandlerStatus) -> bool:
    """Whether only an accepted message can show that the cause is gone."""
    return found.pause == "account" and recovery(found.pause_code) is Recovery.PROBE_ACCEPTED
