"""Every example of docs/integrations.md is run as it stands there, on a site of its own."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import CommandLine
from tests.cli.examples import ALERT, DOCUMENT, example, exec_start, heard
from tests.processes.support import Program, until
from tests.processes.warm import stand_in

BIN = Path(sys.executable).parent


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    """A site with the alert that the document declares."""
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    for words in ALERT:
        cli.ok(*words)
    return cli


@pytest.fixture
def environment(site: CommandLine, tmp_path: Path) -> dict[str, str]:
    """What the examples find: commsdesk on the PATH, and the data folder."""
    stand_in(tmp_path)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin", "COMMSDESK_DATA": str(site.folder)}


def sent(site: CommandLine) -> list[str]:
    return [message["text"] for message in site.ok("message", "list", "--json").json]


def occurrences(site: CommandLine) -> list[tuple[str, str, int]]:
    found = site.ok("alert", "occurrences", "--json").json
    return [(each["key"], each["stage"], each["count"]) for each in found]


def test_the_alert_is_declared_in_the_document_as_here(site: CommandLine) -> None:
    text = " ".join(DOCUMENT.read_text().split())
    for words in ALERT:
        said = shlex.join(words).replace("'", '"').replace("+61400000000", '"Night crew"')
        assert f"commsdesk {said}" in text, said


# cron


class Crontab:
    """The example read as cron reads a file in /etc/cron.d."""

    def __init__(self) -> None:
        *assignments, entry = example("cron").splitlines()
        self.environment = dict(line.split("=", 1) for line in assignments)
        found = re.fullmatch(r"((?:\S+ ){4}\S+)\s+(\S+)\s+(.*)", entry)
        assert found, entry
        self.schedule, self.user, self.command = found.groups()

    def run(self, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        assert set(self.environment) == set(environment)
        return subprocess.run(
            ["/bin/sh", "-c", self.command],
            env=environment | {"SHELL": "/bin/sh"},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )


def say_used(folder: Path, per_cent: int) -> None:
    """A `df` whose disk is that full."""
    program = folder / "df"
    program.write_text(f"#!/bin/sh\necho 'Use%'\necho ' {per_cent}%'\n")
    program.chmod(0o755)


def test_a_cron_job_raises_once_and_restores(
    site: CommandLine, environment: dict[str, str], tmp_path: Path
) -> None:
    crontab = Crontab()
    assert (crontab.schedule, crontab.user) == ("*/5 * * * *", "commsdesk")
    assert "%" not in crontab.command, "cron would end the command there"
    for used in (40, 95, 96, 89, 30):
        say_used(tmp_path, used)
        crontab.run(environment)
        heard(site.folder)
    host = os.uname().nodename
    assert sent(site) == [
        f"{host}: disk / is 95 per cent full", f"{host}: over, disk / is 95 per cent full",
    ]  # fmt: skip
    assert occurrences(site) == [("disk-root", "Restored", 2)]


def test_a_cron_job_when_all_is_well_prints_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    say_used(tmp_path, 10)
    ended = Crontab().run(environment)
    assert (ended.stdout, ended.stderr) == ("", ""), "cron would mail that every five minutes"


# Alertmanager


def alert(fingerprint: str, status: str = "firing", **changes: Any) -> dict[str, Any]:
    """One alert as Alertmanager's webhook, version 4, has it."""
    return {
        "status": status,
        "labels": {"alertname": "HostDown", "instance": "pump-2:9100", "job": "node", "severity": "critical"},
        "annotations": {"summary": "pump-2 does not answer", "description": "for five minutes"},
        "startsAt": "2026-11-23T02:00:00.000Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-11-23T02:20:00.000Z",
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
        "fingerprint": fingerprint,
    } | changes


