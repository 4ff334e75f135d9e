"""Debian's Chromium, driven through its own driver: nothing is downloaded, nothing leaves loopback."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.processes.support import until
from tests.web.support import ESCAPES

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-popup-blocking",
    "--window-size=1280,900",
)
PATIENCE = 60.0  # seconds on a machine with time to spare

# The console's text is painted, not written into the page: what its websocket brings is kept to read.
KEEP_WHAT_COMES = """
(() => {
  const Real = window.WebSocket;
  window.seen = "";
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => {
        if (event.data instanceof ArrayBuffer) window.seen += new TextDecoder().decode(event.data);
      });
    }
  };
})();
"""


class Browser:
    """A browser with an empty profile."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": KEEP_WHAT_COMES})

    def open(self, url: str) -> None:
        self.driver.get(url)

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def screen(self) -> str:
        """The text that the console in this page or frame has shown so far."""
        return ESCAPES.sub("", self.driver.execute_script("return window.seen || ''"))

    def shows(self, text: str) -> None:
        until(lambda: text in self.screen, f"the console in the browser shows {text!r}", PATIENCE)

    def says(self, text: str) -> None:
        until(lambda: text in self.text, f"the page says {text!r}: {self.text[:300]}", PATIENCE)

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def press_with(self, modifier: str, key: str) -> None:
        """Ctrl+S, Shift+Enter and the like, by selenium's names of the keys."""
        ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

    def click(self, selector: str) -> None:
        """Click the first element, once it stays where it is."""
        trouble = ""

        def clicked() -> bool:
            nonlocal trouble
            try:
                self.driver.find_element(By.CSS_SELECTOR, selector).click()
            except WebDriverException as error:  # not there yet, made anew meanwhile, behind something else
                trouble = f"{error.msg} {self.text[:600]!r}"
                return False
            return True

        try:
            until(clicked, f"{selector} can be clicked", PATIENCE)
        except AssertionError as late:
            raise AssertionError(f"{late}: {trouble}") from None

    def element(self, selector: str, seconds: float = PATIENCE) -> WebElement:
        """The first element, once it is there."""
        found = until(
            lambda: self.driver.find_elements(By.CSS_SELECTOR, selector), f"{selector} in the page", seconds
        )
        return found[0]

    def fetched(self) -> set[str]:
        """The origins that this page has taken anything from."""
        script = "return performance.getEntriesByType('resource').map((each) => each.name)"
        return set(re.findall(r"\w+://[^/]+", " ".join(self.driver.execute_script(script))))


@contextmanager
def chromium(extra: Sequence[str] = ()) -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", *extra):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
