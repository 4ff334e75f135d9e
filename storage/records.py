"""What storage hands out: plain frozen records, never rows of the ORM.

This module loads in a moment (no SQLAlchemy), so that a screen may name these types
before the database is open. Times are aware UTC; lengths of time are `timedelta`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from storage.vocabulary import (
    WITHDRAWN,
    WITHDRAWN_STATES,
    Category,
    EntryKind,
    FieldType,
    HandlerState,
    Level,
    MessageState,
    OnUnknown,
    Origin,
    OutcomeKind,
    Pause,
    RecipientKind,
    RunKind,
    RunState,
    Stage,
    WhenMissed,
)


@dataclass(frozen=True, slots=True)
class Handler:
    """A communication handler as an operator set it. The secret itself is never in here."""

    id: int
    name: str
    api_type: str  # the name of its gateway
    enabled: bool
    settings: Mapping[str, Any]  # those of its gateway, by key
    secret_hint: str
    allow_plain_http: bool
    retry_rate: timedelta
    stop_retrying_after: timedelta
    on_unknown: OnUnknown
    useful_life: timedelta
    telephone_field_id: int | None
    most_parts: int
    batch_size: int
    max_connections: int
    rate_per_minute: int | None
    total_timeout: timedelta
    notes: str
    revision: int
    removed_at: datetime | None = None
    low_balance: Decimal | None = None
    proxy: str | None = None
    proxy_secret_hint: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class HandlerStatus:
    """What was last found of a handler.

    `status` is Starting, Running or Error; `pause_ends` says what ends it. `probe_at` is when the
    next single message may try during it, and attempts with an id above `paused_attempt` began
    after it. Without `checked_revision` a check of the account is wanted at once.
    """

    handler_id: int
    status: HandlerState = HandlerState.STARTING
    balance: Decimal | None = None
    currency: str | None = None
    code: str | None = None
    error: str | None = None
    advice: str | None = None
    checked_at: datetime | None = None
    checked_revision: int | None = None
    last_accepted_at: datetime | None = None
    pause: Pause | None = None
    pause_code: str | None = None
    paused_until: datetime | None = None
    paused_revision: int | None = None
    balance_at_refusal: Decimal | None = None
    probe_at: datetime | None = None
    pause_ends: str | None = None
    paused_attempt: int | None = None
    not_sent_at: datetime | None = None  # since when its connections are refused


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits at one handler: never tried, waiting for a retry, and since when."""

    waiting: int = 0
    retrying: int = 0
    sending: int = 0
    oldest_at: datetime | None = None

    @property
    def total(self) -> int:
        return self.waiting + self.retrying + self.sending


