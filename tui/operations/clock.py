"""Letting scheduled tasks go on that wait because the clock jumped."""

from storage import clock_hold
from storage.clock_hold import ClockHold
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, Level, Role
from tui.operations.desk import Desk

NOTHING_HELD = "no scheduled task waits because of the clock: nothing to let go on"


def hold_of(desk: Desk) -> ClockHold | None:
    """The hold that is on the tasks, if one is."""
    with desk.database.read() as connection:
        return clock_hold.hold_of(connection)


def let_tasks_go_on(desk: Desk) -> bool:
    """Say that the clock is right: what is due fires now. False when no task was held.

    The engine, in whichever process it is, sees it as any change of the site, within a second.
    """
    with desk.write(Role.OPERATOR, "letting tasks go on") as tx:
        if not clock_hold.lift(tx):
            return False
        tx.review(
            desk.now(),
            ReviewEntry(
                Category.OPERATOR,
                "the clock is right: scheduled tasks go on",
                Level.INFO,
                operator=desk.operator,
                kind=EntryKind.RESUMED,
            ),
        )
    return True
