"""The web server: textual-serve's page and protocol, behind a guard, on loopback."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp_jinja2
import jinja2
import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.server import Server, to_int

from tui.text.plain import plain_str
from tui.web.guard import Asked, Guard, headers
from tui.web.malformed import refusal as refused
from tui.web.session import ConsoleSession, within

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
HEARTBEAT = 15.0  # seconds; a browser that says nothing for so long has gone
LARGEST_MESSAGE = 1 << 20  # bytes that a browser may send at once
MOST_TOLD = 100  # different refusals that go to the log
FONT_SIZES = (6, 40)
PAGE = Path(__file__).parent / "page"
THEIRS = Path(textual_serve.__file__).parent / "static"
GUARD: web.AppKey[Guard] = web.AppKey("guard", Guard)


class ConsoleServer(Server):
    """Serves a console process to each tab that gets past the guard."""

    def __init__(
        self, words: Sequence[str], guard: Guard, *, most: int, framed_by: Sequence[str] = ()
    ) -> None:
        """`words` start a console; at most `most` of them at once. `framed_by` are origins of pages."""
        super().__init__("commsdesk", host=LOOPBACK, title="commsdesk")
        self._words = tuple(words)
        self._guard = guard
        self._most = most
        self._headers = headers(framed_by)
        self._open: dict[web.WebSocketResponse, ConsoleSession | None] = {}
        self._told: set[str] = set()

    async def make_app(self) -> web.Application:
        """The application, with nothing that can be reached around the guard."""
        app = web.Application(middlewares=[self._let_in])
        aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(PAGE))
        at = f"/{self._guard.keys.place}"
        app.add_routes(
            [
                web.get(f"{at}/", self.handle_page, allow_head=False),
                web.get(f"{at}/ws", self.handle_websocket, allow_head=False),
                web.get(f"{at}/download/{{key}}", self.handle_download, allow_head=False),
                web.static(f"{at}/page", PAGE),
                web.static(f"{at}/static", THEIRS),
            ]
        )
        app.on_response_prepare.append(self._add_headers)
        app.on_shutdown.append(self._close_all)
        return app

    # The guard

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Any) -> web.StreamResponse:
        refusal = self._guard.refusal(self._asked(request))
        if refusal is None:
            answer: web.StreamResponse = await handler(request)
            return answer
        self._tell(request, refusal)
        return refused()

    def _asked(self, request: web.Request) -> Asked:
        seen = request.headers
        return Asked(
            request.method,
            request.path,
            # Two of a header that may come once only are as good as none.
            host=_single(seen.getall("Host", [])),
            origin=_single(seen.getall("Origin", [])),
            fetch_site=seen.get("Sec-Fetch-Site"),
            cookie=request.cookies.get(self._guard.keys.cookie_name),
            token=request.query.get("token"),
            websocket="websocket" in seen.get("Upgrade", "").lower() or request.path.endswith("/ws"),
        )

    def _tell(self, request: web.Request, refusal: str) -> None:
        """Each kind of refusal once, with the names that a person may have to allow."""
        host, origin = (plain_str(request.headers.get(name, "–")[:80]) for name in ("Host", "Origin"))
        told = f"refused: {refusal} [Host {host}, Origin {origin}]"
        if told not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(told)
            log.warning("%s", told)

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(self._headers)

    # What is served

    async def handle_page(self, request: web.Request) -> web.StreamResponse:
        keys = self._guard.keys
        size = within(to_int(request.query.get("fontsize", "16"), 16), FONT_SIZES)
        response = aiohttp_jinja2.render_template("console.html", request, {"font_size": size})
        # Without a path the cookie stays below this page's own, whatever proxy stands before it.
        cookie = f"{keys.cookie_name}={keys.cookie}; HttpOnly; SameSite=Strict"
        if request.headers.get("X-Forwarded-Proto", request.scheme).startswith("https"):
            cookie += "; Secure"
        response.headers.add("Set-Cookie", cookie)
        return response

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST_MESSAGE)
        await websocket.prepare(request)
        if len(self._open) >= self._most:
            await websocket.send_bytes(
                f"{self._most} consoles are open already: close one, then press Open again.\r\n".encode()
            )
            await websocket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return websocket
        session = ConsoleSession(
            self._words,
            send=websocket.send_bytes,
            send_text=websocket.send_str,
            close=websocket.close,
            downloads=self.download_manager,
        )
        self._open[websocket] = session
        try:
            width = to_int(request.query.get("width", "80"), 80)
            height = to_int(request.query.get("height", "24"), 24)
            await session.start(width, height)
            log.info("console %s opened", session.pid)
            await self._carry_keys(websocket, session)
        finally:
            await session.stop()
            del self._open[websocket]
        return websocket

    async def _carry_keys(self, websocket: web.WebSocketResponse, session: ConsoleSession) -> None:
        async for message in websocket:
            if message.type != WSMsgType.TEXT:
                continue
            match _envelope(message.data):
                case ["stdin", str(keys)]:
                    await session.send_bytes(keys.encode("utf-8", "replace"))
                case ["resize", {"width": int(width), "height": int(height)}]:
                    await session.set_terminal_size(width, height)
                case ["ping", value]:
                    await websocket.send_json(["pong", value])
                case ["blur"]:
                    await session.blur()
                case ["focus"]:
                    await session.focus()

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        """A file that a console has offered, once, and never shown by the browser itself."""
        key = request.match_info["key"]
        try:
            offered = await self.download_manager.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound(text="This file was fetched already: export it again.") from None
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(offered.file_name, safe='')}",
            }
        )
        await response.prepare(request)
        async for chunk in self.download_manager.download(key):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _close_all(self, app: web.Application) -> None:
        for websocket in list(self._open):
            await websocket.close(code=WSCloseCode.GOING_AWAY, message=b"the server ends")


def _single(values: Sequence[str]) -> str | None:
    """The value of a header; a header given twice is a value that nothing matches."""
    return None if not values else values[0] if len(values) == 1 else "given twice"


def _envelope(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
