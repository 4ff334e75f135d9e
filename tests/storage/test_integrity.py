"""The disk's room, in words, and before a message is claimed."""

from pathlib import Path

import pytest

from storage import integrity
from storage.errors import DiskFull


def test_an_ordinary_disk_has_room(tmp_path: Path) -> None:
    assert integrity.free_bytes(tmp_path) > 0


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (500_000_000, None),
        (100_000_000, None),
        (99_000_000, "has 99 MB left: free some space, sending stops when it is full"),
        (7_000_000, "has 7 MB left: free some space, nothing is sent until there is room"),
    ],
)
def test_the_warning_says_how_much_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, said: str | None
) -> None:
    monkeypatch.setattr(integrity, "free_bytes", lambda folder: free)
    found = integrity.space_warning(tmp_path)
    assert (found is None) if said is None else (found is not None and said in found)


def test_nothing_is_claimed_that_could_not_be_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    integrity.require_room(tmp_path)
    monkeypatch.setattr(integrity, "free_bytes", lambda folder: integrity.LEAST - 1)
    with pytest.raises(DiskFull, match="nothing is sent until then"):
        integrity.require_room(tmp_path)
