"""The metrics as text, read back by Prometheus' own parser."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from scheduling.metrics import STATUSES, Facts, text_of
from storage.attempt_counts import OUTCOMES
from storage.figures import ENDED, WAITING, Figures
from storage.leases import Lease
from storage.records import Handler, HandlerStatus

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = Lease(7, 40, "x", "run", "boot", "ns", 42, "1", AT - 3 * SECOND)
FIGURES = Figures(
    by_state=dict.fromkeys((*WAITING, *ENDED), 0) | {"queued": 4, "accepted": 1_000_000},
    retrying=1,
    queued={1: 4},
    sending={},
    active_occurrences=2,
    task_fired_at=AT - 60 * SECOND,
)


def handler(number: int, name: str, enabled: bool = True) -> Handler:
    known = {"id": number, "name": name, "api_type": "one", "enabled": enabled}
    return Handler(**{field: known.get(field) for field in Handler.__dataclass_fields__})  # type: ignore[arg-type]


FACTS = Facts(
    at=AT,
    up=True,
    version="0.1.0",
    lease=LEASE,
    lease_held=True,
    held_here=True,
    held_copy=False,
    in_trouble=False,
    in_flight=2,
    figures=FIGURES,
    oldest_due_at=AT - 90 * SECOND,
    next_task_at=AT + 60 * SECOND,
    handlers=(handler(1, "Clickatell"), handler(2, "Night desk", enabled=False)),
    statuses={1: HandlerStatus(1, "Running", Decimal("87.41"), "EUR", checked_at=AT, last_accepted_at=AT)},
    attempts={(1, "accepted"): 12, (1, "busy"): 3},
    took=0.01,
)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(facts: Facts) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(text_of(facts).decode()):
        assert family.documentation, family.name
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, f"{key} twice"
            found[key] = sample.value
    return found


def of(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"commsdesk_{name}", tuple(sorted(labels.items()))))


def test_every_figure() -> None:
    found = samples(FACTS)
    assert of(found, "up") == of(found, "lease_held") == of(found, "lease_held_here") == 1
    assert (of(found, "lease_epoch"), of(found, "lease_beat_age_seconds")) == (7, 3)
    assert of(found, "build_info", version="0.1.0") == 1
    assert (of(found, "site_held"), of(found, "engine_trouble"), of(found, "calls_in_flight")) == (0, 0, 2)
    assert of(found, "messages", state="accepted") == 1_000_000
    assert [of(found, "messages", state=state) for state in (*WAITING, *ENDED)].count(0) == 7
    assert (of(found, "messages_retrying"), of(found, "oldest_due_age_seconds")) == (1, 90)
    assert of(found, "alert_occurrences_active") == 2
    assert of(found, "handler_balance", handler="Clickatell", currency="EUR") == 87.41
    assert of(found, "handler_queued", handler="Clickatell") == 4
    assert of(found, "handler_queued", handler="Night desk") == 0
    assert of(found, "handler_checked_timestamp_seconds", handler="Clickatell") == AT.timestamp()
    assert of(found, "handler_accepted_timestamp_seconds", handler="Clickatell") == AT.timestamp()
    assert of(found, "task_last_fired_timestamp_seconds") == AT.timestamp() - 60
    assert of(found, "task_next_due_timestamp_seconds") == AT.timestamp() + 60


def test_one_status_of_five_is_1() -> None:
    found = samples(FACTS)
    for name, shown in (("Clickatell", "Running"), ("Night desk", "Disabled")):
        values = {each: of(found, "handler_status", handler=name, status=each) for each in STATUSES}
        assert values == {each: float(each == shown) for each in STATUSES}
    stopped = samples(replace(FACTS, lease_held=False))
    assert of(stopped, "handler_status", handler="Clickatell", status="Stopped") == 1


def test_each_outcome_has_its_counter_from_the_start() -> None:
    found = samples(FACTS)
    for name in ("Clickatell", "Night desk"):
        for outcome in OUTCOMES:
            wanted = {"accepted": 12, "busy": 3}.get(outcome, 0) if name == "Clickatell" else 0
            assert of(found, "attempts_total", handler=name, outcome=outcome) == wanted


def test_what_is_not_known_is_left_out() -> None:
    none = replace(
        FACTS,
        lease=replace(LEASE, holder=None),
        oldest_due_at=None,
        next_task_at=None,
        statuses={},
        figures=replace(FIGURES, task_fired_at=None),
    )
    found = samples(none)
    assert of(found, "oldest_due_age_seconds") == 0
    for name in ("lease_beat_age_seconds", "task_last_fired_timestamp_seconds",
                 "task_next_due_timestamp_seconds"):  # fmt: skip
        assert of(found, name) is None
    assert of(found, "handler_balance", handler="Clickatell", currency="EUR") is None


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_is_a_label_and_nothing_more(name: str) -> None:
    found = samples(replace(FACTS, handlers=(handler(1, name), handler(2, "Night desk " + name))))
    assert of(found, "handler_queued", handler=name) == 4
    assert len(found) == len(samples(FACTS))


def test_a_name_that_looks_like_a_metric() -> None:
    name = 'x"} 1\ncommsdesk_up 0\n\\'
    found = samples(replace(FACTS, handlers=(handler(1, name),)))
    assert of(found, "up") == 1 and of(found, "handler_queued", handler=name) == 4
