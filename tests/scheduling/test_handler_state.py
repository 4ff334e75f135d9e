"""What a paused handler may send, as a table and as properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import handler_state
from scheduling.gateways.codes import Recovery, recovery
from scheduling.gateways.registry import GATEWAYS
from scheduling.handler_state import StatusColumn, gate, pause_of, shows_recovery
from storage.outbox import ALERT_LANE, ORDINARY_LANE
from storage.records import HandlerStatus
from storage.vocabulary import OutcomeKind

NOW = datetime(2026, 3, 2, 14, 0, 10, tzinfo=UTC)
BOTH = (ALERT_LANE, ORDINARY_LANE)


def status(**values: object) -> HandlerStatus:
    return HandlerStatus(1, **{"status": "Running", **values})  # type: ignore[arg-type]


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


BUSY = {"pause": "busy", "paused_until": after(60), "pause_ends": "time_or_accepted"}
MONEY = {"pause": "account", "pause_code": "20", "pause_ends": "balance_rose"}
KEY = {"pause": "account", "pause_code": "1", "pause_ends": "balance_answers"}


@pytest.mark.parametrize(
    ("found", "due", "lanes", "one", "next_at"),
    [
        ({}, BOTH, BOTH, False, None),
        ({}, (ORDINARY_LANE,), (ORDINARY_LANE,), False, None),
        (BUSY, BOTH, (ALERT_LANE,), True, after(60)),
        (BUSY, (ORDINARY_LANE,), (), True, after(60)),
        (BUSY | {"probe_at": after(3)}, BOTH, (), True, after(3)),
        (BUSY | {"probe_at": after(99)}, BOTH, (), True, after(60)),
        (BUSY | {"probe_at": after(3)}, (ORDINARY_LANE,), (), True, after(60)),
        (BUSY | {"probe_at": after(-3)}, BOTH, (ALERT_LANE,), True, after(60)),
        (BUSY | {"paused_until": NOW}, BOTH, BOTH, False, None),
        (MONEY, BOTH, BOTH, True, None),
        (MONEY | {"probe_at": after(3)}, BOTH, (), True, after(3)),
        (KEY, BOTH, (), False, None),
        (KEY | {"probe_at": after(-3)}, BOTH, (), False, None),
    ],
)
def test_what_may_go(
    found: dict[str, object],
    due: tuple[int, ...],
    lanes: tuple[int, ...],
    one: bool,
    next_at: datetime | None,
) -> None:
    opened = gate(status(**found), NOW, due)
    assert (opened.lanes, opened.next_at) == (lanes, next_at)
    if lanes:
        assert opened.one is one


def test_every_account_code_has_one_way_to_end() -> None:
    by_way: dict[Recovery, set[str]] = {}
    for table in (api.codes for api in GATEWAYS.values()):
        for code in (code for code, row in table.items() if row.kind is OutcomeKind.ACCOUNT):
            by_way.setdefault(recovery(table, code), set()).add(code)
    assert by_way == {
        Recovery.BALANCE_ANSWERS: {"1", "2", "3", "7", "001", "002", "004", "007", "108"},
        Recovery.BALANCE_ROSE: {"20", "301"},
        Recovery.PROBE_ACCEPTED: {"38", "39", "44", "45", "46", "106", "123"},
    }
    assert recovery({}, None, 402) is Recovery.BALANCE_ROSE
    assert recovery({}, None, 401) is Recovery.BALANCE_ANSWERS


MOMENTS = st.none() | st.integers(-100, 100).map(after)
STATUSES = st.builds(
    status,
    pause=st.sampled_from([None, "busy", "account"]),
    pause_code=st.sampled_from([None, "1", "20", "43", "44", "301"]),
    pause_ends=st.none() | st.sampled_from([str(each) for each in Recovery]),
    paused_until=MOMENTS,
    probe_at=MOMENTS,
    paused_attempt=st.none() | st.integers(0, 9),
)


@given(STATUSES, st.sets(st.sampled_from(BOTH)))
def test_a_gate_opens_again_where_a_message_could_open_it(found: HandlerStatus, due: set[int]) -> None:
    opened = gate(found, NOW, due)
    assert set(opened.lanes) <= due
    if pause_of(found, NOW) is None:
        assert set(opened.lanes) == due
    elif due and not opened.lanes and (found.pause == "busy" or handler_state.ends(found).by_message):
        assert opened.next_at is not None
    assert opened.next_at is None or opened.next_at > NOW


@given(STATUSES, st.lists(st.integers(0, 20)))
def test_only_what_left_after_the_pause_began_ends_it(found: HandlerStatus, attempts: list[int]) -> None:
    shows = shows_recovery(found, attempts, NOW)
    if shows:
        assert found.paused_attempt is None or max(attempts) > found.paused_attempt
    if pause_of(found, NOW) is None or not attempts:
        assert not shows


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (StatusColumn("Running"), "Running"),
        (StatusColumn("Disabled"), "Disabled"),
        (
            StatusColumn("Running", pause="busy", paused_until=after(7), at=NOW),
            "busy, paused until {:%H:%M:%S}",
        ),
        (
            StatusColumn("Running", pause="busy", paused_until=after(170), at=NOW),
            "busy, paused until {:%H:%M}",
        ),
        (StatusColumn("Error", "no key", pause="account", at=NOW), "no key; paused"),
    ],
)
def test_the_status_column(shown: StatusColumn, words: str) -> None:
    assert shown.words == words.format((shown.paused_until or NOW).astimezone())
