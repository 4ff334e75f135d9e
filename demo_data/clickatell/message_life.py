"""The life of an accepted message: QUEUED, SENT_TO_SUPPLIER, and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Status name -> (number in the Clickatell One API message status table, legacy three-digit code).
STATUSES: dict[str, tuple[int, str]] = {
    "UNKNOWN": (1, "001"),
    "QUEUED": (2, "008"),
    "SCHEDULED": (3, "011"),
    "SENT_TO_SUPPLIER": (4, "003"),
    "DEVICE_ACK": (5, "004"),
    "READ": (6, "004"),
    "EXPIRED": (20, "010"),
    "STOPPED_BY_USER": (21, "006"),
    "STOPPED_BY_ADMIN": (22, "006"),
    "DELIVERY_FAILURE": (23, "007"),
    "EMULATED": (24, "004"),
    "INSUFFICIENT_ACCOUNT_BALANCE": (25, "012"),
    "VOLUME_LIMIT": (26, "014"),
    "VOLUME_LIMIT_DAILY": (27, "014"),
    "VOLUME_LIMIT_MONTHLY": (28, "014"),
    "RECIPIENT_DOES_NOT_EXIST": (29, "007"),
    "ROUTING_ERROR": (100, "009"),
}
_ON_THE_PHONE = frozenset({"SENT_TO_SUPPLIER", "DEVICE_ACK", "READ"})


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status by its One API name, and when the message takes it."""

    at: datetime
    status: str

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970, as the One API counts."""
        return round(self.at.timestamp() * 1000)


def plan_life(
    accepted: datetime, starts: datetime, sent_after: float, delivered_after: float, ending: str
) -> tuple[StatusChange, ...]:
    """All changes in order. `starts` is later than `accepted` for a message with a delivery time.

    The two spans are in seconds after `starts`; `ending` is the last status.
    """
    life = [StatusChange(starts, "QUEUED")]
    if starts > accepted:
        life.insert(0, StatusChange(accepted, "SCHEDULED"))
    if ending == "QUEUED":
        return tuple(life)
    sent = starts + timedelta(seconds=sent_after)
    life.append(StatusChange(sent, "SENT_TO_SUPPLIER"))
    if ending != "SENT_TO_SUPPLIER":
        life.append(StatusChange(max(sent, starts + timedelta(seconds=delivered_after)), ending))
    return tuple(life)


def in_force(life: tuple[StatusChange, ...], now: datetime) -> StatusChange:
    """The latest change that has come."""
    return next((change for change in reversed(life) if change.at <= now), life[0])


def ends_on_phone(life: tuple[StatusChange, ...]) -> bool:
    """Whether the phone gets the message in the end."""
    return life[-1].status in _ON_THE_PHONE
