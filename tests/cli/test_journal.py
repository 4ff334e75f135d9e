"""The log in the journal: what an entry holds, at a real datagram socket."""

import logging
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.cli import logs, secret_input
from tui.cli.journal import LARGEST, Journal


class Listening:
    """The journal's end of its socket."""

    def __init__(self, address: Path) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(10)
        self._socket.bind(str(address))

    def entry(self) -> dict[str, str]:
        """The next entry, read as the protocol is written down."""
        rest = self._socket.recv(300_000)
        found = {}
        while rest:
            name, _, rest = rest.partition(b"\n")
            (length,) = struct.unpack("<Q", rest[:8])
            found[name.decode()], end, rest = (
                rest[8 : 8 + length].decode(),
                rest[8 + length : 9 + length],
                rest[9 + length :],
            )
            assert end == b"\n"
        return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Listening]:
    made = Listening(tmp_path / "journal")
    yield made
    made.close()


@pytest.fixture
def log(journal: Listening) -> Iterator[logging.Logger]:
    handler = Journal(journal.address)
    handler.setFormatter(logs.SafeFormatter(logs.JOURNAL_LINE))
    found = logging.getLogger("scheduling.example")
    found.addHandler(handler)
    found.propagate = False
    found.setLevel(logging.DEBUG)
    yield found
    found.removeHandler(handler)
    found.propagate = True
    found.setLevel(logging.NOTSET)
    handler.close()


def test_an_entry_has_its_facts_in_fields(log: logging.Logger, journal: Listening) -> None:
    log.info("lease taken, epoch %s", 3)
    found = journal.entry()
    assert int(found.pop("CODE_LINE")) > 0
    assert found == {
        "MESSAGE": "lease taken, epoch 3",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "commsdesk",
        "COMMSDESK_PART": "scheduling.example",
        "CODE_FILE": __file__,
        "CODE_FUNC": "test_an_entry_has_its_facts_in_fields",
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.DEBUG, "7"),
        (logging.INFO, "6"),
        (logging.WARNING, "4"),
        (logging.ERROR, "3"),
        (logging.CRITICAL, "2"),
    ],
)
def test_the_level_is_the_priority(
    log: logging.Logger, journal: Listening, level: int, priority: str
) -> None:
    log.log(level, "x")
    assert journal.entry()["PRIORITY"] == priority


def test_a_traceback_is_one_entry(log: logging.Logger, journal: Listening) -> None:
    try:
        raise ValueError("hello")
    except ValueError:
        log.exception("it failed")
    found = journal.entry()
    first, *_, last = found["MESSAGE"].splitlines()
    assert (first, last, found["COMMSDESK_ERROR"]) == ("it failed", "ValueError: hello", "ValueError")


def test_nothing_in_a_message_becomes_a_field_or_steers_a_terminal(
    log: logging.Logger, journal: Listening
) -> None:
    log.warning("x\nPRIORITY=0\x1b]52;c;AAAA\x07 \ud800")
    found = journal.entry()
    assert found["PRIORITY"] == "4"
    assert found["MESSAGE"] == "x\nPRIORITY=0␛]52;c;AAAA␇ �"


def test_no_secret_that_was_read(log: logging.Logger, journal: Listening, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c2ltdWxhdG9y-journal")
    secret_input.read_secret(str(tmp_path / "key"), "API Key", "--api-key-file")
    log.error("refused: c2ltdWxhdG9y-journal")
    assert journal.entry()["MESSAGE"] == "refused: ••••"


def test_a_very_long_message_is_cut(log: logging.Logger, journal: Listening) -> None:
    log.info("x" * 1_000_000)
    assert journal.entry()["MESSAGE"] == "x" * LARGEST


def test_what_the_journal_does_not_take_goes_to_standard_error(
    log: logging.Logger, journal: Listening, capfd: pytest.CaptureFixture[str]
) -> None:
    journal.close()
    log.handlers[0]._otherwise.setStream(sys.stderr)  # type: ignore[attr-defined]
    log.warning("still said")
    assert capfd.readouterr().err == "still said\n"


def test_it_is_used_only_where_standard_error_goes_there(
    journal: Listening, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "stream").open("w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        info = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{info.st_dev}:{info.st_ino}")
        found = Journal.here(journal.address)
        assert found is not None
        found.close()
        assert Journal.here(tmp_path / "nowhere") is None
        for other in (f"{info.st_dev}:{info.st_ino + 1}", "", "x"):
            monkeypatch.setenv("JOURNAL_STREAM", other)
            assert Journal.here(journal.address) is None
