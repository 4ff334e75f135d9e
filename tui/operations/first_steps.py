"""What a new site still needs before its first message, one step after the other."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa


class FirstStep(IntEnum):
    """What is to be made next, in the order a new site makes it."""

    HANDLER = 1
    FIELD = 2
    NUMBER = 3
    MESSAGE = 4


@dataclass(frozen=True, slots=True)
class Missing:
    """The step; for a number and a message also the user whom it is about, where there is just one."""

    step: FirstStep
    user_id: int | None = None
    user: str = ""


def missing(connection: "sa.Connection") -> Missing | None:
    """The next step of a site that has never sent anything; None once a message was queued."""
    from storage import audience, handlers, message_history, users

    if message_history.newest(connection, None, 1):
        return None
    if not handlers.listing(connection):
        return Missing(FirstStep.HANDLER)
    field = audience.telephone_field(connection, None)
    if field is None:
        return Missing(FirstStep.FIELD)
    step = FirstStep.MESSAGE if audience.someone_has_number(connection, field) else FirstStep.NUMBER
    few = users.page(connection, order=users.BY_ID, limit=2)
    if few and (len(few) == 1 or step is FirstStep.NUMBER):
        return Missing(step, few[0].id, few[0].name)
    return Missing(step)
