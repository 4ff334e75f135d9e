"""A handler's values in one list: what is no column, or no field, is a setting of its gateway."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, TypeVar

from storage.tables import handlers

Record = TypeVar("Record")
MINUTE = timedelta(minutes=1)
OF_ONE_API = {"channel": "SMS", "base_url": "http://127.0.0.1:9"}


def sorted_apart(own: set[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those that are not `own` as `settings`."""
    settings = {key: value for key, value in values.items() if key not in own}
    kept = {key: value for key, value in values.items() if key in own}
    return {**kept, "settings": {**settings, **kept.get("settings", {})}}


def changed(record: Record, **changes: Any) -> Record:
    """A `Handler`, `HandlerForm` or `HandlerConfig` with other fields and settings."""
    values: dict[str, Any] = sorted_apart({each.name for each in fields(record)}, changes)  # type: ignore[arg-type]
    values["settings"] = {**record.settings, **values["settings"]}  # type: ignore[attr-defined]
    return replace(record, **values)  # type: ignore[type-var]


def made(kind: type[Record], *given: Any, **values: Any) -> Record:
    """One of them from its fields and settings."""
    return kind(*given, **sorted_apart({each.name for each in fields(kind)}, values))  # type: ignore[arg-type]


def handler_row(name: str, **values: Any) -> dict[str, Any]:
    """The columns of a handler at the One API, or of another, with presets for what is not given."""
    row: dict[str, Any] = {
        "name": name,
        "api_type": "one",
        "enabled": True,
        "retry_rate": MINUTE,
        "stop_retrying_after": 5 * MINUTE,
        "on_unknown": "resend",
        "useful_life": 60 * MINUTE,
        "most_parts": 3,
        "batch_size": 100,
        "max_connections": 8,
        "total_timeout": timedelta(seconds=30),
        **(OF_ONE_API if values.get("api_type", "one") == "one" else {}),
        **values,
    }
    return sorted_apart(set(handlers.c.keys()), row)
