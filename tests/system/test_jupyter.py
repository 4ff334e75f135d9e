"""commsdesk in JupyterLab: the console in a cell, by way of jupyter-server-proxy, and in a terminal."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import nbclient
import nbformat
import pytest
from selenium.webdriver.common.keys import Keys

from demo_data.sample_clickatell import Addresses
from demo_data.sample_site import build
from scheduling.clock import SystemClock
from storage import handlers
from tests.processes.support import PROGRAM, Site, until, within
from tests.system.chromium import PATIENCE, Browser, chromium
from tests.system.jupyter import Lab, jupyter_lab, surroundings
from tests.web.conftest import clickatell, site
from tests.web.support import ESCAPES, eventually

__all__ = ["clickatell", "site"]

pytestmark = pytest.mark.timeout(400)

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
CELL = "from tui.notebook import console\nshown = console(operator='ana')"


@pytest.fixture
def lab(site: Site, tmp_path: Path) -> Iterator[Lab]:
    home = tmp_path / "home"
    home.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, home / "desk.ipynb")
    with jupyter_lab(home, site.folder) as found:
        yield found


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def enabled(site: Site) -> bool:
    with site.database.read() as connection:
        (handler,) = handlers.listing(connection)
    return handler.enabled


def run_the_cell(lab: Lab, browser: Browser) -> None:
    browser.open(f"{lab.url}/lab/tree/desk.ipynb?token={lab.token}")
    # To a key before that it answers with a question: which kernel.
    browser.says("Python 3 (ipykernel) | Idle")
    browser.click(".jp-CodeCell .cm-content")
    browser.press_with(Keys.CONTROL, Keys.ENTER)
    prompt = browser.element(".jp-CodeCell .jp-InputPrompt")
    until(lambda: "[ ]" not in prompt.text, "the cell runs", PATIENCE)


def test_the_console_in_a_cell_takes_keys(site: Site, lab: Lab, browser: Browser) -> None:
    site.handler()
    run_the_cell(lab, browser)
    frame = browser.element("iframe[src*='/proxy/']")
    address = frame.get_attribute("src") or ""
    assert address.startswith(f"{lab.url}/proxy/")
    browser.driver.switch_to.frame(frame)
    browser.shows("▸ ")
    browser.click("#terminal")
    browser.press("e")
    browser.shows("Keep enabled")
    browser.press(Keys.ARROW_DOWN, Keys.ENTER)
    until(lambda: not enabled(site), "the handler is disabled")
    assert [entry.operator for entry in site.review if "disabled" in entry.text] == ["ana"]
    assert browser.fetched() <= {lab.url}
    # What Jupyter wrote down of it opens nothing.
    token = address.partition("token=")[2]
    assert token and token not in lab.log
    lab.close()
    until(lambda: site.signed_on == 0, "the console has ended with its kernel")


async def test_a_terminal_of_jupyterlab(site: Site, lab: Lab) -> None:
    site.handler()
    headers = {"Authorization": f"token {lab.token}", "Origin": lab.url}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{lab.url}/api/terminals") as made:
            name = (await made.json())["name"]
        seen = ""
        async with session.ws_connect(f"{lab.url}/terminals/websocket/{name}") as terminal:

            async def shows(text: str) -> None:
                nonlocal seen
                while text not in seen:
                    kind, *said = json.loads(await terminal.receive_str(timeout=within(PATIENCE)))
                    seen += ESCAPES.sub("", said[0]) if kind == "stdout" else ""

            await terminal.send_json(["set_size", 40, 120])
            # In full: a login shell may set the path anew.
            words = shlex.join([*PROGRAM, "--operator", "ana", "--no-engine"])
            await terminal.send_json(["stdin", f"{words}\r"])
            await shows("▸ ")
            await terminal.send_json(["stdin", "e"])
            await shows("Keep enabled")
            await terminal.send_json(["stdin", "\x1b[B\r"])
            await eventually(lambda: not enabled(site), "the handler is disabled")
        async with session.delete(f"{lab.url}/api/terminals/{name}") as ended:
            assert ended.status == 204


def test_the_notebook_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "site"
    addresses = Addresses("http://127.0.0.1:9", "http://127.0.0.1:9/xml/xml", "http://127.0.0.1:9")
    build(data, addresses, SystemClock().now())
    for name, value in surroundings(tmp_path, data).items():
        monkeypatch.setenv(name, value)
    shutil.copy(NOTEBOOK, tmp_path)
    notebook = nbformat.read(tmp_path / NOTEBOOK.name, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "its outputs are cleared"
    nbclient.NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = [set(output.data) for output in outputs if "data" in output]
    assert sum("image/svg+xml" in kind for kind in kinds) == 1
    assert sum("text/html" in kind for kind in kinds) >= 6
    shown = json.dumps(notebook)
    assert "Joe Hart" in shown and re.search(r"<iframe[^>]*127\.0\.0\.1", shown)
