"""The options of a handler: those of all handlers, spelled here, and those of each gateway's settings."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

import typer

from scheduling.gateways import registry
from scheduling.gateways.description import Gateway, Kind, Setting
from tui.cli.context import desk

if TYPE_CHECKING:
    from tui.operations.handler_form import HandlerForm

Command = TypeVar("Command", bound=Callable[..., None])

Unknown = StrEnum("Unknown", ["resend", "hold"])  # what to do when the outcome is unknown

Name = Annotated[str, typer.Argument(metavar="NAME", help="A handler's name or id")]


def _option(name: str, help: str, metavar: str | None = None, kind: Any = str) -> Any:
    return Annotated[kind | None, typer.Option(name, metavar=metavar, help=help)]


def _batch_usage() -> str:
    first, *others = registry.every()
    told = "; ".join(f"{_short(api)}: {api.batch.preset}, at most {api.batch.most}" for api in others)
    return f"Messages a call; preset {first.batch.preset} ({told})"


def _parts_usage() -> str:
    told = "; ".join(f"{api.label}: {api.parts_usage}" for api in registry.every() if api.parts_usage)
    return f"Most parts of one message; preset 3 ({told})"


def _short(api: Gateway) -> str:
    return api.label.removesuffix(" API")


def api_types() -> Any:
    """The API Types, as they are typed."""
    made: Any = StrEnum
    return made("Api", {api.name: api.name for api in registry.every()})


def api_usage() -> str:
    """`The API Type: one (One API) or xml (XML API)`."""
    return f"The API Type: {' or '.join(f'{api.name} ({api.label})' for api in registry.every())}"


def common_options() -> dict[str, Any]:
    """The options of all handlers, by the names of the command's parameters."""
    return {
        "retry_rate": _option("--retry-rate", "Retry Rate in whole minutes; preset 1, 0 for no retry", "M"),
        "stop_retrying_after": _option(
            "--stop-retrying-after", "Stop Retrying After, in whole minutes; preset 5", "M"
        ),
        "on_unknown": _option(
            "--on-unknown",
            "When the outcome is unknown: send again (preset), or hold for an operator",
            kind=Unknown,
        ),
        "useful_life": _option(
            "--useful-life", "Minutes after which an unsent message expires; preset 60", "M"
        ),
        "most_parts": _option("--most-parts", _parts_usage(), "N"),
        "rate_per_minute": _option(
            "--rate-per-minute", "Most messages a minute; 0 for no limit (preset)", "N"
        ),
        "low_balance": _option(
            "--low-balance",
            'The alert "Balance low" is raised below this; "" for never (preset)',
            "AMOUNT",
        ),
        "telephone_field": _option(
            "--telephone-field", 'The custom field it sends to; "" for the site\'s first', "NAME"
        ),
        "batch_size": _option("--batch-size", _batch_usage(), "N"),
        "connections": _option("--connections", "Connections at once, 2 to 8; preset 8", "N"),
        "total_timeout": _option("--total-timeout", "Seconds that one call may take in all; preset 30", "S"),
        "allow_plain_http": _option(
            "--allow-plain-http/--no-plain-http", "Let the secret cross the network in clear", kind=bool
        ),
        "proxy": _option("--proxy", 'The proxy that leads out of this network; "" for none', "URL"),
        "proxy_password_file": _option(
            "--proxy-password-file", "The file that holds the proxy's password", "F|-"
        ),
        "ca_file": _option("--ca-file", 'Certificates to trust besides the usual ones; "" for none', "FILE"),
        "notes": _option("--notes", "Anything worth knowing about it"),
    }


def _parameter(setting: Setting) -> str:
    """The name of the command's parameter that a setting's option fills."""
    return f"{setting.key}_file" if setting.is_secret else setting.key


def setting_options() -> dict[str, Any]:
    """The options of the gateways' settings: the secrets, then the others."""
    found = {}
    for setting in (*registry.secrets(), *registry.settings()):
        api = next(api for api in registry.every() if setting in api.settings)
        usage = f"{api.label}: {setting.usage}"
        if setting.is_secret:
            found[_parameter(setting)] = _option(setting.option, usage, "F|-")
        elif setting.kind is Kind.YES_NO:
            names = f"{setting.option}/--no-{setting.option.removeprefix('--')}"
            found[_parameter(setting)] = _option(names, usage, kind=bool)
        else:
            found[_parameter(setting)] = _option(setting.option, usage, setting.metavar)
    return found


