"""What the handler editor's fields hold, their presets, and how they are checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from scheduling import retry
from storage import custom_fields
from storage.records import Handler
from storage.vocabulary import ApiType, FieldType, OnUnknown
from tui.operations import way_out
from tui.operations.errors import Refused
from tui.operations.form_values import MOST_MINUTES, minutes_of, whole_number
from tui.operations.gateway_address import check_address, plain_http_warning
from tui.operations.names import check_name, check_text

BASE_URL = "https://platform.clickatell.com"
API_URI = "https://api.clickatell.com/xml/xml"
API_URI_CHOICES = (API_URI, "http://api.clickatell.com/xml/xml")
CHANNEL = "SMS"
MOST_PARTS = 35  # the ceiling of XML's concat
LARGEST_BATCH = {ApiType.ONE: 100, ApiType.XML: 50}
PRESET_BATCH = {ApiType.ONE: 100, ApiType.XML: 1}
MOST_CONNECTIONS = 8
LONGEST_NOTES = 10_000
HIGHEST_BALANCE = 1_000_000_000
SECRET_NAME = {ApiType.ONE: "API Key", ApiType.XML: "Password"}
PARTS_HINT = 'more than 1 needs "Enable message parts" on the integration in the Clickatell portal'

LABELS: Mapping[str, str] = {
    "name": "Name",
    "api_type": "API Type",
    "channel": "Channel",
    "base_url": "Base URL",
    "user_name": "User Name",
    "api_id": "API ID",
    "api_uri": "API URI",
    "sender_id": "From",
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

    `secret` is the API Key or the Password; None keeps the one that is there.
    """

    name: str
    api_type: ApiType = ApiType.ONE
    enabled: bool = True
    secret: str | None = None
    channel: str = CHANNEL
    base_url: str = BASE_URL
    user_name: str = ""
    api_id: str = ""
    api_uri: str = API_URI
    sender_id: str = ""
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
        field.name: getattr(handler, field.name)
        for field in fields(HandlerForm)
        if field.name not in ("secret", "proxy_password")
    }
    presets = {"channel": CHANNEL, "base_url": BASE_URL, "api_uri": API_URI}
    for name in ("channel", "base_url", "api_uri", "user_name", "api_id", "sender_id", "proxy", "ca_file"):
        values[name] = values[name] or presets.get(name, "")
    return HandlerForm(**values)


def check(connection: sa.Connection, form: HandlerForm, before: Handler | None) -> dict[str, Any]:
    """The columns to write. Raises `Refused` for the first field that cannot be saved.

    `before` is the handler being edited, None for a new one.
    """
    values: dict[str, Any] = {
        "name": check_name(form.name, "handler"),
        "api_type": str(form.api_type),
        "enabled": form.enabled,
        "channel": None,
        "base_url": None,
        "user_name": None,
        "api_id": None,
        "api_uri": None,
        "sender_id": None,
        "on_unknown": str(form.on_unknown),
        "allow_plain_http": form.allow_plain_http,
    }
    values |= _one_api(form) if form.api_type is ApiType.ONE else _xml_api(form)
    values |= _limits(form)
    values |= way_out.check_way_out(form.proxy, form.proxy_password, form.ca_file, before)
    values["telephone_field_id"] = _telephone_field(connection, form.telephone_field_id)
    _check_secret(form, values, before)
    return values


def _one_api(form: HandlerForm) -> dict[str, Any]:
    channel = form.channel.strip()
    if not channel or len(channel) > 40 or not channel.isprintable() or " " in channel:
        raise Refused("Channel must be one word: SMS is the preset, whatsapp another", "Channel")
    url = check_address(form.base_url, "Base URL", allow_plain_http=form.allow_plain_http)
    if url.endswith(("/v1", "/v1/message", "/messages")):
        raise Refused(f"Base URL must end before the path of the call: the preset is {BASE_URL}", "Base URL")
    return {"channel": channel, "base_url": url}


