"""`commsdesk run --metrics-file`: what a real process writes, and leaves behind."""

import signal
import stat
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.processes.support import PROGRAM, Program, Site, until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "node-exporter").mkdir()
    return tmp_path / "node-exporter" / "commsdesk.prom"


def start(site: Site, file: Path) -> Program:
    return site.start(*PROGRAM, "--data", str(site.folder), "run", "--metrics-file", str(file))


def read(file: Path) -> dict[str, float]:
    """The figures by name and labels; read by Prometheus' parser, which refuses a half-written file."""
    if not file.exists():
        return {}
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(file.read_text())
        for sample in family.samples
    }


def again(program: Program, file: Path) -> dict[str, float]:
    """What is written next. A hang-up has it written at once."""
    before = file.stat().st_ino
    program.signal(signal.SIGHUP)
    until(lambda: file.stat().st_ino != before, "the file is replaced")
    return read(file)


def test_what_it_writes_is_true_and_readable_by_others(site: Site, file: Path) -> None:
    handler = site.handler()
    program = start(site, file)
    until(lambda: read(file).get("commsdesk_lease_held_here") == 1, "it is written once it leads")
    site.queue(handler, 20)
    site.settled()
    found = again(program, file)
    assert found["commsdesk_up"] == found["commsdesk_lease_held"] == 1
    assert found["commsdesk_messages accepted"] == found["commsdesk_attempts_total Clickatell accepted"] == 20
    assert found["commsdesk_handler_status Clickatell Running"] == 1
    assert found["commsdesk_handler_balance EUR Clickatell"] > 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    program.signal(signal.SIGTERM)
    assert program.ends() == 0
    left = read(file)
    assert left["commsdesk_up"] == left["commsdesk_lease_held"] == left["commsdesk_lease_held_here"] == 0
    assert list(file.parent.iterdir()) == [file], "a half-made file was left"


def test_a_standby_leaves_the_file_to_the_process_that_sends(site: Site, file: Path) -> None:
    leader = start(site, file)
    site.leads(leader)
    until(lambda: read(file).get("commsdesk_up") == 1, "the leader writes")
    inode = file.stat().st_ino
    leader.stop()  # nobody replaces it now but a standby, which must not
    before = site.signed_on
    standby = start(site, file)
    until(lambda: site.signed_on > before, "the standby has signed on")
    standby.signal(signal.SIGHUP)
    standby.says("looking at everything anew")
    standby.signal(signal.SIGTERM)
    assert standby.ends() == 0
    assert file.stat().st_ino == inode
    leader.signal(signal.SIGCONT)


def test_a_file_that_cannot_be_written_is_said_and_stops_nothing(site: Site, tmp_path: Path) -> None:
    handler = site.handler()
    program = start(site, tmp_path / "nowhere" / "commsdesk.prom")
    program.says("commsdesk: the metrics file")
    assert "check --metrics-file" in program.said
    site.queue(handler, 3)
    site.settled()
    (tmp_path / "nowhere").mkdir()
    program.signal(signal.SIGHUP)
    program.says("commsdesk: working again")
    assert read(tmp_path / "nowhere" / "commsdesk.prom")["commsdesk_messages accepted"] == 3
