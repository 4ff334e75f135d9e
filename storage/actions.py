"""What tasks and stages of alerts send: their actions, each with the entries of its Recipients tab."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from storage.database import Transaction
from storage.records import TOLD, Action, Recipient, duty_recipient
from storage.tables import action_recipients, actions, groups, handlers, rosters, users
from storage.vocabulary import RecipientKind, Stage

FIRST_LEVEL = 1  # of actions on the Escalated tab that name none


def listing(
    connection: sa.Connection | Transaction,
    *,
    tasks_too: Sequence[int] = (),
    alerts_too: Sequence[int] = (),
) -> dict[int, list[Action]]:
    """The actions of tasks, or of alerts, by owner and in their order."""
    owner = actions.c.task_id if tasks_too else actions.c.alert_id
    wanted = tasks_too or alerts_too
    if not wanted:
        return {}
    query = (
        sa.select(actions, owner.label("owner"), handlers.c.name.label("handler"))
        .join_from(actions, handlers, handlers.c.id == actions.c.handler_id)
        .where(owner.in_(wanted))
        .order_by(actions.c.stage, actions.c.position, actions.c.id)
    )
    rows = connection.execute(query).all()
    people = _recipients(connection, [row.id for row in rows])
    found: dict[int, list[Action]] = {}
    for row in rows:
        action = Action(
            id=row.id,
            handler_id=row.handler_id,
            handler=row.handler,
            text=row.body,
            recipients=tuple(people.get(row.id, ())),
            position=row.position,
            enabled=row.enabled,
            stage=row.stage,
            level=(row.level or FIRST_LEVEL) if row.stage is Stage.ESCALATED else None,
        )
        found.setdefault(row.owner, []).append(action)
    return found


def _recipients(
    connection: sa.Connection | Transaction, action_ids: Sequence[int]
) -> dict[int, list[Recipient]]:
    r = action_recipients.c
    query = (
        sa.select(
            r.action_id,
            r.user_id,
            r.group_id,
            r.number,
            r.kind,
            r.roster_id,
            users.c.name,
            groups.c.name.label("group"),
            rosters.c.name.label("roster"),
        )
        .select_from(action_recipients)
        .outerjoin(users, users.c.id == r.user_id)
        .outerjoin(groups, groups.c.id == r.group_id)
        .outerjoin(rosters, rosters.c.id == r.roster_id)
        .where(r.action_id.in_(action_ids))
        .order_by(r.action_id, r.position)
    )
    found: dict[int, list[Recipient]] = {}
    for row in connection.execute(query):
        found.setdefault(row.action_id, []).append(_recipient(row))
    return found


def _recipient(row: Any) -> Recipient:
    if row.kind is RecipientKind.TOLD:
        return TOLD
    if row.roster_id is not None:
        return duty_recipient(row.roster_id, row.roster or "")
    return Recipient(row.user_id, row.group_id, row.number, row.name or row.group or row.number or "")


def alert_of(connection: sa.Connection | Transaction, action_id: int) -> int | None:
    """The id of the alert that an action belongs to; None when no alert has such an action."""
    found: int | None = connection.execute(
        sa.select(actions.c.alert_id).where(actions.c.id == action_id)
    ).scalar()
    return found


def set_of_task(tx: Transaction, task_id: int, wanted: Sequence[Action]) -> None:
    """Make the task's actions these, in this order (ids and handler names of `wanted` are not read)."""
    mine = sa.select(actions.c.id).where(actions.c.task_id == task_id)
    _remove(tx, tx.execute(mine).scalars().all())
    for place, action in enumerate(wanted):
        _add(tx, {"task_id": task_id, **_columns(action, place)}, action)


def set_of_alert(tx: Transaction, alert_id: int, wanted: Sequence[Action]) -> None:
    """Make the alert's actions these, stage by stage in this order.

    An action keeps its id; one whose id is 0 is new; those not named are removed.
    """
    kept = [action.id for action in wanted if action.id]
    mine = sa.select(actions.c.id).where(actions.c.alert_id == alert_id)
    _remove(tx, tx.execute(mine.where(actions.c.id.not_in(kept))).scalars().all())
    tx.execute(sa.delete(action_recipients).where(action_recipients.c.action_id.in_(kept)))
    places: dict[str | None, int] = {}
    for action in wanted:
        place = places.get(action.stage, 0)
        places[action.stage] = place + 1
        if action.id:
            same = (actions.c.id == action.id) & (actions.c.alert_id == alert_id)
            tx.execute(sa.update(actions).where(same).values(**_columns(action, place)))
            _add_recipients(tx, action.id, action.recipients)
        else:
            _add(tx, {"alert_id": alert_id, **_columns(action, place)}, action)


def _columns(action: Action, place: int) -> dict[str, Any]:
    return {
        "stage": action.stage,
        "position": place,
        "handler_id": action.handler_id,
        "body": action.text,
        "enabled": action.enabled,
        "level": action.level if action.stage == Stage.ESCALATED else None,
    }


def _add(tx: Transaction, values: dict[str, Any], action: Action) -> None:
    made = tx.execute(sa.insert(actions).values(**values).returning(actions.c.id)).scalar_one()
    _add_recipients(tx, made, action.recipients)


def _add_recipients(tx: Transaction, action_id: int, people: Sequence[Recipient]) -> None:
    rows = [
        {
            "action_id": action_id,
            "position": place,
            "user_id": person.user_id,
            "group_id": person.group_id,
            "number": person.number,
            "kind": person.kind,
            "roster_id": person.roster_id,
        }
        for place, person in enumerate(people)
    ]
    if rows:
        tx.execute(sa.insert(action_recipients), rows)


def _remove(tx: Transaction, ids: Sequence[int]) -> None:
    tx.execute(sa.delete(action_recipients).where(action_recipients.c.action_id.in_(ids)))
    tx.execute(sa.delete(actions).where(actions.c.id.in_(ids)))
