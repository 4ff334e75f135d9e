"""`commsdesk simulator` as people run it: help, first line, log, and how it ends."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from demo_data.clickatell.fault_kinds import KINDS
from demo_data.clickatell.settings import SAMPLE_API_KEY
from tests.clickatell.helpers import HEADERS, text_to
from tests.processes import warm
from tui.cli.simulator import app


@contextmanager
def running(*options: str) -> Iterator[tuple[warm.Started, str, str]]:
    """The process, its first line, and the base URL in it."""
    words = ["simulator", "--port", "0", *options]
    with warm.start(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = re.search(r"base URL (http://127\.0\.0\.1:\d+),", first)
        assert url is not None, first
        try:
            yield process, first, url[1]
        finally:
            process.kill()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_says_what_to_enter_logs_calls_and_ends_cleanly(ending: signal.Signals) -> None:
    with running("--fault", "http-503:2", "--seed", "1", "--balance", "0.05") as (process, first, url):
        for value in (SAMPLE_API_KEY, f"{url}/xml/xml", "plant7", "Password simulator", "3000001"):
            assert value in first
        payload = {"messages": [text_to()]}
        found = [
            httpx.post(f"{url}/v1/message", headers=HEADERS, json=payload, trust_env=False).status_code
            for _ in range(3)
        ]
        assert found == [202, 503, 402]
        process.send_signal(ending)
        output, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
    lines = output.splitlines()
    assert len(lines) == 3 and SAMPLE_API_KEY not in output
    assert "1 message: 1 accepted" in lines[0] and "[fault http-503-before]" in lines[1]


def test_quiet_and_a_key_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("another-key-000001\n")
    with running("--quiet", "--api-key-file", str(tmp_path / "key")) as (process, first, url):
        assert "another-key-000001" in first and SAMPLE_API_KEY not in first
        for key, status in (("another-key-000001", 200), (SAMPLE_API_KEY, 401)):
            reply = httpx.get(f"{url}/v1/balance", headers={"Authorization": key}, trust_env=False)
            assert reply.status_code == status
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")


def test_it_ends_where_nobody_reads_any_more() -> None:
    with running() as (process, _, url):
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        httpx.get(f"{url}/v1/balance", trust_env=False)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == ""


def test_a_port_in_use() -> None:
    with running() as (_, _, url):
        port = url.rpartition(":")[2]
        result = CliRunner().invoke(app, ["--port", port])
        assert result.exit_code == 1 and f"Cannot listen on 127.0.0.1:{port}" in result.output


@pytest.mark.parametrize(
    "options",
    [
        ["--fault", "resett:3"],
        ["--fault", "reset"],
        ["--accept-rate", "2"],
        ["--balance", "lots"],
        ["--callback", "http://192.0.2.1/"],
        ["--api-key-file", "nowhere"],
        ["--latency", "-1"],
    ],
)
def test_wrong_usage(options: list[str]) -> None:
    assert CliRunner().invoke(app, options).exit_code == 2


def test_help_and_manual_name_every_fault() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    manual = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")
    for name, kind in KINDS.items():
        assert re.search(rf"^  {name}[\[ ]", shown, re.MULTILINE), name
        assert f"| `{name}" in manual and kind.explains in manual, name


def test_the_command_is_light_until_it_runs() -> None:
    look = (
        "import sys, tui.cli.simulator; "
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('textual', 'sqlmodel', 'sqlalchemy', 'h11', 'asyncio', 'demo_data', 'httpx')])"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
