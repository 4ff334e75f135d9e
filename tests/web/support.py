"""`commsdesk web` as a process, and a tab of a browser as far as its websocket goes."""

import asyncio
import contextlib
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.processes.support import LOOK_EVERY, PROGRAM, SOON, Site, until, within

ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[$ ]?[@-~]|\][^\x07\x1b]*(\x07|\x1b\\))")


class WebServer:
    """The server, its address read from the file that it was told to write."""

    def __init__(self, site: Site, options: Sequence[str] = (), web: Sequence[str] = ()) -> None:
        self.site = site
        self.url_file = site.folder.parent / "address"
        words = [*PROGRAM, "--data", str(site.folder), "--operator", "ana", *options, "web", "--port", "0"]
        self.program = site.start(*words, "--url-file", str(self.url_file), *web)
        self.url = until(self._read, f"an address: {self.program.lines}").strip()
        parts = urlsplit(self.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.page = f"{self.origin}{parts.path}"
        self.place = parts.path.strip("/")
        self.token = parse_qs(parts.query)["token"][0]

    def _read(self) -> str:
        text = self.url_file.read_text() if self.url_file.exists() else ""
        return text if text.endswith("\n") else ""

    def consoles(self) -> list[int]:
        """The process of each console that was opened, from what the server says."""
        return [int(found) for found in re.findall(r"console (\d+) opened", self.program.said)]

    def close(self) -> None:
        if self.program.alive:
            self.program.signal(signal.SIGTERM)
            self.program.ends()
        for pid in self.consoles():
            with contextlib.suppress(ProcessLookupError):
                if gone(pid) is False:
                    os.kill(pid, signal.SIGKILL)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has taken leave of counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Tab:
    """A websocket to a console: the text of its screen as it comes, and keys back."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket
        self.seen = ""
        self.offered: list[str] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self.websocket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.seen += ESCAPES.sub("", message.data.decode("utf-8", "replace"))
            elif message.type is aiohttp.WSMsgType.TEXT:
                kind, value = json.loads(message.data)
                if kind == "deliver_file_start":
                    self.offered.append(value)

    async def shows(self, text: str) -> None:
        try:
            await eventually(lambda: text in self.seen, repr(text))
        except AssertionError:
            raise AssertionError(f"the screen never shows {text!r}: {self.seen[-2000:]}") from None

    async def types(self, keys: str) -> None:
        await self.websocket.send_json(["stdin", keys])

    async def ends(self) -> None:
        """Wait until the server has closed the line."""
        await asyncio.wait_for(self._reader, within(SOON))


async def eventually(condition: Callable[[], object], what: str, seconds: float = SOON) -> None:
    """`until`, on a loop that goes on meanwhile."""
    deadline = time.monotonic() + within(seconds)
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        await asyncio.sleep(LOOK_EVERY)


@asynccontextmanager
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    """What keeps cookies as a browser does, for addresses without a name as well."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


@asynccontextmanager
async def tab(
    server: WebServer, session: aiohttp.ClientSession, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Tab]:
    """A console opened as the page does it: the page first, then the websocket."""
    async with session.get(server.url) as page:
        assert page.status == 200
    address = f"{server.page}ws?width=100&height=30"
    async with session.ws_connect(address, headers={"Origin": server.origin, **(headers or {})}) as websocket:
        yield Tab(websocket)
