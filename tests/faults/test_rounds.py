"""A handful of rounds; `make faults` plays hundreds. A bad one names its seed and keeps its site."""

from pathlib import Path

import pytest

from tests.faults.harness import KILLS_AND_STOPS
from tests.faults.nursery import Nursery
from tests.faults.rounds import Round

SEED = 7


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (1, ("kill", "gateway")),
        pytest.param(2, ("points", "clients"), marks=pytest.mark.long),
        (3, ("stop", "outage")),
        pytest.param(4, ("lock", "clean_stop"), marks=pytest.mark.long),
        (6, ("quiet_clock", "stop_with_answer")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_nothing_is_lost_doubled_or_wrong(
    nursery: Nursery, tmp_path: Path, number: int, wanted: tuple[str, ...]
) -> None:
    played = Round(nursery, tmp_path, SEED, number, wanted=wanted)
    verdict = played.play()
    assert verdict.good, f"{verdict} after {dict(played.thrown)} in {played.folder}"
    assert verdict.firings >= 8
    assert verdict.arrived >= 8


def test_the_same_through_a_gateway_that_only_tests_have(nursery: Nursery, tmp_path: Path) -> None:
    played = Round(nursery, tmp_path, SEED, 8, wanted=("kill", "gateway", "outage"), gateway="http")
    verdict = played.play()
    assert verdict.good, f"{verdict} after {dict(played.thrown)} in {played.folder}"
    assert verdict.arrived >= 8


@pytest.mark.parametrize(("engines", "seconds"), [(4, 2), pytest.param(8, 4, marks=pytest.mark.long)])
def test_several_engines_on_one_file_have_one_holder_at_a_time(
    nursery: Nursery, tmp_path: Path, engines: int, seconds: float
) -> None:
    played = Round(nursery, tmp_path, SEED, 5, wanted=KILLS_AND_STOPS, engines=engines, seconds=seconds)
    verdict = played.play()
    assert verdict.good, f"{verdict} after {dict(played.thrown)} in {played.folder}"
    assert verdict.epochs > 1, "the lease changed hands"
    assert verdict.firings >= 2 * engines
