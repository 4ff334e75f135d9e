"""Times as people type them."""

from datetime import UTC, datetime

import pytest

from tui.operations.errors import Refused
from tui.operations.moments import check_zone, moment, site_zone, system_zone

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", "2026-03-02T14:20"),
        ("2h", "2026-03-02T12:30"),
        ("3d", "2026-02-27T14:30"),
        ("1w", "2026-02-23T14:30"),
        ("90 s", "2026-03-02T14:28:30"),
        ("+2h", "2026-03-02T16:30"),
        ("now", "2026-03-02T14:30"),
        ("today", "2026-03-02T05:00"),
        ("yesterday", "2026-03-01T05:00"),
        ("2026-03-02", "2026-03-02T05:00"),
        ("2026-03-02 09:15", "2026-03-02T14:15"),
        ("2026-03-02T09:15:30Z", "2026-03-02T09:15:30"),
        ("2026-03-02T09:15+02:00", "2026-03-02T07:15"),
        ("2026-03-08 02:30", "2026-03-08T07:00"),  # does not exist: the first instant after the gap
    ],
)
def test_read_in_the_zone(text: str, expected: str) -> None:
    found = moment(text, "--since", NOW, "America/New_York", ago=True)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "25:00", "99999999999d", "999999999w", "10"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        moment(text, "--since", NOW, "UTC", ago=True)
    assert caught.value.message.startswith("--since")


def test_a_bare_length_means_ago_only_where_that_is_asked() -> None:
    with pytest.raises(Refused, match="--from"):
        moment("2h", "--from", NOW, "UTC")
    assert moment("-2h", "--from", NOW, "UTC") == datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


def test_zones_are_checked_with_a_hint() -> None:
    assert check_zone(" Europe/London ") == "Europe/London"
    with pytest.raises(Refused, match="Europe/London"):
        check_zone("Europe/Londn")


def test_the_sites_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Paris")
    assert (system_zone(), site_zone().doubt) == ("Europe/Paris", None)
    monkeypatch.setenv("TZ", "CET-1CEST,nonsense")
    assert "CET-1CEST,nonsense" in str(site_zone().doubt)
    monkeypatch.setenv("COMMSDESK_ZONE", "Asia/Tokyo")
    assert system_zone() == "Asia/Tokyo"
