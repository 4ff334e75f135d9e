"""`console()` without Jupyter: the server it starts, how it ends, and what it says when it cannot."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.processes.support import SOON, environment, until, within
from tests.web.support import browser, gone
from tui.notebook import console, frame, jupyter
from tui.operations.errors import Refused


async def test_it_serves_one_console_a_site_until_it_is_stopped(tmp_path: Path) -> None:
    shown = console(data=tmp_path / "site", operator="ana")
    assert shown is not None and shown.running and "running" in repr(shown)
    address = shown._address
    token = address.partition("token=")[2]
    assert token and token not in repr(shown)
    async with browser() as session, session.get(address) as answer:
        assert answer.status == 200
    again = console(data=tmp_path / "site", operator="ana")
    assert again is not None and again.running and not shown.running
    again.stop()
    assert not again.running and "ended" in repr(again)
    async with browser() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(again._address)


KERNEL = """
import sys, time
from tui.notebook import console
shown = console(data=sys.argv[1])
print(shown._process.pid, flush=True)
sys.stdin.read()
"""


def test_a_killed_kernel_leaves_no_server(tmp_path: Path) -> None:
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, str(tmp_path / "site")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert kernel.stdout is not None and kernel.stdin is not None
    server = int(kernel.stdout.readline())
    assert not gone(server)
    kernel.send_signal(signal.SIGKILL)
    kernel.wait(within(SOON))
    until(lambda: gone(server), "the server has ended")
    kernel.stdout.close()
    kernel.stdin.close()


def test_why_it_cannot_be_served_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--operator is empty"):
        console(data=tmp_path / "site", operator=" ")


def test_without_the_extra_it_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(frame, "find_spec", lambda name: None)
    assert console(data=tmp_path / "my site") is None
    said = capsys.readouterr().out
    assert f"commsdesk '--data={tmp_path / 'my site'}'" in said
    assert "pip install 'commsdesk[web]'" in said


def test_the_path_through_jupyter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter, "find_spec", lambda name: object())
    here = {"pid": os.getppid(), "base_url": "/lab/", "url": "http://localhost:8888/lab/", "port": 8888}
    monkeypatch.setattr(jupyter, "_servers", lambda: iter([here]))
    monkeypatch.delenv(jupyter.HUB_PREFIX, raising=False)
    assert jupyter.proxy_path(8097) == "/lab/proxy/8097"
    assert jupyter.origins() == ["http://localhost:8888", "http://127.0.0.1:8888"]
    monkeypatch.setenv(jupyter.HUB_PREFIX, "/user/ana/")
    assert jupyter.proxy_path(8097) == "/user/ana/proxy/8097"
    monkeypatch.setattr(jupyter, "find_spec", lambda name: None)
    assert jupyter.proxy_path(8097) is None
