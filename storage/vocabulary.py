"""The words that are kept, compared and filtered by: states, stages, kinds, roles and policies.

Each value is what stands in the database and in JSON. Nothing else in the program spells one of
them; how people read them is said where screens and entries are written. Loads no library.
"""

from enum import StrEnum


class OnUnknown(StrEnum):
    """What a handler does with a message whose outcome cannot be known."""

    RESEND = "resend"
    HOLD = "hold"


class HandlerState(StrEnum):
    """The Status column of a handler. Only the first three are stored; the others follow from the site."""

    STARTING = "Starting"
    RUNNING = "Running"
    ERROR = "Error"
    DISABLED = "Disabled"
    STOPPED = "Stopped"  # no scheduler is running anywhere
    PAUSED = "Paused"  # running, and waiting for a busy gateway


class Pause(StrEnum):
    """Why a handler's messages wait."""

    BUSY = "busy"  # the gateway takes no more for now
    ACCOUNT = "account"  # the gateway refuses the account: money, key or settings


class FieldType(StrEnum):
    TEXT = "Text"
    TELEPHONE_NUMBER = "Telephone Number"
    NUMBER = "Number"
    DATE = "Date"
    YES_NO = "Yes/No"
    EMAIL = "Email"
    CHOICE = "Choice"


class MessageState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# The states of a message that is not over, and on which nobody has to decide.
UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)

# The `error_code` of a message that is not sent (again) because its occurrence went on without it.
WITHDRAWN = "withdrawn"
# One that may have arrived stays unknown.
WITHDRAWN_STATES = (MessageState.CANCELLED, MessageState.UNKNOWN)


class OutcomeKind(StrEnum):
    """The class of an attempt's outcome; it decides what follows."""

    ACCEPTED = "accepted"  # Clickatell took it and named it
    REJECTED = "rejected"  # refused for good: this message will never pass
    BUSY = "busy"  # refused for now: later it may pass
    ACCOUNT = "account"  # refused until a person changes money, keys or settings
    NOT_SENT = "not_sent"  # nothing left this machine
    UNKNOWN = "unknown"  # the request may have arrived


class Origin(StrEnum):
    """What made a message."""

    MANUAL = "manual"
    ALERT = "alert"
    TASK = "task"


class RecipientKind(StrEnum):
    """Entries of a Recipients tab that are neither a user, a group nor a number."""

    TOLD = "told"  # everyone who may have heard of the occurrence by then
    DUTY = "duty"  # whoever a roster has on duty when the messages are queued


class Stage(StrEnum):
    """The stages of an alert's occurrence, and the tabs of an alert."""

    CREATED = "Created"
    CLAIMED = "Claimed"
    ACTIONED = "Actioned"
    ESCALATED = "Escalated"
    RESTORED = "Restored"
    FINALISED = "Finalised"


ACTIVE_STAGES = (Stage.CREATED, Stage.CLAIMED, Stage.ACTIONED, Stage.ESCALATED)


# Nobody looks after an occurrence in these; in the answered ones somebody does.
OPEN_STAGES = (Stage.CREATED, Stage.ESCALATED)
ANSWERED_STAGES = (Stage.CLAIMED, Stage.ACTIONED)


class StepKind(StrEnum):
    """What a step of an answer plan does."""

    REPEAT = "repeat"  # the tab last sent goes again
    ESCALATE = "escalate"  # the next level of the Escalated tab goes


class PlanThen(StrEnum):
    """What follows the last step of an answer plan."""

    STOP = "stop"
    AGAIN = "again"


class PlanRest(StrEnum):
    """Why an occurrence whose plan is used up waits, or does not."""

    AGAIN = "again"  # for the next round
    NOBODY_TOLD = "nobody told"  # to start again from Created
    STOPPED = "stopped"  # for nothing: nobody answered


class MadeStep(StrEnum):
    """What a row of an occurrence's steps tells."""

    REPEAT = "repeat"
    ESCALATE = "escalate"
    CREATED = "created"  # Created's tab went: at the raise, or in a new round
    CLAIM_RAN_OUT = "claim ran out"


