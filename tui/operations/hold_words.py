"""Holds as JSON objects and in words. Field names are promises: more may be added, none renamed."""

from typing import Any

from storage.held import Held
from storage.holds import Limit, Quiet, Silence
from tui.operations.form_values import minutes_of
from tui.operations.views import iso


def about_words(silence: Silence) -> str:
    """What a silence is about: "Fire door (d3)"."""
    key = f" ({silence.key})" if silence.key else ""
    return f"{silence.alert or 'all alerts'}{key}"


def quiet_json(quiet: Quiet) -> dict[str, Any]:
    return {
        "id": quiet.id,
        "about": quiet.about,
        "user_id": quiet.user_id,
        "group_id": quiet.group_id,
        "windows": list(quiet.windows),
        "zone": quiet.zone,
        "through": quiet.through,
        "tell_all": quiet.tell_all,
    }


def silence_json(silence: Silence, held: int) -> dict[str, Any]:
    return {
        "id": silence.id,
        "alert": silence.alert,
        "key": silence.key,
        "from": iso(silence.from_at),
        "until": iso(silence.until_at),
        "reason": silence.reason,
        "by": silence.by,
        "ended_at": iso(silence.ended_at),
        "ended_by": silence.ended_by,
        "held": held,
    }


def limit_json(limit: Limit | None) -> dict[str, Any]:
    if limit is None:
        return {"most": None, "per_mins": None, "through": None}
    return {"most": limit.most, "per_mins": minutes_of(limit.per), "through": limit.through}


def held_json(row: Held) -> dict[str, Any]:
    return {
        "id": row.id,
        "user": row.user,
        "to": row.to,
        "handler": row.handler,
        "alert": row.alert,
        "occurrence": row.occurrence_id,
        "task": row.task,
        "text": row.text,
        "held_at": iso(row.held_at),
        "until": iso(row.until),
        "why": row.why,
        "hold": row.hold_id,
        "kind": row.kind,
        "state": row.state,
        "message": row.message_id,
        "ended_at": iso(row.ended_at),
        "ended_by": row.ended_by,
        "end_reason": row.end_reason,
    }
