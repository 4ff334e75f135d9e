"""What would keep an alert from reaching people, found before it is needed."""

from datetime import datetime

import sqlalchemy as sa

from scheduling import duty, on_duty, recipients, telling, templates
from scheduling.answer_plan import levels_of
from storage import audience, groups, handlers, rosters
from storage.alerts import Alert
from storage.records import Action, Handler, Recipient
from storage.tables import group_members, user_values, users
from storage.vocabulary import Stage, StepKind
from tui.operations.duty import gaps_words
from tui.operations.names import mentioned
from tui.operations.sending import NO_FIELD, known_fields

NO_ACTION = "nothing is sent when it is raised: its Created tab has no action"


class DutyGaps:
    """When nobody will be on duty, worked out once a roster and telephone field, for many alerts."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection, self._now = connection, now
        self._known: dict[tuple[int, int | None], list[str]] = {}

    def of(self, recipient: Recipient, field_id: int | None) -> list[str]:
        """The next time, and how many more there are; empty where somebody is on at all times."""
        key = (recipient.roster_id or 0, field_id)
        if key not in self._known:
            self._known[key] = self._look(recipient, field_id)
        return self._known[key]

    def _look(self, recipient: Recipient, field_id: int | None) -> list[str]:
        roster = rosters.get(self._connection, recipient.roster_id or 0, ending_after=self._now)
        if roster is None:
            return [f"its roster {recipient.name} was removed"]
        roster = duty.with_reach(self._connection, roster, field_id)
        holes = on_duty.gaps(roster, self._now)
        return [gaps_words(roster, holes)] if holes else []


def broken(connection: sa.Connection, alert: Alert, gaps: DutyGaps) -> list[str]:
    """What is wrong with the alert as things are now, a sentence each; empty when it would work.

    A handler that was removed or disabled, a group that was removed, is empty or reaches nobody,
    a named user who cannot be reached, a roster by which nobody is on at some time of the next 31
    days, a field in a message that is not known any more, and a Created tab that sends nothing.
    Disabled actions are not looked at.
    """
    active = [action for action in alert.actions if action.enabled]
    found = [] if any(action.stage == Stage.CREATED for action in active) else [NO_ACTION]
    found += _levels_missing(alert)
    known = [*known_fields(connection), *telling.known_fields(alert.fields)]
    for action in active:
        found += [f"{action.stage}: {trouble}" for trouble in _troubles(connection, action, known, gaps)]
    return list(dict.fromkeys(found))


def _levels_missing(alert: Alert) -> list[str]:
    """Steps of the answer plan that escalate to a level which has no action."""
    escalations = sum(step.what is StepKind.ESCALATE for step in alert.plan)
    levels = len(levels_of(alert))
    if escalations <= levels:
        return []
    has = f"{levels} {'level' if levels == 1 else 'levels'} with an action" if levels else "no action"
    steps = "step" if escalations == 1 else "steps"
    return [f"its answer plan escalates in {escalations} {steps}, and its Escalated tab has {has}"]


def _troubles(connection: sa.Connection, action: Action, known: list[str], gaps: DutyGaps) -> list[str]:
    found = [problem.rstrip(".") for problem in templates.check(action.text, known)]
    handler = handlers.get(connection, action.handler_id)
    if handler is None or handler.removed_at is not None:
        return [f"its handler {action.handler} was removed: choose another", *found]
    if not handler.enabled:
        found.insert(0, f"its handler {handler.name} is disabled: messages would wait")
    return found + _unreached(connection, action, handler, gaps)


def _unreached(connection: sa.Connection, action: Action, handler: Handler, gaps: DutyGaps) -> list[str]:
    field_id = audience.telephone_field(connection, handler.telephone_field_id)
    if field_id is None and any(recipient.by_name for recipient in action.recipients):
        return [NO_FIELD]
    named = [recipient for recipient in action.recipients if recipient.group_id is None]
    reached, left_out = recipients.choose(audience.candidates(connection, named, field_id))
    found = [mentioned([str(person) for person in left_out])] if left_out else []
    reaches_some = bool(reached) or any(recipient.is_told for recipient in action.recipients)
    for recipient in action.recipients:
        if recipient.group_id is not None:
            trouble = _group_trouble(connection, recipient, field_id)
            found += [trouble] if trouble else []
            reaches_some = reaches_some or trouble is None
        if recipient.roster_id is not None:
            found += gaps.of(recipient, field_id)
            reaches_some = True  # sooner or later, or what it says is enough
    return found if reaches_some else [*found, "it reaches nobody"]


def _group_trouble(connection: sa.Connection, recipient: Recipient, field_id: int | None) -> str | None:
    group = groups.get(connection, recipient.group_id or 0)
    if group is None:
        return f"its group {recipient.name} was removed"
    if not group.members:
        return f"its group {group.name} is empty"
    if not _someone_reachable(connection, group.id, field_id):
        return f"nobody in its group {group.name} can be reached: look at their numbers"
    return None


def _someone_reachable(connection: sa.Connection, group_id: int, field_id: int | None) -> bool:
    """Whether one enabled member has a number; stops at the first, however large the group."""
    query = (
        sa.select(users.c.id)
        .join_from(group_members, users, users.c.id == group_members.c.user_id)
        .join(user_values, user_values.c.user_id == users.c.id)
        .where(
            group_members.c.group_id == group_id,
            users.c.enabled == 1,
            users.c.removed_at.is_(None),
            user_values.c.field_id == field_id,
            user_values.c.value != "",
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None