class HoldKind(StrEnum):
    """What keeps messages from being made for a while."""

    QUIET = "quiet"  # hours in which a person is left in peace
    SILENCE = "silence"  # of an alert, or of all
    LIMIT = "limit"  # so many messages to a number in so many minutes


class HeldState(StrEnum):
    """What became of a message that was not made because of a hold."""

    HELD = "held"
    RELEASED = "released"  # it went out: in the one message at the end, or by a person
    DROPPED = "dropped"  # by a person, or nobody is there to get it
    OVER = "over"  # what it told of had ended by then


class WhenMissed(StrEnum):
    """What a task does with due times that have passed without it."""

    LATEST = "latest"
    ALL = "all"
    SKIP = "skip"


class RunKind(StrEnum):
    """Why a task was fired."""

    SCHEDULED = "scheduled"
    CATCH_UP = "catch-up"
    MANUAL = "manual"


class RunState(StrEnum):
    """What became of a due time of a task."""

    FIRED = "fired"
    MISSED = "missed"
    FAILED = "failed"


class TurnUnit(StrEnum):
    """What the turns of a roster's rule are counted in."""

    DAYS = "days"
    WEEKS = "weeks"


class DutyDay(StrEnum):
    """A day on which a roster's rule holds: a day of the week, in their order, or a holiday."""

    MONDAY = "Mon"
    TUESDAY = "Tue"
    WEDNESDAY = "Wed"
    THURSDAY = "Thu"
    FRIDAY = "Fri"
    SATURDAY = "Sat"
    SUNDAY = "Sun"
    HOLIDAY = "Holiday"


class ShiftWhy(StrEnum):
    """Why somebody, or nobody, is on duty."""

    COVER = "cover"
    RULE = "rule"
    FALLBACK = "fallback"
    GAP = "gap"


class Category(StrEnum):
    """What an entry of the review is about."""

    HANDLER = "Handler"
    MESSAGE = "Message"
    RETRY = "Retry"
    ALERT = "Alert"
    TASK = "Task"
    USER = "User"
    OPERATOR = "Operator"
    SYSTEM = "System"


class Level(StrEnum):
    """How grave an entry of the review is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class EntryKind(StrEnum):
    """What an entry of the review tells. It is set where it is decided; signs and filters go by it."""

    QUEUED = "queued"  # messages were queued, by hand or sent again by a person
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    RETRY = "retry"  # an attempt failed and another is planned
    ATTEMPT = "attempt"  # the last attempt failed; the message's end is an entry of its own
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # an attempt's or a message's outcome cannot be known
    WITHDRAWN = "withdrawn"  # not sent: the occurrence went on, or an older message was not told
    CANCELLED = "cancelled"  # by a person
    SETTLED = "settled"  # a person said that a message of unknown outcome arrived
    HELD = "held"  # not made now: quiet hours or a limit
    RELEASED = "released"  # what was held went out, is over, or was dropped
    SILENCED = "silenced"  # a silence began, ended, or kept something back
    LEFT_OUT = "left out"  # people who will get nothing, each with the reason
    STAGE = "stage"  # an alert was raised, claimed, restored …
    COUNTED = "counted"  # a raise of an active occurrence
    FIRED = "fired"
    MISSED = "missed"  # a due time that was not fired, each with the reason
    STATUS = "status"  # what a check found of a handler
    PAUSED = "paused"
    RESUMED = "resumed"
    CHANGE = "change"  # settings, people, alerts, tasks: made, changed, removed
    SITE = "site"  # engine, lease, clock, disk, backup, keys
    NOTE = "note"  # anything else that an operator should know


class InstanceKind(StrEnum):
    """What sort of process has the site open."""

    CONSOLE = "console"
    RUN = "run"  # the engine without a screen
    DEMO = "demo"
    WEB = "web"  # a console in a browser


class Role(StrEnum):
    """What an operator may do. Each role may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    def allows(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)
