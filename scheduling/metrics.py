"""The site's figures as Prometheus metrics, in its text format. Pure: values in, bytes out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric

from scheduling import handler_state
from storage.attempt_counts import OUTCOMES
from storage.figures import Figures
from storage.leases import Lease
from storage.records import Handler, HandlerStatus
from storage.vocabulary import HandlerState

STATUSES = tuple(state for state in HandlerState if state is not HandlerState.PAUSED)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is told, as at one moment. `attempts` is by handler's id and outcome."""

    at: datetime
    up: bool
    version: str
    lease: Lease
    lease_held: bool
    held_here: bool
    held_copy: bool
    in_trouble: bool
    in_flight: int
    figures: Figures
    oldest_due_at: datetime | None
    next_task_at: datetime | None
    handlers: tuple[Handler, ...]
    statuses: Mapping[int, HandlerStatus]
    attempts: Mapping[tuple[int, str], int]
    took: float


class _Registry:
    """What the library asks for the metrics."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        yield from _engine(self._facts)
        yield from _messages(self._facts)
        yield from _handlers(self._facts)
        yield from _tasks(self._facts)


def text_of(facts: Facts) -> bytes:
    """The metrics as a file that node-exporter's textfile collector reads."""
    return generate_latest(_Registry(facts))


def _gauge(name: str, says: str, value: float | bool) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"commsdesk_{name}", says, value=float(value))


def _by(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"commsdesk_{name}", says, labels=labels)


def _at(name: str, says: str, moment: datetime | None) -> Iterator[Metric]:
    if moment is not None:
        yield _gauge(f"{name}_timestamp_seconds", says, moment.timestamp())


def _engine(facts: Facts) -> Iterator[Metric]:
    yield _gauge("up", "1 while the process that writes this runs, 0 in what it leaves behind", facts.up)
    about = _by("build_info", "Always 1; the version is a label", "version")
    about.add_metric([facts.version], 1)
    yield about
    yield _gauge("lease_held", "1 while a process fires and sends", facts.lease_held)
    yield _gauge("lease_held_here", "1 when it is the process that writes this", facts.held_here)
    yield _gauge("lease_epoch", "Counts how often the right to send was taken", facts.lease.epoch)
    if facts.lease.holder is not None and facts.lease.beaten_at is not None:
        age = (facts.at - facts.lease.beaten_at).total_seconds()
        yield _gauge("lease_beat_age_seconds", "Since the holder last showed life", max(age, 0.0))
    yield _gauge("site_held", "1 while a copied or restored site waits to be adopted", facts.held_copy)
    yield _gauge("engine_trouble", "1 while something keeps the engine from working", facts.in_trouble)
    yield _gauge("calls_in_flight", "Calls to Clickatell under way", facts.in_flight)
    yield _gauge("metrics_read_seconds", "How long reading these figures took", facts.took)


def _messages(facts: Facts) -> Iterator[Metric]:
    states = _by("messages", "Messages by state", "state")
    for state, count in facts.figures.by_state.items():
        states.add_metric([state], count)
    yield states
    yield _gauge("messages_retrying", "Queued messages that were tried before", facts.figures.retrying)
    due = facts.oldest_due_at
    age = 0.0 if due is None else max((facts.at - due).total_seconds(), 0.0)
    yield _gauge("oldest_due_age_seconds", "How long the oldest message has been due; 0 when none is", age)
    active = facts.figures.active_occurrences
    yield _gauge("alert_occurrences_active", "Raised alerts that are not over", active)


def _handlers(facts: Facts) -> Iterator[Metric]:
    status = _by("handler_status", "1 for the handler's status, 0 for each other", "handler", "status")
    balance = _by("handler_balance", "The account's balance when last asked", "handler", "currency")
    queued = _by("handler_queued", "Messages that wait at the handler", "handler")
    sending = _by("handler_sending", "Messages that the handler is sending", "handler")
    checked = _by("handler_checked_timestamp_seconds", "When the account was last asked", "handler")
    accepted = _by("handler_accepted_timestamp_seconds", "When a message was last accepted", "handler")
    ended = CounterMetricFamily(
        "commsdesk_attempts",
        "Attempts that ended since this process began to send",
        labels=("handler", "outcome"),
    )
    for handler in facts.handlers:
        name = handler.name
        found = facts.statuses.get(handler.id, HandlerStatus(handler.id))
        shown = handler_state.status_column(handler, found, facts.lease_held, facts.at).status
        for each in STATUSES:
            status.add_metric([name, each], each == shown)
        if found.balance is not None:
            balance.add_metric([name, found.currency or ""], float(found.balance))
        queued.add_metric([name], facts.figures.queued.get(handler.id, 0))
        sending.add_metric([name], facts.figures.sending.get(handler.id, 0))
        if found.checked_at is not None:
            checked.add_metric([name], found.checked_at.timestamp())
        if found.last_accepted_at is not None:
            accepted.add_metric([name], found.last_accepted_at.timestamp())
        for outcome in OUTCOMES:
            ended.add_metric([name, outcome], facts.attempts.get((handler.id, outcome), 0))
    yield from (status, balance, queued, sending, checked, accepted, ended)


def _tasks(facts: Facts) -> Iterator[Metric]:
    yield from _at("task_last_fired", "When a task last fired", facts.figures.task_fired_at)
    yield from _at("task_next_due", "When the next task comes due", facts.next_task_at)