def payload(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {
        "receiver": "commsdesk",
        "status": "firing",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "HostDown"},
        "commonLabels": {"alertname": "HostDown", "job": "node", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "version": "4",
        "groupKey": '{}:{alertname="HostDown"}',
        "truncatedAlerts": 0,
    }


@pytest.fixture
def webhook(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The script of the document, listening; its address."""
    script = tmp_path / "alertmanager.py"
    script.write_text(example("alertmanager.py"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Program([sys.executable, str(script), str(port)], extra=environment)

    def listens() -> bool:
        with socket.socket() as trying:
            return trying.connect_ex(("127.0.0.1", port)) == 0

    until(listens, "the script listens")
    yield f"http://127.0.0.1:{port}/"
    program.kill()


def post(webhook: str, *alerts: dict[str, Any]) -> int:
    content = json.dumps(payload(*alerts))
    headers = {"Content-Type": "application/json", "User-Agent": "Alertmanager/0.28.1"}
    return httpx.post(webhook, content=content, headers=headers, timeout=100, trust_env=False).status_code


def test_the_webhook_raises_and_restores_by_fingerprint(site: CommandLine, webhook: str) -> None:
    assert post(webhook, alert("a1"), alert("b2", annotations={})) == 200
    heard(site.folder)
    assert post(webhook, alert("a1"), alert("b2", "resolved", annotations={})) == 200
    assert sent(site) == [
        "pump-2:9100: pump-2 does not answer", "pump-2:9100: HostDown", "pump-2:9100: over, HostDown",
    ]  # fmt: skip
    assert occurrences(site) == [("prometheus-a1", "Created", 2), ("prometheus-b2", "Restored", 1)]
    assert post(webhook, alert("a1", "resolved"), alert("c3", "resolved")) == 200, "never raised: all is well"
    assert occurrences(site)[0] == ("prometheus-a1", "Restored", 2)


def test_what_prometheus_sends_is_data_only(site: CommandLine, webhook: str) -> None:
    hostile = "--help \"; $(id) `id` ' \\ {Key} %i ü"
    labels = {"alertname": "x", "instance": "--operator=root"}
    assert post(webhook, alert("d4", annotations={"summary": hostile}, labels=labels)) == 200
    assert sent(site) == [f"--operator=root: {hostile}"]


def test_alertmanager_is_told_to_try_again_when_it_could_not_be_raised(
    site: CommandLine, webhook: str
) -> None:
    site.ok("alert", "disable", "Outside alarm")
    assert post(webhook, alert("a1")) == 503
    site.ok("alert", "enable", "Outside alarm")
    assert post(webhook, alert("a1")) == 200
    assert occurrences(site) == [("prometheus-a1", "Created", 1)]


def odd_alerts() -> list[dict[str, Any]]:
    """What Alertmanager may send besides the usual, or something in its place."""
    return [
        alert("long", annotations={"summary": "x" * 300_000}),
        alert("é" * 150_000),
        alert("nul", annotations={"summary": "a\0b\x1b[31m"}, labels={"instance": "c\0d"}),
        alert("half", annotations={"summary": "half \ud800"}, labels={"instance": "\udcff"}),
        alert("bare", annotations=None, labels=None),
        alert("types", annotations={"summary": 7}, labels={"instance": ["a"], "alertname": 1.5}),
        {"labels": {"alertname": "NoFingerprint"}},
        {"labels": {"alertname": "NoFingerprintEither"}, "status": "firing"},
        {},
    ]


def words_of(found: dict[str, Any]) -> list[str]:
    """What the script would run for an alert."""
    source = example("alertmanager.py").rpartition("http.server.HTTPServer(")[0]
    script: dict[str, Any] = {}
    exec(source, script)
    return list(script["words"](json.loads(json.dumps(found))))


def test_odd_alerts_are_raised_and_restored(site: CommandLine) -> None:
    odd = odd_alerts()
    for found in odd:
        words = words_of(found)
        assert all("\0" not in word and len(word.encode()) < 128 * 1024 for word in words)
        site.ok("alert", *words)
    raised = occurrences(site)
    assert len(raised) == len(odd) and {(stage, count) for _, stage, count in raised} == {("Created", 1)}
    assert {"NoFingerprint", "NoFingerprintEither", "an alert without words"} <= {
        text.removeprefix("Prometheus: ") for text in sent(site)
    }
    assert not any(set(text) & set("\0\x1b\r") for text in sent(site))
    for found in odd:
        site.ok("alert", *words_of(found | {"status": "resolved"}))
    assert {stage for _, stage, _ in occurrences(site)} == {"Restored"}


def test_what_cannot_be_raised_is_reported_and_the_next_goes_on(site: CommandLine, webhook: str) -> None:
    nothing: Any = ["an alert", 7, None, {"labels": "text"}]
    long = alert("long", annotations={"summary": "x" * 300_000})
    assert post(webhook, *nothing, long, alert("last")) == 503
    assert [key for key, _, _ in occurrences(site)] == ["prometheus-long", "prometheus-last"]


# OnFailure=


def test_a_unit_that_fails_and_works_again(site: CommandLine, environment: dict[str, str]) -> None:
    failed = exec_start("commsdesk-failed@.service", "backup.service")
    works = exec_start("commsdesk-works@.service", "backup.service")
    for line in (works, failed, failed, works):
        program, *words = shlex.split(line)
        assert program == "/opt/commsdesk/bin/commsdesk"
        subprocess.run([BIN / "commsdesk", *words], env=environment, timeout=100, check=True)
        heard(site.folder)
    assert sent(site) == [
        "north-gate: backup.service has failed", "north-gate: over, backup.service has failed",
    ]  # fmt: skip
    assert occurrences(site) == [("unit-backup.service", "Restored", 2)]
