"""What a delivery report makes of an accepted message, and when the next one is asked for. Pure."""

from datetime import datetime

from scheduling.gateways.outcome import DeliveryStatus, DeliveryVerdict
from scheduling.lifecycle import REPORT_DELAYS, Step, message_entry
from storage.records import Message
from storage.vocabulary import Category, EntryKind, Level, MessageState


def after_report(
    message: Message, status: DeliveryStatus | None, now: datetime, due_at: datetime | None = None
) -> Step:
    """What a delivery report makes of an accepted message; None when it could not be asked for.

    `due_at` is when the next one is asked for, as long as the message is only accepted.
    """
    if status is not None and status.verdict is DeliveryVerdict.DELIVERED:
        return Step(
            MessageState.DELIVERED,
            review=(
                message_entry(
                    message,
                    EntryKind.DELIVERED,
                    Category.MESSAGE,
                    Level.INFO,
                    f"delivered ({status.text})",
                ),
            ),
        )
    if status is not None and status.verdict is DeliveryVerdict.UNDELIVERED:
        return Step(
            MessageState.UNDELIVERED,
            review=(
                message_entry(
                    message,
                    EntryKind.UNDELIVERED,
                    Category.MESSAGE,
                    Level.ERROR,
                    f"not delivered: {status.text}",
                ),
            ),
        )
    return Step(MessageState.ACCEPTED, report_due_at=due_at)


def next_report(message: Message, now: datetime) -> tuple[int, datetime | None]:
    """After a report was asked for: how many of its planned moments are over, and the next one.

    Counted from the moment that was planned, which moves with a clock that is set; when it was
    accepted is history, and does not.
    """
    over = min(message.reports_asked, len(REPORT_DELAYS) - 1)
    began = (message.report_due_at or now) - REPORT_DELAYS[over]
    for index in range(over + 1, len(REPORT_DELAYS)):
        due = began + REPORT_DELAYS[index]
        if due > now:
            return index, due
    return len(REPORT_DELAYS), None
