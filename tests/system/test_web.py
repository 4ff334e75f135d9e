"""`commsdesk web` in a real Chromium: it is driven with keys, and pages of other sites get nothing."""

import functools
import http.server
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from storage import handlers
from tests.processes.support import Site, until
from tests.system.chromium import Browser, chromium
from tests.web.conftest import clickatell, server, site
from tests.web.support import WebServer, gone

__all__ = ["clickatell", "server", "site"]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser in which any name ending in .test is this machine."""
    with chromium(["--host-resolver-rules=MAP *.test 127.0.0.1"]) as found:
        yield found


def enabled(site: Site) -> bool:
    with site.database.read() as connection:
        (handler,) = handlers.listing(connection)
    return handler.enabled


def opened(browser: Browser, server: WebServer) -> int:
    """The console's process, once the browser shows its list."""
    browser.open(server.url)
    browser.shows("▸ ")
    (pid,) = server.consoles()
    return pid


def test_keys_in_the_browser_change_the_site(site: Site, server: WebServer, browser: Browser) -> None:
    site.handler()
    pid = opened(browser, server)
    assert server.token not in browser.driver.current_url
    browser.press("e")
    browser.shows("Keep enabled")
    browser.press(Keys.ARROW_DOWN, Keys.ENTER)
    until(lambda: not enabled(site), "the handler is disabled")
    assert [entry.operator for entry in site.review if "disabled" in entry.text] == ["ana"]
    assert browser.fetched() <= {server.origin}

    browser.open("about:blank")
    until(lambda: gone(pid), "the console has ended with its tab")


def test_a_page_that_is_opened_again_needs_no_token(site: Site, server: WebServer, browser: Browser) -> None:
    site.handler()
    opened(browser, server)
    browser.driver.refresh()
    browser.shows("▸ ")
    assert len(server.consoles()) == 2


def test_without_the_token_nothing_is_shown(server: WebServer, browser: Browser) -> None:
    for address in (server.page, f"{server.origin}/", f"{server.page}?token=1f3a"):
        browser.open(address)
        browser.says("not shown here")
    assert server.consoles() == []


def test_another_name_for_this_machine_is_refused(server: WebServer, browser: Browser) -> None:
    browser.open(server.url.replace("127.0.0.1", "evil.test"))
    browser.says("not shown here")
    assert server.consoles() == []


ATTACK = """<!DOCTYPE html><title>attack</title><body><p id="said"></p>
<iframe id="frame" src="{page}"></iframe>
<script>
  const said = document.querySelector("#said");
  const tell = (word) => {{ said.textContent += word + " "; }};
  const socket = new WebSocket("{socket}");
  socket.onopen = () => {{ tell("socket-opened"); socket.send('["stdin", "e"]');
    setTimeout(() => socket.send('["stdin", "\\\\u001b[B\\\\r"]'), 1000); }};
  socket.onerror = () => tell("socket-refused");
  fetch("{page}", {{credentials: "include"}}).then(() => tell("page-read"), () => tell("page-refused"));
  const script = document.createElement("script");
  script.onload = () => tell("script-loaded");
  script.onerror = () => tell("script-refused");
  script.src = "{page}page/console.js";
  document.body.append(script);
</script>
"""


@pytest.mark.parametrize("name", ["127.0.0.1", "evil.test"], ids=["another port", "another site"])
def test_another_sites_page_gets_nothing_although_the_cookie_is_there(
    site: Site, server: WebServer, browser: Browser, tmp_path: Path, name: str
) -> None:
    site.handler()
    opened(browser, server)
    attack = ATTACK.format(
        page=server.page, socket=f"{server.page.replace('http', 'ws', 1)}ws?width=80&height=24"
    )
    (tmp_path / "attack.html").write_text(attack)
    with Served(tmp_path) as port:
        browser.open(f"http://{name}:{port}/attack.html")
        for refused in ("socket-refused", "page-refused", "script-refused"):
            browser.says(refused)
        assert "opened" not in browser.text and "read" not in browser.text and "loaded" not in browser.text
        browser.driver.switch_to.frame("frame")
        assert browser.screen == ""
    assert enabled(site) and len(server.consoles()) == 1


class Served:
    """Another web site on this machine."""

    def __init__(self, folder: Path) -> None:
        handler = functools.partial(Quiet, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> int:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return int(self._server.server_address[1])

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_killed_server_leaves_no_console(site: Site, server: WebServer, browser: Browser) -> None:
    site.handler()
    pid = opened(browser, server)
    server.program.signal(signal.SIGKILL)
    until(lambda: gone(pid), "the console has ended")
    browser.says("The console has ended")


def test_an_export_is_downloaded(site: Site, server: WebServer, browser: Browser, tmp_path: Path) -> None:
    assert site.cli("user", "add", "Joe Hart").returncode == 0
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path / "downloads")}
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    browser.open(server.url)
    browser.shows("No handlers yet")
    browser.press("2")
    browser.shows("▸ Joe Hart")
    browser.press("X")
    browser.shows("users.csv")
    browser.press_with(Keys.CONTROL, "s")
    file = tmp_path / "downloads" / "users.csv"
    until(lambda: file.exists() and "Joe Hart" in file.read_text(), "the file is downloaded")
