"""What both APIs share in judging an answer: by code, by HTTP status, by the time to wait."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from scheduling.gateways.advice import explain_status
from scheduling.gateways.codes import Code
from scheduling.gateways.outcome import GatewayError, Outcome
from scheduling.gateways.reply import Failure
from scheduling.gateways.wording import said
from storage.vocabulary import OutcomeKind

LONGEST_WAIT = timedelta(days=31)
_ACCOUNT_STATUSES = frozenset({401, 402, 403, 404, 405, 407, 410})


def by_code(
    row: Code,
    code: str,
    text: str,
    *,
    status: int,
    retry_at: datetime | None = None,
    kind: OutcomeKind | None = None,
) -> Outcome:
    """The outcome that a row of an error table stands for; `kind` overrules the row's."""
    error = text or row.meaning
    return Outcome(
        kind or row.kind,
        code=code,
        error=error,
        http_status=status,
        retry_at=retry_at,
        warning=f"{said(code, error)}. {row.advice}" if row.warns else None,
        advice=row.advice,
    )


def by_status(status: int, *, retry_at: datetime | None = None, note: str = "") -> Outcome:
    """The outcome of an answer that holds no code of Clickatell's.

    429 and 425 are a refusal for now. 401 to 405, 407, 410 and every redirect say that the
    key, the address or something on the way is wrong, which concerns the whole handler.
    Other 4xx refuse the message, except 408, which says nothing about it. All else (5xx, an
    unreadable 2xx) leaves open whether the message was accepted.
    """
    if status in (425, 429):
        kind = OutcomeKind.BUSY
    elif status in _ACCOUNT_STATUSES or 300 <= status < 400:
        kind = OutcomeKind.ACCOUNT
    elif 400 <= status < 500 and status != 408:
        kind = OutcomeKind.REJECTED
    else:
        kind = OutcomeKind.UNKNOWN
    advice = explain_status(status)
    meaning = advice.means[0].lower() + advice.means[1:]
    error = f"HTTP {status}: {note or meaning}"
    return Outcome(kind, error=error, http_status=status, retry_at=retry_at, advice=advice.check)


def by_failure(failure: Failure) -> Outcome:
    """The outcome of a request that got no usable answer."""
    return Outcome(failure.kind, error=failure.error, advice=failure.advice)


def as_gateway_error(outcome: Outcome) -> GatewayError:
    """The same verdict for a call that sends nothing: what is wrong then lies with the handler."""
    kind = OutcomeKind.ACCOUNT if outcome.kind is OutcomeKind.REJECTED else outcome.kind
    return GatewayError(
        kind,
        outcome.error or "",
        outcome.advice or "",
        code=outcome.code,
        http_status=outcome.http_status,
        retry_at=outcome.retry_at,
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the gateway asks to be called again (`Retry-After`: seconds or an HTTP date).

    None without the header, for one that cannot be read, and for a wait of over 31 days.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _by_date(value, now)
    if not math.isfinite(seconds) or not 0 <= seconds <= LONGEST_WAIT.total_seconds():
        return None
    return now + timedelta(seconds=seconds)


def _by_date(value: str, now: datetime) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return believed(moment, now)


def believed(moment: datetime, now: datetime) -> datetime | None:
    """A moment that a gateway names to be called again at: None if over 31 days away, `now` if past."""
    return max(moment, now) if moment - now <= LONGEST_WAIT else None
