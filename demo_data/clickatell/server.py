"""The local Clickatell on its sockets."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from demo_data.clickatell.account import Account, Message, utc_now
from demo_data.clickatell.call_log import Call
from demo_data.clickatell.callbacks import Callbacks
from demo_data.clickatell.control import Control, is_control
from demo_data.clickatell.exchange import Answer, Request
from demo_data.clickatell.faults import Fault, FaultPlan
from demo_data.clickatell.gateway import Gateway
from demo_data.clickatell.http_input import BadRequest, RequestReader
from demo_data.clickatell.loopback import is_loopback
from demo_data.clickatell.settings import Settings
from demo_data.clickatell.wire import WIRE_FAULTS, Peer, send_whole

_BACKLOG = 1024


class Clickatell:
    """A Clickatell for one machine: both APIs, virtual phones, scripted faults.

    `settings` is copied, and the copy in `.settings` may be changed while it runs. `now` gives the aware
    UTC time that statuses, sessions and records go by; waits are real. `faults` are rules as
    `FaultPlan.every` takes them. Raises `FaultError`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        now: Callable[[], datetime] = utc_now,
        faults: Iterable[str] = (),
    ) -> None:
        self._first = settings or Settings()
        self._first_faults = tuple(faults)
        self._now = now
        self._address = ("", 0)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], Peer] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._connections = 0
        self._changed = asyncio.Event()
        self._on_call: Callable[[Call], None] | None = None
        self._begin()

    def _begin(self) -> None:
        self.settings = replace(self._first)
        self.account = Account(self.settings, self._now)
        self.faults = FaultPlan(self.settings)
        self.faults.every(*self._first_faults)
        self.gateway = Gateway(self.settings, self.account, self.faults)
        self.gateway.on_call = self._called
        self.callbacks = Callbacks(self.settings, self._now)
        self.account.on_accept = self._accepted
        self.control = Control(self)

    # Life

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen on a loopback address; port 0 takes any free one. Raises `ValueError`, `OSError`."""
        if not is_loopback(host):
            raise ValueError(f"{host!r} is not a loopback address, and anyone may use the local Clickatell.")
        self._server = await asyncio.start_server(self._connected, host, port, backlog=_BACKLOG)
        self._address = (host, self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening, cut what is open, end all errands."""
        await self.pause_listening(cut=False)
        ending = [*self._open, *self._errands, *self.callbacks.tasks]
        for peer in self._open.values():
            peer.writer.transport.abort()
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def pause_listening(self, cut: bool = True) -> None:
        """Refuse new connections; with `cut` reset the open ones too."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if cut:
            current = asyncio.current_task()
            for task, peer in self._open.items():
                if task is not current:
                    peer.reset()

    async def resume_listening(self) -> None:
        """Take connections again, on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, *self._address, backlog=_BACKLOG)
            self._wake()

    def reset(self) -> None:
        """Everything as at the start: money, phones, log, faults, settings. Connections stay.

        `.settings`, `.faults` and `.account` are new objects afterwards.
        """
        for task in self.callbacks.tasks:
            task.cancel()
        self._begin()
        self._wake()

    async def wait_until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until a condition on the account, log or connections holds. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self._changed.wait()

    # What people and tests look at

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._address[1]

    @property
    def base_url(self) -> str:
        """The One API's base URL, without a path of its own unless a prefix is set."""
        host = f"[{self._address[0]}]" if ":" in self._address[0] else self._address[0]
        return f"http://{host}:{self.port}{self.settings.prefix}"

    @property
    def api_uri(self) -> str:
        """The XML API's URI."""
        return self.base_url + "/xml/xml"

    @property
    def listening(self) -> bool:
        """Whether new connections are taken."""
        return self._server is not None

    @property
    def open_connections(self) -> int:
        """Connections open now."""
        return len(self._open)

    @property
    def inbox(self) -> list[Message]:
        """What the virtual phones got or will get, oldest first."""
        return list(self.account.inbox)

    @property
    def messages(self) -> list[Message]:
        """All accepted messages, also those whose life ends elsewhere than on a phone."""
        return list(self.account.messages)

    @property
    def calls(self) -> list[Call]:
        """The call log, oldest first, secrets masked."""
        return self.gateway.log.calls()

    @property
    def balance(self) -> Decimal:
        """The One API's balance."""
        return self.account.balance

    @balance.setter
    def balance(self, value: Decimal | str | float) -> None:
        self.account.balance = Decimal(str(value))

    @property
    def credits(self) -> Decimal:
        """The XML API's credits."""
        return self.account.credits

    @credits.setter
    def credits(self, value: Decimal | str | float) -> None:
        self.account.credits = Decimal(str(value))

    def refuse_key(self, refused: bool = True) -> None:
        """From now on every key and password is wrong, or right again."""
        self.settings.keys_refused = refused

    def on_call(self, listener: Callable[[Call], None] | None) -> None:
        """Have each recorded call passed to a function, which must not raise."""
        self._on_call = listener

    # Inside

    def _called(self, call: Call) -> None:
        self._wake()
        if self._on_call is not None:
            self._on_call(call)

    def _accepted(self, message: Message) -> None:
        self.callbacks.follow(message)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        peer = Peer(reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = peer
        try:
            await self._serve(peer, self._connections)
        except (ConnectionError, asyncio.CancelledError):
            # Only stop() cancels, and it has cut the connection.
            pass
        finally:
            del self._open[task]
            writer.close()
            self._wake()

    async def _serve(self, peer: Peer, number: int) -> None:
        # The name is gone where the client has left already.
        address = (peer.writer.get_extra_info("peername") or ("",))[0]
        requests = RequestReader(peer, address)
        while True:
            try:
                request = await requests.read(self.settings.idle_limit)
            except BadRequest as error:
                answer = Answer(error.status, "", body=f"{error}\n".encode(), content_type="text/plain")
                await send_whole(peer, answer, close=True)
                return
            if request is None:
                return
            if peer.stale:
                peer.reset()
                return
            if not await self._respond(peer, request, number, close=not requests.keep_alive):
                return
            requests.answered()

    async def _respond(self, peer: Peer, request: Request, number: int, close: bool) -> bool:
        """Answer one request; tells whether the connection goes on."""
        if is_control(request):
            return await send_whole(peer, self.control.answer(request), close)
        fault = self.gateway.fault_for(request)
        wire = fault.kind.wire if fault else None
        late = fault is not None and wire == "delay" and not fault.accepts
        if fault is not None and late and not await peer.stays(fault.value):
            self.gateway.give_up(request, fault, number)
            return False
        answer = self.gateway.answer(request, fault, number, late=late)
        if self.settings.latency:
            await asyncio.sleep(self.settings.latency)
        if fault is None or wire is None or late:
            return await send_whole(peer, answer, close)
        if wire == "refuse-connection":
            await self._go_away(fault)
        return await WIRE_FAULTS[wire](peer, answer, fault.value) and not close

    async def _go_away(self, fault: Fault) -> None:
        await self.pause_listening()
        errand = asyncio.create_task(self._come_back(fault.value))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _come_back(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        # Another program may have taken the port meanwhile; then nobody listens until someone resumes.
        with contextlib.suppress(OSError):
            await self.resume_listening()
