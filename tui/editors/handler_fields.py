"""The fields of the handler editor: the form of each gateway, and what all handlers have."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from textual.widget import Widget

from scheduling import retry
from scheduling.gateways import registry
from scheduling.gateways.description import Gateway, Kind, Setting
from storage.records import CustomField, Handler
from storage.vocabulary import OnUnknown
from tui.operations.errors import Refused
from tui.operations.form_values import MOST_MINUTES, minutes_of
from tui.operations.handler_form import (
    LABELS,
    MOST_CONNECTIONS,
    MOST_PARTS,
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

FIRST_FIELD = 0
"""Stands for "the first Telephone Number field of the site"."""

_MINUTES = ("retry_rate", "stop_retrying_after", "useful_life")
_PLAIN = ("name", "enabled", "allow_plain_http", "notes", "most_parts", "max_connections", "rate_per_minute",
          "proxy", "ca_file")  # fmt: skip


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
    """The first tab: the account of each gateway, and the plan of retries."""
    return (
        TextField(key="name", label="Name", required=True, most=100),
        YesNoField(key="enabled", label="Enabled", help="A disabled handler lets its messages wait."),
        ChoiceField(
            key="api_type",
            label="API Type",
            options=tuple((api.label, api.name) for api in registry.every()),
            required=True,
        ),
        *_gateway_fields(before, more=False),
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
        *_gateway_fields(before, more=True),
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
            most=max(api.batch.most for api in registry.every()),
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


def _gateway_fields(before: Handler | None, *, more: bool) -> list[Field]:
    """The fields of every gateway's settings that belong on the first tab, or on the second."""
    found = {
        setting.key: _field_of(api, setting, before)
        for api in registry.every()
        for setting in api.settings
        if setting.on_more is more
    }
    return list(found.values())


def _field_of(api: Gateway, setting: Setting, before: Handler | None) -> Field:
    key, label, help, required = setting.key, setting.label, setting.help, setting.required
    match setting.kind:
        case Kind.SECRET:
            stored = before.secret_hint if before and before.api_type == api.name else ""
            return SecretField(key=key, label=label, stored=stored, required=before is None, help=help)
        case Kind.NUMBER:
            return NumberField(
                key=key, label=label, least=setting.least, most=setting.most, required=required, help=help
            )
        case Kind.YES_NO:
            return YesNoField(key=key, label=label, help=help)
        case Kind.CHOICE:
            options = tuple((choice, choice) for choice in setting.choices)
            return ChoiceField(key=key, label=label, options=options, required=required, help=help)
        case Kind.LONG_TEXT:
            return LongTextField(key=key, label=label, required=required, help=help)
    return TextField(key=key, label=label, choices=setting.choices, required=required, help=help)


def needs_of_gateways() -> str:
    """`One API needs the API Key of …; XML API the User Name, …`."""
    first, *others = registry.every()
    return "; ".join([f"{first.label} needs {first.needs}", *(f"{api.label} {api.needs}" for api in others)])


def keys_of(api: Gateway) -> frozenset[str]:
    """The fields that are shown for a gateway, of those that not every handler has."""
    return frozenset(each.key for each in api.settings)


def gateway_keys() -> frozenset[str]:
    """The fields that not every handler has."""
    return frozenset(each.key for each in (*registry.settings(), *registry.secrets()))


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
    own = registry.of(form.api_type)
    given = own.values(form.settings)
    for each in registry.settings():
        value = given[each.key] if each in own.plain else each.preset
        empty = None if each.kind is Kind.NUMBER else ""
        values[each.key] = empty if value in (None, "") else value
    values |= {
        "api_type": form.api_type,
        "on_unknown": form.on_unknown,
        "telephone_field_id": form.telephone_field_id or FIRST_FIELD,
        "low_balance": "" if form.low_balance is None else f"{form.low_balance:f}",
        "batch_size": own.batch.preset if form.batch_size is None else form.batch_size,
        "total_timeout": form.total_timeout.total_seconds(),
    }
    return values


def form_from(base: HandlerForm, values: Mapping[str, Any]) -> HandlerForm:
    """The form that is saved: `base` with what the shown fields hold. Raises `Refused`."""
    changes: dict[str, Any] = {key: values[key] for key in _PLAIN if key in values}
    changes |= {key: timedelta(minutes=values[key]) for key in _MINUTES if key in values}
    api = registry.of(values["api_type"])
    secret = values.get(api.secret.key)
    changes |= {
        "api_type": api.name,
        "settings": {each.key: values[each.key] for each in api.plain if each.key in values},
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


def parts_note(api: Gateway, parts: int | None) -> str | None:
    """What has to be set in the portal for messages of several parts."""
    if api.parts_note and parts is not None and parts > 1:
        return api.parts_note[0].upper() + api.parts_note[1:]
    return None
