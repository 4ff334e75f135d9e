"""The account behind both APIs: money, accepted messages, phones, sessions."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from demo_data.clickatell.exchange import ONE
from demo_data.clickatell.message_life import StatusChange, ends_on_phone, in_force, plan_life
from demo_data.clickatell.settings import Settings


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was accepted.

    `text` is what the phone shows, `sender` the `from` of the call, `price` the charge for all parts.
    """

    gateway_id: str
    api: str
    channel: str
    to: str
    text: str
    sender: str
    client_message_id: str
    parts: int
    price: Decimal
    at: datetime
    life: tuple[StatusChange, ...] = ()

    def status(self, now: datetime) -> StatusChange:
        """The status in force, with the time of its last change."""
        return in_force(self.life, now)


class Account:
    """State that both APIs change. One thread writes; the lists may be copied from any."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = now
        self.balance = settings.balance
        self.credits = settings.credits
        self.messages: list[Message] = []
        self.inbox: list[Message] = []
        self.on_accept: Callable[[Message], None] | None = None
        self._by_id: dict[str, Message] = {}
        self._by_client_id: dict[tuple[str, str], Message] = {}
        self._sessions: dict[str, datetime] = {}
        self._recent: deque[datetime] = deque()
        self._ids = random.Random(None if settings.seed is None else f"ids {settings.seed}")

    def new_id(self) -> str:
        """32 lower-case hex digits."""
        return f"{self._ids.getrandbits(128):032x}"

    def accept(self, message: Message, starts: datetime | None = None) -> None:
        """Store, charge and send on its way, at once or at `starts`. Nothing is de-duplicated."""
        settings = self.settings
        ending = settings.endings.get(message.to, "DEVICE_ACK")
        life = plan_life(
            message.at, starts or message.at, settings.sent_after, settings.delivered_after, ending
        )
        message = replace(message, life=life)
        if message.api == ONE:
            self.balance -= message.price
        else:
            self.credits -= message.price
        self.messages.append(message)
        self._by_id[message.gateway_id] = message
        if message.client_message_id:
            self._by_client_id[message.api, message.client_message_id] = message
        if ends_on_phone(life):
            self.inbox.append(message)
        if self.on_accept is not None:
            self.on_accept(message)

    def find(self, gateway_id: str) -> Message | None:
        """A message by the gateway's id, whichever API took it."""
        return self._by_id.get(gateway_id)

    def find_by_client_id(self, api: str, client_message_id: str) -> Message | None:
        """The latest message of that API with the client's own id."""
        return self._by_client_id.get((api, client_message_id))

    def within_rate(self, count: int) -> bool:
        """Whether so many more messages fit into the second that ends now; they count if they do."""
        limit = self.settings.messages_per_second
        if limit is None:
            return True
        now = self.now()
        while self._recent and self._recent[0] <= now - timedelta(seconds=1):
            self._recent.popleft()
        if len(self._recent) + count > limit:
            return False
        self._recent.extend([now] * count)
        return True

    def ip_allowed(self, peer: str) -> bool:
        """Whether the caller's address is on the account's list, where there is one."""
        return self.settings.allowed_ips is None or peer in self.settings.allowed_ips

    def open_session(self) -> str:
        """A new XML session id."""
        session = self.new_id()
        self._sessions[session] = self.now()
        return session

    def use_session(self, session: str) -> bool:
        """Whether a session is alive; using it prolongs it."""
        now = self.now()
        last = self._sessions.get(session)
        if last is None or now - last > timedelta(seconds=self.settings.session_idle):
            self._sessions.pop(session, None)
            return False
        self._sessions[session] = now
        return True