def _xml_api(form: HandlerForm) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("user_name", "api_id"):
        value = getattr(form, name).strip()
        if not value:
            raise Refused(f"{LABELS[name]} is empty: the XML API needs it", LABELS[name])
        found[name] = _printable(value, LABELS[name])
    found["sender_id"] = _printable(form.sender_id.strip(), "From") or None
    found["api_uri"] = check_address(form.api_uri, "API URI", allow_plain_http=form.allow_plain_http)
    return found


def _printable(value: str, field: str) -> str:
    if len(value) > 200 or not value.isprintable():
        raise Refused(f"{field} holds a line break or another control character, or is too long", field)
    return value


def _limits(form: HandlerForm) -> dict[str, Any]:
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
    preset = PRESET_BATCH[form.api_type]
    batch = form.batch_size if form.batch_size is not None else preset
    rate = form.rate_per_minute
    return {
        "retry_rate": form.retry_rate,
        "stop_retrying_after": form.stop_retrying_after,
        "useful_life": form.useful_life,
        "total_timeout": form.total_timeout,
        "notes": check_text(form.notes, "Notes"),
        "most_parts": whole_number(form.most_parts, LABELS["most_parts"], 1, MOST_PARTS),
        "batch_size": whole_number(batch, LABELS["batch_size"], 1, LARGEST_BATCH[form.api_type]),
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


def _check_secret(form: HandlerForm, values: Mapping[str, Any], before: Handler | None) -> None:
    """A new handler needs its secret; so does one whose secret would go to another place or person."""
    what = SECRET_NAME[form.api_type]
    if form.secret is not None:
        if not form.secret.strip() or not form.secret.isprintable():
            raise Refused(f"{what} is empty, or holds a line break or another control character", what)
        return
    if before is None:
        option = "--api-key-file" if form.api_type is ApiType.ONE else "--password-file"
        raise Refused(f"{what} is missing: enter it ({option} FILE, or - for standard input)", what)
    where = ("api_type", "base_url", "api_uri", "user_name")
    moved = [LABELS[name] for name in where if values[name] != getattr(before, name)]
    if moved:
        raise Refused(f"{' and '.join(moved)} changed: enter the {what} again", what)


_NUMERIC_SENDER = re.compile(r"[0-9]{1,16}")
_NAMED_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}")


class Doubtful(StrEnum):
    """What of a handler's settings is doubtful."""

    ADDRESS = "address"
    SENDER = "sender"
    RETRY = "retry"
    API_ID = "api id"
    USEFUL_LIFE = "useful life"
    SECRET = "secret"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A warning about a handler: what it is about, and its words for people."""

    about: Doubtful
    words: str


def doubts(handler: Handler) -> tuple[Doubt, ...]:
    """What an operator should see of a handler's settings although they can be saved."""
    plan = retry.RetryPlan(handler.retry_rate, handler.stop_retrying_after)
    found = {
        Doubtful.ADDRESS: plain_http_warning(handler.api_uri or handler.base_url),
        Doubtful.SENDER: _sender_warning(handler.sender_id),
        Doubtful.RETRY: retry.warning(plan),
    }
    if handler.api_id and not handler.api_id.isdigit():
        found[Doubtful.API_ID] = "API ID is usually a number: check it in the Clickatell portal"
    if minutes_of(handler.useful_life) < 1:
        said = "Useful life (mins) is under a minute: messages may expire before they are sent"
        found[Doubtful.USEFUL_LIFE] = said
    return tuple(Doubt(about, words) for about, words in found.items() if words)


def warnings(handler: Handler) -> tuple[str, ...]:
    """The same in words."""
    return tuple(doubt.words for doubt in doubts(handler))


def _sender_warning(sender: str | None) -> str | None:
    """Clickatell's rules for sender IDs (`from`): digits only up to 16, or up to 11 letters and digits."""
    if not sender or _NUMERIC_SENDER.fullmatch(sender) or _NAMED_SENDER.fullmatch(sender):
        return None
    if sender.startswith("+") and sender[1:].isdigit():
        return f"From {sender} begins with +: Clickatell wants the digits alone, {sender[1:]}"
    return (
        f"From {sender} may be refused: Clickatell takes up to 16 digits, or up to 11 letters and digits"
        " with at least one letter, registered in the account"
    )