def filling(command: Command) -> Command:
    """The command with all these options in place of its `**given`, after its arguments."""
    own = inspect.signature(command).parameters.values()
    first = [_choosing(each) for each in own if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    last = [each for each in own if each.kind is inspect.Parameter.KEYWORD_ONLY]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in (setting_options() | common_options()).items()
    ]
    signature = inspect.Signature([*first, *options, *last])
    command.__signature__ = signature  # type: ignore[attr-defined]
    return command


def _choosing(parameter: inspect.Parameter) -> inspect.Parameter:
    """`--api` takes the name of a gateway."""
    if parameter.name != "api":
        return parameter
    _, option = get_args(parameter.annotation)
    kind = api_types()
    required = parameter.default is inspect.Parameter.empty
    return parameter.replace(annotation=Annotated[kind if required else kind | None, option])


def filled(form: "HandlerForm", given: Mapping[str, Any]) -> "HandlerForm":
    """The form with every option that was given; the texts are checked here, the whole by the operation."""
    from dataclasses import replace
    from datetime import timedelta

    from scheduling.retry import RATE_FIELD, STOP_FIELD
    from storage.vocabulary import OnUnknown
    from tui.operations.form_values import any_whole_number, whole_minutes, whole_number
    from tui.operations.handler_form import amount

    api = registry.of(form.api_type)
    _check_api(api, given)
    found: dict[str, Any] = {
        "settings": {**form.settings, **dict(_settings(api, given))},
        "allow_plain_http": given["allow_plain_http"],
        "notes": given["notes"],
        "proxy": given["proxy"],
        "proxy_password": _secret(given["proxy_password_file"], "Proxy Password", "--proxy-password-file"),
        "ca_file": given["ca_file"],
        "secret": _secret(given[_parameter(api.secret)], api.secret.label, api.secret.option),
    }
    for name, option, label in (
        ("retry_rate", "retry_rate", RATE_FIELD),
        ("stop_retrying_after", "stop_retrying_after", STOP_FIELD),
        ("useful_life", "useful_life", "Useful life (mins)"),
    ):
        found[name] = None if given[option] is None else whole_minutes(given[option], label)
    for name, option, label in (
        ("most_parts", "most_parts", "Most parts"),
        ("batch_size", "batch_size", "Batch size"),
        ("max_connections", "connections", "Connections"),
    ):
        found[name] = None if given[option] is None else any_whole_number(given[option], label)
    if given["on_unknown"] is not None:
        found["on_unknown"] = OnUnknown(given["on_unknown"])
    if given["total_timeout"] is not None:
        seconds = any_whole_number(given["total_timeout"], "Total timeout (s)")
        found["total_timeout"] = timedelta(seconds=seconds)
    form = replace(form, **{name: value for name, value in found.items() if value is not None})
    if given["rate_per_minute"] is not None:
        limit = whole_number(given["rate_per_minute"], "Rate limit (per minute)", 0, 60_000)
        form = replace(form, rate_per_minute=limit or None)
    if given["low_balance"] is not None:
        mark = given["low_balance"].strip()
        form = replace(form, low_balance=amount(mark, "Low balance") if mark else None)
    if given["telephone_field"] is not None:
        form = replace(form, telephone_field_id=_field_id(given["telephone_field"]))
    return form


def _settings(api: Gateway, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What was given of the gateway's settings."""
    from tui.operations.handler_settings import from_text

    for setting in api.plain:
        value = given[_parameter(setting)]
        if value is not None:
            yield setting.key, from_text(setting, value) if isinstance(value, str) else value


def _check_api(api: Gateway, given: Mapping[str, Any]) -> None:
    """What belongs to the other API Type would be dropped in silence: say so instead."""
    foreign = (each for each in (*registry.secrets(), *registry.settings()) if each not in api.settings)
    wrong = [each.option for each in foreign if given[_parameter(each)] is not None]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]} does not belong to the {api.label}")


def _secret(file: str | None, what: str, option: str) -> str | None:
    from tui.cli.secret_input import read_secret

    return None if file is None else read_secret(file, what, option)


def _field_id(name: str) -> int | None:
    from tui.operations import names

    if not name.strip():
        return None
    with desk().database.read() as connection:
        return names.field(connection, name).id
