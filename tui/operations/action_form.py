"""The action Send Communication Message, as the editors of tasks and alerts check it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from scheduling import recipients as choosing
from scheduling import sms_text
from storage import audience
from storage import handlers as stored
from storage.records import Action, Recipient
from storage.vocabulary import Stage
from tui.operations.errors import Refused
from tui.operations.message_rules import EMPTY, cut_there
from tui.operations.names import check_text, mentioned
from tui.operations.sending import NO_FIELD, check_fields, check_told


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionForm:
    """A sender, its recipients and a text. `stage` is of an alert; a task's actions have none."""

    handler_id: int
    recipients: tuple[Recipient, ...]
    text: str
    enabled: bool = True
    stage: str | None = None


def form_of(action: Action) -> ActionForm:
    return ActionForm(
        handler_id=action.handler_id,
        recipients=action.recipients,
        text=action.text,
        enabled=action.enabled,
        stage=action.stage,
    )


def check_action(
    connection: sa.Connection, form: ActionForm, fields: Sequence[str]
) -> tuple[Action, tuple[str, ...]]:
    """The action to write, and warnings. `fields` are those the message may use besides users'.

    Raises `Refused` for what would go wrong at three in the morning.
    """
    handler = stored.get(connection, form.handler_id)
    if handler is None or handler.removed_at is not None:
        raise Refused("Sender was removed: choose another handler", "Sender")
    if not form.recipients:
        raise Refused("Recipients is empty: name a user, a group or a +NUMBER", "To")
    check_told(form.recipients, form.stage)
    check_text(form.text, "Message")
    if not form.text.strip():
        raise Refused(EMPTY, "Message")
    check_fields(connection, form.text, fields)
    action = Action(
        id=0,
        handler_id=handler.id,
        handler=handler.name,
        text=sms_text.normalise(form.text),
        recipients=tuple(dict.fromkeys(form.recipients)),
        enabled=form.enabled,
        stage=Stage(form.stage) if form.stage else None,
    )
    warnings = []
    if not handler.enabled:
        warnings.append(f"{handler.name} is disabled: what it should send waits until it is enabled")
    if cut := cut_there(sms_text.measure(action.text).parts, handler.most_parts, handler.name):
        warnings.append(cut)
    return action, (*warnings, *_unreached(connection, action, handler.telephone_field_id))


def _unreached(connection: sa.Connection, action: Action, chosen: int | None) -> list[str]:
    """Who would be left out if it fired now."""
    field_id = audience.telephone_field(connection, chosen)
    if field_id is None and any(recipient.by_name for recipient in action.recipients):
        return [NO_FIELD]
    if all(recipient.is_told for recipient in action.recipients):
        return []
    reached, left_out = choosing.choose(audience.candidates(connection, action.recipients, field_id))
    # Who is on duty is known when it is sent; where nobody will be is said by the alert's health.
    if not reached and not any(recipient.is_duty for recipient in action.recipients):
        return ["it reaches nobody as things are: check the recipients"]
    return [f"left out as things are: {mentioned([str(person) for person in left_out])}"] if left_out else []


def same(one: Action, other: Action) -> bool:
    """Whether two actions do the same, wherever they are kept."""
    return replace(one, id=0, position=0) == replace(other, id=0, position=0)
