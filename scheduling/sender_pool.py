"""One sender a handler, made anew when its settings change, so that connections are kept alive."""

from typing import TYPE_CHECKING

from scheduling.clock import Clock
from scheduling.gateways import registry
from scheduling.gateways.outcome import HandlerConfig, Sender
from scheduling.gateways.registry import make_sender
from storage import handlers
from storage.database import Database
from storage.records import Handler

if TYPE_CHECKING:
    import sqlalchemy as sa

CALLS_ARE_OVER = 60.0  # seconds: none lasts longer than half of that


def read_config(database: Database, connection: "sa.Connection", handler: Handler) -> HandlerConfig:
    """What the sender needs, its secrets in clear. Raises `SecretMissing` for one that cannot be read."""
    return config_of(
        handler,
        handlers.secret_of(database, connection, handler.id),
        handlers.proxy_secret_of(database, connection, handler.id),
    )


def config_of(handler: Handler, secret: str, proxy_password: str = "") -> HandlerConfig:
    """What the sender needs of a handler; lengths of time become seconds."""
    defaults = HandlerConfig(handler.id, handler.name, handler.api_type, secret)
    total = handler.total_timeout.total_seconds()
    return HandlerConfig(
        handler_id=handler.id,
        name=handler.name,
        api_type=handler.api_type,
        secret=secret,
        settings=registry.of(handler.api_type).values(handler.settings),
        most_parts=handler.most_parts,
        max_connections=handler.max_connections,
        connect_timeout=min(defaults.connect_timeout, total),
        read_timeout=min(defaults.read_timeout, total),
        total_timeout=total,
        batch_size=handler.batch_size,
        proxy=handler.proxy,
        proxy_password=proxy_password,
        ca_file=handler.ca_file,
    )


class SenderPool:
    """The senders in use, by handler and revision."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._senders: dict[int, tuple[int, Sender]] = {}
        self._configs: dict[int, tuple[int, HandlerConfig]] = {}
        self._retired: list[tuple[float, Sender]] = []

    def config(self, handler: Handler) -> HandlerConfig:
        """Reads and decrypts the secret when the handler is new: blocks, and raises `SecretMissing`."""
        found = self._configs.get(handler.id)
        if found and found[0] == handler.revision:
            return found[1]
        with self._database.read() as connection:
            config = read_config(self._database, connection, handler)
        self._configs[handler.id] = (handler.revision, config)
        return config

    async def get(self, handler: Handler, config: HandlerConfig) -> Sender:
        found = self._senders.get(handler.id)
        if found and found[0] == handler.revision:
            return found[1]
        sender = make_sender(config, self._clock)
        self._senders[handler.id] = (handler.revision, sender)
        # A replaced sender may still have calls under way: it is left to finish them.
        return sender

    def known(self, handler: Handler) -> Sender | None:
        found = self._senders.get(handler.id)
        return found[1] if found and found[0] == handler.revision else None

    async def renew(self) -> None:
        """Know no sender and no secret any more: connections are made, and secrets read, anew.

        The senders of before finish the calls that they have under way, and are closed the next time.
        """
        now = self._clock.boottime()
        over = [sender for since, sender in self._retired if now - since >= CALLS_ARE_OVER]
        self._retired = [(since, sender) for since, sender in self._retired if now - since < CALLS_ARE_OVER]
        self._retired += [(now, sender) for _, sender in self._senders.values()]
        self._senders.clear()
        self._configs.clear()
        # Imported here: what sends nothing needs no HTTP library.
        from scheduling.gateways import http

        http.forget_certificates()
        for sender in over:
            await sender.close()

    async def close(self) -> None:
        for _, sender in [*self._senders.values(), *self._retired]:
            await sender.close()
        self._senders.clear()
        self._retired.clear()
