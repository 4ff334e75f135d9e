"""The fields of the handler editor: the guide's form for each API Type, and what else can be set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from textual.widget import Widget

from scheduling import retry
from storage.records import CustomField, Handler
from storage.vocabulary import ApiType, OnUnknown
from tui.operations.errors import Refused
from tui.operations.form_values import MOST_MINUTES, minutes_of
from tui.operations.handler_form import (
    API_URI_CHOICES,
    LABELS,
    LARGEST_BATCH,
    MOST_CONNECTIONS,
    MOST_PARTS,
    PARTS_HINT,
    PRESET_BATCH,
    SECRET_NAME,
    HandlerForm,
)
from tui.operations.way_out import EXAMPLE, PROXY_PASSWORD
from tui.widgets.fields import (
    ChoiceField,
    Field,
    LongTextField,
    NumberField,
    SecretField,
    TextField,
    YesNoField,
)
from tui.widgets.inputs import TextInput

OF_TYPE = {
    ApiType.ONE: ("api_key", "channel", "base_url"),
    ApiType.XML: ("user_name", "password", "api_id", "api_uri", "sender_id"),
}
"""The fields that only one API Type has."""
SECRET_KEY = {ApiType.ONE: "api_key", ApiType.XML: "password"}
ADDRESS_KEY = {ApiType.ONE: "base_url", ApiType.XML: "api_uri"}
FIRST_FIELD = 0
"""Stands for "the first Telephone Number field of the site"."""

_MINUTES = ("retry_rate", "stop_retrying_after", "useful_life")
_PLAIN = ("name", "enabled", "channel", "base_url", "user_name", "api_id", "api_uri", "sender_id",
          "allow_plain_http", "notes", "most_parts", "max_connections", "rate_per_minute", "proxy",
          "ca_file")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LengthField(NumberField):
    """A length of time in whole units. `given` is the stored one, which may be finer and stays untouched."""

    given: float | None = None

    def build(self, value: float | None) -> Widget:
        control = super().build(None)
        assert isinstance(control, TextInput)
        control.value = "" if value is None else f"{value:g}"
        return control

    def read(self, control: TextInput) -> Any:
        if self.given is not None and control.value.strip() == f"{self.given:g}":
            return self.given
        return super().read(control)

    def problem(self, control: TextInput) -> str | None:
        if self.given is not None and self.read(control) == self.given:
            return None
        return super().problem(control)


def account_fields(before: Handler | None) -> tuple[Field, ...]:
    """The first tab: the forms of the guide."""
    stored = {api: before.secret_hint if before and before.api_type is api else "" for api in ApiType}
    new = before is None
    return (
        TextField(key="name", label="Name", required=True, most=100),
        YesNoField(key="enabled", label="Enabled", help="A disabled handler lets its messages wait."),
        ChoiceField(
            key="api_type",
            label="API Type",
            options=(("One API", ApiType.ONE), ("XML API", ApiType.XML)),
            required=True,
        ),
        SecretField(
            key="api_key",
            label=SECRET_NAME[ApiType.ONE],
            stored=stored[ApiType.ONE],
            required=new,
            help="In the Clickatell portal: One API Details.",
        ),
        TextField(
            key="channel",
            label="Channel",
            choices=("SMS", "whatsapp"),
            help="SMS, or another such as whatsapp.",
        ),
        TextField(key="user_name", label="User Name", required=True),
        SecretField(key="password", label=SECRET_NAME[ApiType.XML], stored=stored[ApiType.XML], required=new),
        TextField(key="api_id", label="API ID", required=True),
        TextField(
            key="api_uri",
            label="API URI",
            choices=API_URI_CHOICES,
            help="Up and down: the https or the http form.",
        ),
        TextField(
            key="sender_id",
            label="From",
            help="A sender ID of the account, or empty.",
        ),
        YesNoField(
            key="allow_plain_http",
            label=LABELS["allow_plain_http"],
            help="Let the secret cross the network in clear.",
        ),
        _length("retry_rate", before, required=True),
        _length("stop_retrying_after", before, required=True),
        LongTextField(key="notes", label="Notes", lines=3),
    )


def more_fields(before: Handler | None, telephone_fields: tuple[CustomField, ...]) -> tuple[Field, ...]:
    """The second tab: what has a preset that mostly is right."""
    first = telephone_fields[0].name if telephone_fields else "none yet"
    return (
        TextField(key="base_url", label="Base URL", help="Where the One API is; preset: Clickatell's."),
        ChoiceField(
            key="on_unknown",
            label=LABELS["on_unknown"],
            options=(
                ("Send again: it may arrive twice", OnUnknown.RESEND),
                ("Hold for an operator", OnUnknown.HOLD),
            ),
            required=True,
            help="No answer came: it may have arrived, or not.",
        ),
        ChoiceField(
            key="telephone_field_id",
            label=LABELS["telephone_field_id"],
            options=(
                (f"the first one ({first})", FIRST_FIELD),
                *((field.name, field.id) for field in telephone_fields),
            ),
            required=True,
            help="The field of users that it sends to."
            if telephone_fields
            else "Make one first: Users, custom fields.",
        ),
        NumberField(
            key="most_parts",
            label=LABELS["most_parts"],
            least=1,
            most=MOST_PARTS,
            required=True,
            help="Longer ones are refused; alerts are cut.",
        ),
        _length("useful_life", before, required=True, least=1, help="Unsent after this, a message expires."),
        NumberField(
            key="rate_per_minute",
            label=LABELS["rate_per_minute"],
            least=1,
            most=60_000,
            help="Empty: as fast as they are taken.",
        ),
        TextField(
            key="low_balance",
            label=LABELS["low_balance"],
            help="Below this an alert is raised. Empty: never.",
        ),
        NumberField(
            key="batch_size",
            label=LABELS["batch_size"],
            least=1,
            most=max(LARGEST_BATCH.values()),
            help="Messages in one call.",
        ),
        NumberField(
            key="max_connections",
            label=LABELS["max_connections"],
            least=2,
            most=MOST_CONNECTIONS,
            required=True,
            help="One of them is kept free for alerts.",
        ),
        LengthField(
            key="total_timeout",
            label=LABELS["total_timeout"],
            least=1,
            most=300,
            required=True,
            given=before.total_timeout.total_seconds() if before else None,
            help="Without an answer for so long: unknown.",
        ),
        TextField(
            key="proxy",
            label=LABELS["proxy"],
            help=f"Where the only way out is one, like {EXAMPLE}.",
        ),
        SecretField(
            key="proxy_password",
            label=PROXY_PASSWORD,
            stored=(before.proxy_secret_hint or "") if before else "",
            help="Where it asks for one; the user name is in Proxy.",
        ),
        TextField(
            key="ca_file",
            label=LABELS["ca_file"],
            help="Certificates to trust besides the usual ones.",
        ),
    )


def _length(
    key: str, before: Handler | None, *, required: bool, least: int = 0, help: str = ""
) -> LengthField:
    given = minutes_of(getattr(before, key)) if before else None
    return LengthField(
        key=key, label=LABELS[key], least=least, most=MOST_MINUTES, required=required, help=help, given=given
    )


def values_of(form: HandlerForm) -> dict[str, Any]:
    """What the fields hold at first."""
    values: dict[str, Any] = {key: getattr(form, key) for key in _PLAIN}
    values |= {key: minutes_of(getattr(form, key)) for key in _MINUTES}
    values |= {
        "api_type": form.api_type,
        "on_unknown": form.on_unknown,
        "telephone_field_id": form.telephone_field_id or FIRST_FIELD,
        "low_balance": "" if form.low_balance is None else f"{form.low_balance:f}",
        "batch_size": PRESET_BATCH[form.api_type] if form.batch_size is None else form.batch_size,
        "total_timeout": form.total_timeout.total_seconds(),
    }
    return values


def form_from(base: HandlerForm, values: Mapping[str, Any]) -> HandlerForm:
    """The form that is saved: `base` with what the shown fields hold. Raises `Refused`."""
    changes: dict[str, Any] = {key: values[key] for key in _PLAIN if key in values}
    changes |= {key: timedelta(minutes=values[key]) for key in _MINUTES if key in values}
    api_type = ApiType(values["api_type"])
    secret = values.get(SECRET_KEY[api_type])
    changes |= {
        "api_type": api_type,
        "secret": None if secret is None else str(secret),
        "proxy_password": None if (hidden := values.get("proxy_password")) is None else str(hidden),
        "on_unknown": values["on_unknown"],
        "telephone_field_id": values["telephone_field_id"] or None,
        "low_balance": _amount(values["low_balance"]),
        "batch_size": values["batch_size"],
        "total_timeout": timedelta(seconds=values["total_timeout"]),
    }
    return replace(base, **changes)


def _amount(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise Refused("Low balance must be an amount such as 25.50", LABELS["low_balance"]) from None


def plan_of(rate: float | None, stop: float | None) -> retry.RetryPlan | None:
    """The plan that the two fields make; None while one of them cannot be read."""
    if rate is None or stop is None:
        return None
    return retry.RetryPlan.minutes(rate, stop)


def parts_note(api_type: ApiType, parts: int | None) -> str | None:
    """What has to be set in the portal for messages of several parts."""
    if api_type is ApiType.ONE and parts is not None and parts > 1:
        return PARTS_HINT[0].upper() + PARTS_HINT[1:]
    return None