@dataclass(frozen=True, slots=True)
class CustomField:
    id: int
    name: str
    type: FieldType
    position: int
    required: bool = False
    help: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    """A person. `values` maps custom field ids to stored values; `groups` are names."""

    id: int
    name: str
    enabled: bool
    notes: str
    revision: int
    values: dict[int, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    id: int
    name: str
    notes: str
    members: int
    revision: int = 1


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """A message about to be queued for one person; storage adds ids and states."""

    handler_id: int
    to: str
    text: str
    segments: int
    user_id: int | None
    user_name: str | None
    expires_at: datetime
    useful_life: timedelta | None = None
    told_by: int | None = None  # it waits for the answer to this message
    by_duty: bool = False  # its person is reached because they are on duty


@dataclass(frozen=True, slots=True)
class Message:
    """A row of the outbox. `to` is E.164; `attempts` counts every try ever made.

    `order_group` is the occurrence's id, 0 for one by hand, None where no order is kept.
    `behind_since` is since when it waits for an older message of its group, `next_planned_at` the
    planned attempt that an extra one comes before, `freed_after` how many planned attempts had been
    made when it last got an extra one because its handler was well again, `resent_at` when a person
    last sent it again. `stage` is the tab of the alert that queued it.
    """

    id: int
    client_message_id: str
    submission_id: int
    handler_id: int
    handler: str
    user_id: int | None
    user: str | None
    to: str
    text: str
    origin: Origin
    lane: int
    rank: int
    segments: int
    state: MessageState
    on_unknown: OnUnknown | None
    queued_at: datetime
    expires_at: datetime
    first_attempt_at: datetime | None
    last_planned_at: datetime | None
    next_attempt_at: datetime | None
    window_closes_at: datetime | None
    finished_at: datetime | None
    retry_rate: timedelta | None
    stop_retrying_after: timedelta | None
    attempts: int
    plan_attempts: int
    unknowns: int
    may_arrive_twice: bool
    query_first: bool
    attempt_id: int | None
    gateway_id: str | None
    error_code: str | None
    error: str | None
    resend_of: int | None
    report_due_at: datetime | None
    reports_asked: int
    operator: str | None = None
    task_id: int | None = None
    alert_id: int | None = None
    occurrence_id: int | None = None
    told_by: int | None = None
    why: str | None = None
    order_group: int | None = None
    behind_since: datetime | None = None
    next_planned_at: datetime | None = None
    freed_after: int | None = None
    resent_at: datetime | None = None
    stage: Stage | None = None

    @property
    def withdrawn(self) -> bool:
        """Whether it is not sent (again) because its occurrence went on: `cancelled`, or `unknown`."""
        return self.error_code == WITHDRAWN and self.state in WITHDRAWN_STATES

    @property
    def may_have_arrived(self) -> bool:
        """Whether an attempt of unknown outcome may have reached the phone."""
        return self.unknowns > 0 or self.may_arrive_twice

    @property
    def recipient(self) -> str:
        """The name if there is one, and the number."""
        return f"{self.user} {self.to}" if self.user else self.to


@dataclass(frozen=True, slots=True)
class Attempt:
    id: int
    message_id: int
    n: int
    epoch: int
    started_at: datetime
    finished_at: datetime | None
    outcome: OutcomeKind | None
    http_status: int | None
    code: str | None
    error: str | None
    gateway_id: str | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One entry of a Recipients tab; `name` is for people.

    Exactly one of `user_id`, `group_id`, `number` and `kind` is set. Kind "told" is everyone who
    may have heard of the occurrence by then, "duty" whoever the roster has on duty by then.
    """

    user_id: int | None = None
    group_id: int | None = None
    number: str | None = None
    name: str = ""
    kind: RecipientKind | None = None
    roster_id: int | None = None

    @property
    def is_told(self) -> bool:
        return self.kind is RecipientKind.TOLD

    @property
    def is_duty(self) -> bool:
        return self.kind is RecipientKind.DUTY

    @property
    def by_name(self) -> bool:
        """Whether it is of users, whose numbers stand in a telephone field."""
        return self.user_id is not None or self.group_id is not None or self.is_duty


TOLD = Recipient(name="everyone told so far", kind=RecipientKind.TOLD)


def duty_recipient(roster_id: int, roster: str) -> Recipient:
    """Whoever is on duty by a roster."""
    return Recipient(name=f"{RecipientKind.DUTY}:{roster}", kind=RecipientKind.DUTY, roster_id=roster_id)


@dataclass(frozen=True, slots=True)
class Action:
    """Send Communication Message: a sender, its recipients and a text. `level` is of the Escalated tab."""

    id: int
    handler_id: int
    handler: str
    text: str
    recipients: tuple[Recipient, ...]
    position: int = 0
    enabled: bool = True
    stage: Stage | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A scheduled task. `cron` is in `zone`; all times are UTC.

    With a `roster_id` it fires at each hand-over of that roster instead.
    """

    id: int
    name: str
    cron: str
    zone: str
    enabled: bool
    starts_at: datetime | None
    ends_at: datetime | None
    once_at: datetime | None
    when_missed: WhenMissed
    grace: timedelta
    most_catch_up: int
    useful_life: timedelta | None
    notes: str
    next_due_at: datetime | None
    last_due_at: datetime | None
    last_run_at: datetime | None
    problem: str | None
    revision: int
    actions: tuple[Action, ...] = ()
    roster_id: int | None = None


@dataclass(frozen=True, slots=True)
class TaskRun:
    id: int
    task_id: int
    due_at: datetime
    kind: RunKind
    state: RunState
    fired_at: datetime
    queued: int
    left_out: int
    note: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """What an entry of the review holds, written or not."""

    category: Category
    text: str
    level: Level = Level.INFO
    operator: str | None = None
    handler_id: int | None = None
    handler: str | None = None
    user_id: int | None = None
    user: str | None = None
    message_id: int | None = None
    alert_id: int | None = None
    alert: str | None = None
    occurrence_id: int | None = None
    task_id: int | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewEntry(_Entry):
    """Something worth remembering, before it is written. Who writes it says what kind it is."""

    kind: EntryKind = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Review(_Entry):
    """An entry as written, in aware UTC.

    `kind` of an entry from before kinds were written is what its message's attempt tells, and
    None where nothing tells. `erased` is true if its text was taken out of the database.
    """

    id: int = 0
    at: datetime = field(default=datetime.min.replace(tzinfo=UTC))
    kind: EntryKind | None = None
    erased: bool = False
