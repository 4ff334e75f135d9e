"""When a loop of the engine counts as stalled, and when it does not."""

from dataclasses import dataclass

import pytest

from scheduling.progress import LONGEST_LOOK, Progress

LONGEST = 90.0


@dataclass
class Clock:
    at: float = 1000.0

    def boottime(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress(clock, LONGEST, {"work": 5.0, "audit": 60.0})  # type: ignore[arg-type]


def pass_time(clock: Clock, progress: Progress, seconds: int, *going_round: str) -> tuple[str, ...]:
    """Look once a second; the last look."""
    found: tuple[str, ...] = ()
    for _ in range(seconds):
        clock.at += 1
        for loop in going_round:
            progress.passed(loop)
        found = progress.look()
    return found


def test_loops_that_go_round_are_not_stalled(clock: Clock, progress: Progress) -> None:
    assert pass_time(clock, progress, 1000, "work", "audit") == ()


def test_each_may_take_its_rest_and_the_longest_round(clock: Clock, progress: Progress) -> None:
    progress.look()
    assert pass_time(clock, progress, 95) == ()
    assert pass_time(clock, progress, 1) == ("work",)
    assert pass_time(clock, progress, 54) == ("work",)
    assert pass_time(clock, progress, 1) == ("work", "audit")
    assert progress.stalled == ("work", "audit")


def test_one_that_goes_on_is_stalled_no_more(clock: Clock, progress: Progress) -> None:
    progress.look()
    assert pass_time(clock, progress, 100, "audit") == ("work",)
    assert pass_time(clock, progress, 1, "work") == ()
    assert pass_time(clock, progress, 95, "audit") == ()


def test_a_suspend_stalls_nobody(clock: Clock, progress: Progress) -> None:
    pass_time(clock, progress, 10, "work", "audit")
    clock.at += 8 * 3600
    assert progress.look() == ()
    assert pass_time(clock, progress, 80) == ()


def test_looks_that_come_late_count_for_a_few_seconds_each(clock: Clock, progress: Progress) -> None:
    progress.look()
    needed = int((LONGEST + 5) / LONGEST_LOOK) + 1
    for look in range(1, needed + 1):
        clock.at += 100
        assert progress.look() == (("work",) if look == needed else ())


def test_a_loop_that_is_not_watched_may_say_that_it_goes_round(clock: Clock, progress: Progress) -> None:
    progress.passed("metrics")
    assert pass_time(clock, progress, 10) == ()
