"""The options of a handler, spelled once for `add` and `edit`, and how they fill the form."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.context import desk

if TYPE_CHECKING:
    from tui.operations.handler_form import HandlerForm


class Api(StrEnum):
    """The API Type, as it is typed."""

    one = "one"
    xml = "xml"


class Unknown(StrEnum):
    """What to do when the outcome is unknown."""

    resend = "resend"
    hold = "hold"


Name = Annotated[str, typer.Argument(metavar="NAME", help="A handler's name or id")]
KeyFile = Annotated[
    str | None,
    typer.Option(
        "--api-key-file", metavar="F|-", help="One API: the file that holds the API Key, - for standard input"
    ),
]
PasswordFile = Annotated[
    str | None,
    typer.Option(
        "--password-file",
        metavar="F|-",
        help="XML API: the file that holds the Password, - for standard input",
    ),
]
Channel = Annotated[
    str | None, typer.Option("--channel", help="One API: SMS is the preset, whatsapp another")
]
BaseUrl = Annotated[str | None, typer.Option("--base-url", metavar="URL", help="One API: where it is called")]
UserName = Annotated[
    str | None, typer.Option("--user-name", metavar="U", help="XML API: the account's User Name")
]
ApiId = Annotated[str | None, typer.Option("--api-id", metavar="N", help="XML API: the API ID")]
ApiUri = Annotated[str | None, typer.Option("--api-uri", metavar="URL", help="XML API: where it is called")]
From = Annotated[
    str | None, typer.Option("--from", metavar="S", help="XML API: the sender ID that people see")
]
Rate = Annotated[
    str | None,
    typer.Option("--retry-rate", metavar="M", help="Retry Rate in whole minutes; preset 1, 0 for no retry"),
]
Stop = Annotated[
    str | None,
    typer.Option(
        "--stop-retrying-after", metavar="M", help="Stop Retrying After, in whole minutes; preset 5"
    ),
]
OnUnknown = Annotated[
    Unknown | None,
    typer.Option(
        "--on-unknown", help="When the outcome is unknown: send again (preset), or hold for an operator"
    ),
]
Life = Annotated[
    str | None,
    typer.Option(
        "--useful-life", metavar="M", help="Minutes after which an unsent message expires; preset 60"
    ),
]
Parts = Annotated[
    str | None,
    typer.Option(
        "--most-parts",
        metavar="N",
        help='Most parts of one message; preset 3 (One API: above 1 needs "Enable message parts")',
    ),
]
PerMinute = Annotated[
    str | None,
    typer.Option("--rate-per-minute", metavar="N", help="Most messages a minute; 0 for no limit (preset)"),
]
LowBalance = Annotated[
    str | None,
    typer.Option(
        "--low-balance",
        metavar="AMOUNT",
        help='The alert "Balance low" is raised below this; "" for never (preset)',
    ),
]
Field = Annotated[
    str | None,
    typer.Option(
        "--telephone-field", metavar="NAME", help='The custom field it sends to; "" for the site\'s first'
    ),
]
Batch = Annotated[
    str | None,
    typer.Option("--batch-size", metavar="N", help="Messages a call; preset 100 (XML: 1, at most 50)"),
]
Connections = Annotated[
    str | None, typer.Option("--connections", metavar="N", help="Connections at once, 2 to 8; preset 8")
]
Timeout = Annotated[
    str | None,
    typer.Option("--total-timeout", metavar="S", help="Seconds that one call may take in all; preset 30"),
]
PlainHttp = Annotated[
    bool | None,
    typer.Option("--allow-plain-http/--no-plain-http", help="Let the secret cross the network in clear"),
]
Proxy = Annotated[
    str | None,
    typer.Option("--proxy", metavar="URL", help='The proxy that leads out of this network; "" for none'),
]
ProxyPasswordFile = Annotated[
    str | None,
    typer.Option("--proxy-password-file", metavar="F|-", help="The file that holds the proxy's password"),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file", metavar="FILE", help='Certificates to trust besides the usual ones; "" for none'
    ),
]
Notes = Annotated[str | None, typer.Option("--notes", help="Anything worth knowing about it")]


ONLY_ONE = {"channel": "--channel", "base_url": "--base-url", "api_key_file": "--api-key-file"}
ONLY_XML = {
    "user_name": "--user-name",
    "password_file": "--password-file",
    "api_id": "--api-id",
    "api_uri": "--api-uri",
    "sender": "--from",
}


def filled(form: "HandlerForm", given: dict[str, Any]) -> "HandlerForm":
    """The form with every option that was given; the texts are checked here, the whole by the operation."""
    from dataclasses import replace
    from datetime import timedelta

    from scheduling.retry import RATE_FIELD, STOP_FIELD
    from storage.vocabulary import OnUnknown
    from tui.operations.form_values import any_whole_number, whole_minutes, whole_number
    from tui.operations.handler_form import amount

    _check_api(form.api_type, given)
    found: dict[str, Any] = {
        "channel": given["channel"],
        "base_url": given["base_url"],
        "user_name": given["user_name"],
        "api_id": given["api_id"],
        "api_uri": given["api_uri"],
        "sender_id": given["sender"],
        "allow_plain_http": given["allow_plain_http"],
        "notes": given["notes"],
        "proxy": given["proxy"],
        "proxy_password": _proxy_password(given["proxy_password_file"]),
        "ca_file": given["ca_file"],
        "secret": _secret(form.api_type, given["api_key_file"], given["password_file"]),
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


def _check_api(api_type: str, given: dict[str, Any]) -> None:
    """What belongs to the other API Type would be dropped in silence: say so instead."""
    foreign, name = (ONLY_XML, "One API") if api_type == "one" else (ONLY_ONE, "XML API")
    wrong = [option for key, option in foreign.items() if given[key] is not None]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]} does not belong to the {name}")


def _secret(api_type: str, key_file: str | None, password_file: str | None) -> str | None:
    from tui.cli.secret_input import read_secret

    if api_type == "one":
        return None if key_file is None else read_secret(key_file, "API Key", "--api-key-file")
    return None if password_file is None else read_secret(password_file, "Password", "--password-file")


def _proxy_password(file: str | None) -> str | None:
    from tui.cli.secret_input import read_secret

    return None if file is None else read_secret(file, "Proxy Password", "--proxy-password-file")


def _field_id(name: str) -> int | None:
    from tui.operations import names

    if not name.strip():
        return None
    with desk().database.read() as connection:
        return names.field(connection, name).id
