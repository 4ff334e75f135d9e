"""Alerts and occurrences as JSON objects. Field names are promises: more may be added, none renamed."""

from typing import Any

from scheduling.told import PersonTold
from storage.alerts import Alert
from storage.occurrences import Occurrence, OccurrenceEvent
from tui.operations import told_words
from tui.operations.alerts import AlertView
from tui.operations.form_values import minutes_of
from tui.operations.occurrences import OccurrenceDetail, OccurrenceView, SentMessage, Stepped
from tui.operations.views import action_json, iso, message_json


def alert_json(view: AlertView) -> dict[str, Any]:
    alert = view.alert
    return {
        "id": alert.id,
        "name": alert.name,
        "priority": alert.priority,
        "description": alert.description,
        "enabled": alert.enabled,
        "system": alert.system,
        "useful_life_mins": None if alert.useful_life is None else minutes_of(alert.useful_life),
        "settle_mins": 0 if alert.settle is None else minutes_of(alert.settle),
        "fields": [{"name": field.name, "default": field.default} for field in alert.fields],
        "actions": actions_json(alert),
        "active": view.active,
        "problems": list(view.problems),
        **plan_json(alert),
        "revision": alert.revision,
    }


def plan_json(alert: Alert) -> dict[str, Any]:
    """The answer plan; lengths in minutes. Without one `plan` is empty."""
    return {
        "plan": [
            {"n": n, "after_mins": step.after_mins, "what": str(step.what)}
            for n, step in enumerate(alert.plan, start=1)
        ],
        "then": str(alert.plan_then),
        "claim_lasts_mins": None if alert.claim_lasts is None else minutes_of(alert.claim_lasts),
    }


def actions_json(alert: Alert) -> list[dict[str, Any]]:
    """The actions of all tabs; `place` counts from 1 on each tab."""
    return [
        action_json(action) | {"alert": alert.name, "alert_id": alert.id, "place": action.position + 1}
        for action in alert.actions
    ]


def occurrence_json(occurrence: Occurrence) -> dict[str, Any]:
    return {
        "id": occurrence.id,
        "alert": occurrence.alert,
        "alert_id": occurrence.alert_id,
        "priority": occurrence.priority,
        "key": occurrence.key,
        "stage": occurrence.stage,
        "active": occurrence.active,
        "count": occurrence.count,
        "owner": occurrence.owner,
        "given": dict(occurrence.given),
        "raised_by": occurrence.raised_by,
        "raised_at": iso(occurrence.raised_at),
        "changed_at": iso(occurrence.changed_at),
        "ended_at": iso(occurrence.ended_at),
        "unanswered": occurrence.unanswered,
        "level": occurrence.level,
        "step": occurrence.step,
        "steps": occurrence.steps,
        "round": occurrence.round,
        "answer_due_at": iso(occurrence.answer_due_at),
        "claim_until": iso(occurrence.claim_until),
        "kept_back": occurrence.kept_back,
        "settle_at": iso(occurrence.settle_at),
    }


def stepped_json(stepped: Stepped) -> dict[str, Any]:
    """An occurrence after a raise or a step, with what that queued: message ids, who was left out."""
    queued = stepped.queued
    return occurrence_json(stepped.occurrence) | {
        "counted": stepped.counted,
        "messages": list(queued.message_ids),
        "left_out": [{"name": person.name, "reason": person.reason} for person in queued.left_out],
        "problems": list(queued.problems),
        "held": [
            {"user": row.user, "to": row.to, "until": iso(row.until), "why": row.why} for row in queued.held
        ],
        "kept": queued.kept,
    }


def listed_json(view: OccurrenceView) -> dict[str, Any]:
    return occurrence_json(view.occurrence) | {"queued": view.queued, "left_out": view.left_out}


def detail_json(detail: OccurrenceDetail) -> dict[str, Any]:
    return listed_json(detail.view) | {
        "events": [event_json(event) for event in detail.events],
        "messages": [_sent_json(sent) for sent in detail.messages],
        "told": [_told_json(person) for person in detail.tally.told],
        "not_told": [
            {
                "user": person.name,
                "to": person.to,
                "state": _state_of(person),
                "why": told_words.why_not(person),
            }
            for person in detail.tally.people
            if not person.told
        ],
        "withdrawn": detail.withdrawn,
    }


def _state_of(person: PersonTold) -> str | None:
    if person.fact is not None:
        return str(person.fact.state)
    return None if person.held_until is None else "held"


def _told_json(person: PersonTold) -> dict[str, Any]:
    """Somebody who is told: `at` is when the message was accepted, or tried while that is not known."""
    assert person.fact is not None
    return {"user": person.name, "to": person.to, "at": iso(person.at), "state": str(person.fact.state)}


def event_json(event: OccurrenceEvent) -> dict[str, Any]:
    """A step or a note: `what` is a stage, "Raised again", "Note", "Told again", "Nobody answered", …"""
    return {
        "id": event.id,
        "at": iso(event.at),
        "what": event.what,
        "operator": event.operator,
        "note": event.note,
        "queued": event.queued,
        "left_out": event.left_out,
    }


def _sent_json(sent: SentMessage) -> dict[str, Any]:
    return message_json(sent.message) | {"stage": sent.stage}
