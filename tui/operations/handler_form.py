"""What the handler editor's fields hold, their presets, and how they are checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from scheduling import retry
from scheduling.gateways import registry
from scheduling.gateways.description import Gateway
from storage import custom_fields
from storage.records import Handler
from storage.vocabulary import FieldType, OnUnknown
from tui.operations import handler_settings, way_out
from tui.operations.errors import Refused
from tui.operations.form_values import MOST_MINUTES, minutes_of, whole_number
from tui.operations.handler_settings import check_settings, moved
from tui.operations.names import check_name, check_text

MOST_PARTS = 35  # the ceiling of XML's concat
MOST_CONNECTIONS = 8
LONGEST_NOTES = 10_000
HIGHEST_BALANCE = 1_000_000_000

# What the handlers of all gateways have; the rest is in each gateway's description.
LABELS: Mapping[str, str] = {
    "name": "Name",
    "api_type": "API Type",
    "retry_rate": retry.RATE_FIELD,
    "stop_retrying_after": retry.STOP_FIELD,
    "on_unknown": "When the outcome is unknown",
    "useful_life": "Useful life (mins)",
    "telephone_field_id": "Telephone field",
    "most_parts": "Most parts",
    "batch_size": "Batch size",
    "max_connections": "Connections",
    "rate_per_minute": "Rate limit (per minute)",
    "low_balance": "Low balance",
    "total_timeout": "Total timeout (s)",
    "allow_plain_http": "Allow plain http",
    "proxy": way_out.PROXY,
    "ca_file": way_out.CA_FILE,
    "notes": "Notes",
    "enabled": "Enabled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerForm:
    """The editor's fields with their presets. `batch_size` None is the preset of the API Type.

    `settings` are those of the gateway; its presets stand for what is not in there. `secret` is the
    API Key or the Password; None keeps the one that is there.
    """

    name: str
    api_type: str = field(default_factory=lambda: registry.first().name)
    enabled: bool = True
    secret: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    retry_rate: timedelta = timedelta(minutes=1)
    stop_retrying_after: timedelta = timedelta(minutes=5)
    on_unknown: OnUnknown = OnUnknown.RESEND
    useful_life: timedelta = timedelta(minutes=60)
    telephone_field_id: int | None = None
    most_parts: int = 3
    batch_size: int | None = None
    max_connections: int = MOST_CONNECTIONS
    rate_per_minute: int | None = None
    low_balance: Decimal | None = None
    total_timeout: timedelta = timedelta(seconds=30)
    allow_plain_http: bool = False
    notes: str = ""
    proxy: str = ""
    proxy_password: str | None = None  # None keeps the one that is there, "" takes it away
    ca_file: str = ""

    def __repr__(self) -> str:
        return f"HandlerForm({self.name!r}, {self.api_type})"


def form_of(handler: Handler) -> HandlerForm:
    """The form as it opens on a handler; its secret is not in there."""
    values = {
        each.name: getattr(handler, each.name)
        for each in fields(HandlerForm)
        if each.name not in ("secret", "proxy_password")
    }
    values["settings"] = registry.of(handler.api_type).values(handler.settings)
    values |= {name: values[name] or "" for name in ("proxy", "ca_file")}
    return HandlerForm(**values)


def check(connection: sa.Connection, form: HandlerForm, before: Handler | None) -> dict[str, Any]:
    """The columns to write. Raises `Refused` for the first field that cannot be saved.

    `before` is the handler being edited, None for a new one.
    """
    if form.api_type not in registry.GATEWAYS:
        known = " or ".join(registry.GATEWAYS)
        raise Refused(
            f"API Type {form.api_type} is not known to this version: choose {known}", LABELS["api_type"]
        )
    api = registry.of(form.api_type)
    values: dict[str, Any] = {
        "name": check_name(form.name, "handler"),
        "api_type": api.name,
        "enabled": form.enabled,
        "settings": check_settings(api, form.settings, allow_plain_http=form.allow_plain_http),
        "on_unknown": str(form.on_unknown),
        "allow_plain_http": form.allow_plain_http,
    }
    values |= _limits(form, api)
    values |= way_out.check_way_out(form.proxy, form.proxy_password, form.ca_file, before)
    values["telephone_field_id"] = _telephone_field(connection, form.telephone_field_id)
    _check_secret(form, api, values, before)
    return values


def _limits(form: HandlerForm, api: Gateway) -> dict[str, Any]:
    longest = timedelta(minutes=MOST_MINUTES)
    for name in ("retry_rate", "stop_retrying_after", "useful_life"):
        if not timedelta(0) <= getattr(form, name) <= longest:
            raise Refused(f"{LABELS[name]} must be 0 to {MOST_MINUTES:,} minutes", LABELS[name])
    if not form.useful_life:
        raise Refused(
            "Useful life (mins) must be 1 or more, or nothing would ever be sent", "Useful life (mins)"
        )
    if not timedelta(seconds=1) <= form.total_timeout <= timedelta(seconds=300):
        raise Refused("Total timeout (s) must be 1 to 300 seconds", LABELS["total_timeout"])
    if len(form.notes) > LONGEST_NOTES:
        raise Refused(f"Notes must be {LONGEST_NOTES:,} characters or fewer", "Notes")
    batch = form.batch_size if form.batch_size is not None else api.batch.preset
    rate = form.rate_per_minute
    return {
        "retry_rate": form.retry_rate,
        "stop_retrying_after": form.stop_retrying_after,
        "useful_life": form.useful_life,
        "total_timeout": form.total_timeout,
        "notes": check_text(form.notes, "Notes"),
        "most_parts": whole_number(form.most_parts, LABELS["most_parts"], 1, MOST_PARTS),
        "batch_size": whole_number(batch, LABELS["batch_size"], 1, api.batch.most),
        # Two at least, as one is kept free for alerts.
        "max_connections": whole_number(form.max_connections, LABELS["max_connections"], 2, MOST_CONNECTIONS),
        "rate_per_minute": None if rate is None else whole_number(rate, LABELS["rate_per_minute"], 1, 60_000),
        "low_balance": None if form.low_balance is None else amount(form.low_balance, LABELS["low_balance"]),
    }


def amount(text: str | Decimal, field: str) -> Decimal:
    """An amount of money or credits, zero or more. Raises `Refused` naming the field."""
    try:
        number = text if isinstance(text, Decimal) else Decimal(text.strip())
    except InvalidOperation:
        raise Refused(
            f'{field} must be an amount such as 5 or 2.50, not "{str(text).strip()[:40]}"', field
        ) from None
    if not number.is_finite() or not 0 <= number <= HIGHEST_BALANCE:
        raise Refused(f"{field} must be 0 to {HIGHEST_BALANCE:,}", field)
    return number


def _telephone_field(connection: sa.Connection, field_id: int | None) -> int | None:
    if field_id is None:
        return None
    found = custom_fields.get(connection, field_id)
    if found is None:
        raise Refused("Telephone field was removed: choose another", "Telephone field")
    if found.type is not FieldType.TELEPHONE_NUMBER:
        raise Refused(
            f"Telephone field {found.name} holds {found.type}: choose a field of type Telephone Number",
            "Telephone field",
        )
    return found.id


def _check_secret(form: HandlerForm, api: Gateway, values: Mapping[str, Any], before: Handler | None) -> None:
    """A new handler needs its secret; so does one whose secret would go to another place or person."""
    what = api.secret.label
    if form.secret is not None:
        if not form.secret.strip() or not form.secret.isprintable():
            raise Refused(f"{what} is empty, or holds a line break or another control character", what)
        return
    if before is None:
        raise Refused(
            f"{what} is missing: enter it ({api.secret.option} FILE, or - for standard input)", what
        )
    other = moved((before.api_type, before.settings), api, values["settings"])
    if other:
        raise Refused(f"{' and '.join(other)} changed: enter the {what} again", what)


class Doubtful(StrEnum):
    """What of a handler's settings is doubtful."""

    ADDRESS = "address"
    SETTING = "setting"  # of its gateway
    RETRY = "retry"
    USEFUL_LIFE = "useful life"
    SECRET = "secret"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A warning about a handler: what it is about, and its words for people."""

    about: Doubtful
    words: str


def doubts(handler: Handler) -> tuple[Doubt, ...]:
    """What an operator should see of a handler's settings although they can be saved."""
    api = registry.of(handler.api_type)
    plan = retry.RetryPlan(handler.retry_rate, handler.stop_retrying_after)
    found = [(Doubtful.ADDRESS, handler_settings.plain_http_doubt(api, handler.settings))]
    found += [(Doubtful.SETTING, words) for words in handler_settings.doubts(api, handler.settings)]
    found.append((Doubtful.RETRY, retry.warning(plan)))
    if minutes_of(handler.useful_life) < 1:
        said = "Useful life (mins) is under a minute: messages may expire before they are sent"
        found.append((Doubtful.USEFUL_LIFE, said))
    return tuple(Doubt(about, words) for about, words in found if words)


def warnings(handler: Handler) -> tuple[str, ...]:
    """The same in words."""
    return tuple(doubt.words for doubt in doubts(handler))
