"""Whether a message is made now or held: the tables of docs/quiet.md."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling import holds, kept_back
from scheduling.holds import Hold, LimitNow, Person, QuietNow, Send, Wanted, decide, quiet_at
from scheduling.kept_back import Then
from storage.holds import Limit, Quiet, Silence
from storage.vocabulary import HoldKind, Stage

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
QUIET = QuietNow(1, NOW - timedelta(hours=5), MORNING, 2, ZoneInfo("UTC"))
LIMIT = Limit(2, 3, timedelta(minutes=10), 1)
FULL = tuple(NOW - timedelta(minutes=9, seconds=30 - n) for n in range(3))


@pytest.mark.parametrize(
    ("wanted", "quiet", "limit"),
    [
        (Wanted(priority=3), True, True),
        (Wanted(priority=2), False, True),
        (Wanted(priority=1), False, False),
        (Wanted(), True, True),
        (Wanted(by_hand=True), False, False),
        (Wanted(priority=9, by_duty=True), False, False),
        (Wanted(priority=3, first=True), True, False),
    ],
)
def test_what_passes_quiet_hours_and_the_limit(wanted: Wanted, quiet: bool, limit: bool) -> None:
    assert isinstance(decide(wanted, NOW, quiet=QUIET), Hold) is quiet
    assert isinstance(decide(wanted, NOW, limit=LimitNow(LIMIT, FULL)), Hold) is limit
    assert decide(wanted, NOW) == Send()


def test_the_first_that_holds_is_the_reason() -> None:
    found = decide(Wanted(priority=3), NOW, quiet=QUIET, limit=LimitNow(LIMIT, FULL))
    assert found == Hold(HoldKind.QUIET, 1, MORNING, "quiet hours until 07:00", "22:00")


def test_a_limit_holds_until_the_first_place_is_free_and_five_minutes_after_the_last() -> None:
    assert LimitNow(LIMIT, FULL[:2]).free_at(NOW) == NOW
    assert LimitNow(LIMIT, FULL).free_at(NOW) == FULL[0] + LIMIT.per
    last = NOW - timedelta(minutes=1)
    assert LimitNow(LIMIT, FULL, last).digest_at(NOW) == last + timedelta(minutes=5)
    # What comes while something is held goes with it, even where a place is free.
    found = decide(Wanted(), NOW, limit=LimitNow(LIMIT, (), last, waiting=True))
    assert isinstance(found, Hold) and found.until == last + timedelta(minutes=5)


def test_the_quiet_hours_of_a_person_are_all_that_concern_them_together() -> None:
    everyone = Quiet(1, None, None, "everyone", ("23:00-05:00",), None, 3, False)
    group = Quiet(2, None, 7, "Night", ("04:00-07:00",), None, 2, False)
    other = Quiet(3, 9, None, "Amy", ("00:00-24:00",), None, 2, False)
    found = quiet_at([everyone, group, other], Person(1, frozenset({7}), "Europe/Berlin"), "UTC", NOW)
    assert found is not None  # 04:00 in Berlin: both hold, the stricter of the two lets through
    assert (found.through, found.until) == (2, MORNING - timedelta(hours=1))
    assert quiet_at([group, other], Person(1), "UTC", NOW) is None


@pytest.mark.parametrize(
    ("tab", "kept", "silenced", "then"),
    [
        (Stage.CREATED, None, None, Then.SEND),
        (Stage.CREATED, None, "silenced", Then.KEEP),
        (Stage.ESCALATED, None, "silenced", Then.KEEP),
        (Stage.CLAIMED, None, "silenced", Then.NOTHING),
        (Stage.RESTORED, None, "silenced", Then.TO_THOSE_TOLD),
        (Stage.RESTORED, Stage.CREATED, "silenced", Then.NOTHING),
        (Stage.RESTORED, Stage.CREATED, None, Then.NOTHING),
        (Stage.RESTORED, Stage.ESCALATED, None, Then.SEND),
        (Stage.ESCALATED, Stage.CREATED, None, Then.SEND),
    ],
)
def test_what_a_silence_does_to_a_tab(
    tab: Stage, kept: Stage | None, silenced: str | None, then: Then
) -> None:
    assert kept_back.decide(tab, kept, silenced).then is then


def test_of_several_silences_the_one_that_ends_last_holds() -> None:
    def silence(number: int, alert: int | None, key: str | None, hours: int) -> Silence:
        return Silence(number, alert, "", key, NOW, NOW + timedelta(hours=hours), None, "works", "ana")

    all_of = [silence(1, None, None, 1), silence(2, 5, "d3", 3), silence(3, 5, None, 2)]
    found = holds.silencing(all_of, 5, "d3", NOW)
    assert found is not None and found.id == 2
    found = holds.silencing(all_of, 6, None, NOW)
    assert found is not None and found.id == 1
    assert holds.silencing(all_of, 5, None, NOW + timedelta(hours=2)) is None
