"""The settings of a handler's gateway: read, checked, compared and doubted by their description."""

from collections.abc import Mapping
from typing import Any

from scheduling.gateways import registry
from scheduling.gateways.description import BadSetting, Gateway, Kind, Setting
from tui.operations.errors import Refused
from tui.operations.form_values import any_whole_number, whole_number
from tui.operations.gateway_address import check_address, plain_http_warning

LONGEST_TEXT = 10_000  # characters of several lines


def check_settings(api: Gateway, given: Mapping[str, Any], *, allow_plain_http: bool) -> dict[str, Any]:
    """What is kept of a gateway's settings; presets fill what is not given. Raises `Refused`."""
    found = {
        each.key: _checked(api, each, given.get(each.key), allow_plain_http=allow_plain_http)
        for each in api.plain
    }
    return {key: value for key, value in found.items() if value is not None}


def _checked(api: Gateway, setting: Setting, given: Any, *, allow_plain_http: bool) -> Any:
    value: Any = setting.preset if given is None else given
    match setting.kind:
        case Kind.NUMBER:
            if value == "" and not setting.required:
                return None
            value = whole_number(value, setting.label, setting.least, setting.most)
        case Kind.YES_NO:
            value = bool(value)
        case Kind.CHOICE:
            value = _chosen(setting, str(value))
        case Kind.ADDRESS:
            if not (value or setting.preset or setting.required):
                return None
            value = check_address(
                str(value),
                setting.label,
                setting.example,
                preset=str(setting.preset or ""),
                allow_plain_http=allow_plain_http,
            )
        case _:
            value = _text(api, setting, str(value))
    if setting.check is not None:
        try:
            setting.check(value)
        except BadSetting as error:
            raise Refused(str(error), setting.label) from None
    return None if value == "" == setting.preset else value


def _text(api: Gateway, setting: Setting, typed: str) -> str:
    value = typed.strip()
    if setting.required and not value:
        raise Refused(f"{setting.label} is empty: the {api.label} needs it", setting.label)
    if setting.check is not None:
        return value  # which says all that is wrong with it
    lines = setting.kind is Kind.LONG_TEXT
    printable = all(line.isprintable() for line in value.splitlines()) if lines else value.isprintable()
    if len(value) > (LONGEST_TEXT if lines else setting.most) or not printable:
        raise Refused(
            f"{setting.label} holds a line break or another control character, or is too long", setting.label
        )
    return value


def _chosen(setting: Setting, value: str) -> str:
    if value not in setting.choices and (value or setting.required):
        raise Refused(
            f'{setting.label} must be one of {", ".join(setting.choices)}, not "{value[:40]}"', setting.label
        )
    return value


def from_text(setting: Setting, text: str) -> Any:
    """What an option of the command line holds; the form checks its range. Raises `Refused`."""
    return any_whole_number(text, setting.label) if setting.kind is Kind.NUMBER and text.strip() else text


def moved(
    before: tuple[str, Mapping[str, Any]], api: Gateway, settings: Mapping[str, Any]
) -> tuple[str, ...]:
    """The labels of what would send the kept secret to another place or person than before.

    `before` is the API Type and the settings that are kept.
    """
    was_type, kept = before
    another = was_type != api.name
    was = {} if another else api.values(kept)
    guarding = (each for each in api.plain if each.guards_secret)
    other = (each.label for each in guarding if (settings.get(each.key) or None) != was.get(each.key))
    return (*(["API Type"] if another else []), *other)


def changes(
    before: tuple[str, Mapping[str, Any]], after: tuple[str, Mapping[str, Any]]
) -> list[tuple[str, Any, Any]]:
    """What differs between two API Types with their settings: label, before, after."""
    old, new = registry.of(before[0]), registry.of(after[0])
    labels = {each.key: each.label for api in (old, new) for each in api.plain}
    was, now = old.values(before[1]), new.values(after[1])
    return [
        (label, was.get(key), now.get(key)) for key, label in labels.items() if was.get(key) != now.get(key)
    ]


def plain_http_doubt(api: Gateway, settings: Mapping[str, Any]) -> str | None:
    """That a secret crosses a network in clear; None where it does not."""
    said = (plain_http_warning(settings.get(each.key)) for each in api.addresses)
    return next(filter(None, said), None)


def doubts(api: Gateway, settings: Mapping[str, Any]) -> list[str]:
    """What looks doubtful in the settings although it can be saved."""
    found = (each.doubt(settings.get(each.key) or "") for each in api.plain if each.doubt is not None)
    return [said for said in found if said]


def as_json(api_type: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of all gateways by their JSON names; null for what the handler's has not."""
    api = registry.of(api_type)
    own = {each.key for each in api.plain}
    return {
        each.json_name: api.value(settings, each.key) if each.key in own else None
        for each in registry.settings()
    }
