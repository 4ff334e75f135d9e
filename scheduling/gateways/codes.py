"""A row of a gateway's table of error codes, and what follows from one for the whole handler."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scheduling.gateways.outcome import Outcome
from storage.vocabulary import OutcomeKind

ACCOUNT, BUSY, REJECTED, UNKNOWN = (
    OutcomeKind.ACCOUNT,
    OutcomeKind.BUSY,
    OutcomeKind.REJECTED,
    OutcomeKind.UNKNOWN,
)


class Recovery(StrEnum):
    """How a paused handler is found to be well again. An operator's *go on* ends each of them."""

    BALANCE_ANSWERS = "balance_answers"
    BALANCE_ROSE = "balance_rose"  # or one probe message is accepted
    PROBE_ACCEPTED = "probe_accepted"  # or an edit is saved
    AT_TIME = "at_time"  # the gateway named it
    TIME_OR_ACCEPTED = "time_or_accepted"  # it named none: until the next planned attempt

    @property
    def by_message(self) -> bool:
        """Whether an accepted message shows it."""
        return self not in (Recovery.BALANCE_ANSWERS, Recovery.AT_TIME)


BALANCE_ROSE, PROBE_ACCEPTED = Recovery.BALANCE_ROSE, Recovery.PROBE_ACCEPTED


@dataclass(frozen=True, slots=True)
class Code:
    """One row of an error table.

    `meaning` is the gateway's own text, `advice` what to check. `warns` marks the codes that
    refuse one message only, and yet tell something about the handler's set-up. `limits` marks
    the busy codes that limit the whole account: its other messages wait too. `recovery` says
    what shows that an account error is over; `wrong_address` that the gateway is there, and
    knows no such address.
    """

    kind: OutcomeKind
    meaning: str
    advice: str
    warns: bool = False
    limits: bool = False
    recovery: Recovery = Recovery.BALANCE_ANSWERS
    wrong_address: bool = False


Codes = Mapping[str, Code]


def limits_all(codes: Codes, outcome: Outcome) -> bool:
    """Whether a busy answer concerns every message of the account: a code that limits, HTTP 429.

    All others ("internal error, please retry", a session that ended) concern one call.
    """
    if outcome.kind is not BUSY:
        return False
    row = codes.get(outcome.code or "")
    return outcome.http_status == 429 or (row is not None and row.limits)


def recovery(codes: Codes, code: str | None, http_status: int | None = None) -> Recovery:
    """What shows that an account error is over.

    Without a code the HTTP status decides: 402 is about money; for every other (a refused
    key, a wrong address) a balance call that succeeds is the proof.
    """
    if code is None and http_status == 402:
        return Recovery.BALANCE_ROSE
    row = codes.get(code or "")
    return row.recovery if row is not None else Recovery.BALANCE_ANSWERS
