"""What became of one attempt to send one message, and what a sender is asked to do.

A sender turns these values into a request and an answer back into these values; it
decides nothing about retries and touches no database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from storage.vocabulary import OutcomeKind


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one attempt.

    `code` is Clickatell's code as text ("25", "105"), kept with its leading zeros.
    `error` is a sentence without secrets and without the code: `wording.said` puts them
    together. `retry_at` is when the gateway asks to be tried again (Retry-After, or the time
    in XML's code 130). `warning` is something the operator of the handler should see although
    only this message is concerned. `advice` says what to check. `found_earlier` says that
    nothing was sent: the gateway, asked, knew the message from an earlier attempt.
    """

    kind: OutcomeKind
    gateway_id: str | None = None
    code: str | None = None
    error: str | None = None
    http_status: int | None = None
    retry_at: datetime | None = None
    warning: str | None = None
    advice: str | None = None
    found_earlier: bool = False


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message as a sender needs it. `to` is E.164 (`+447700900123`)."""

    client_message_id: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account holds. `currency` is a three-letter code, or `credits` for XML.

    Both are None where the gateway tells no balance: key and connection are good, that is all.
    """

    amount: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class GatewayError:
    """A call that sends nothing (balance, query) did not succeed.

    `kind` is ACCOUNT, BUSY, NOT_SENT or UNKNOWN; `error` is a sentence without secrets
    and without the code, `advice` says what to check.
    """

    kind: OutcomeKind
    error: str
    advice: str
    code: str | None = None
    http_status: int | None = None
    retry_at: datetime | None = None


class QueryVerdict(StrEnum):
    """What the gateway knows of a client message id."""

    ACCEPTED = "accepted"  # it knows the message
    NOT_KNOWN = "not_known"  # it says that it does not (XML fault 104 or status 001)
    NO_ANSWER = "no_answer"  # it could not be asked


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    verdict: QueryVerdict
    gateway_id: str | None = None
    status: str | None = None
    error: str | None = None


class DeliveryVerdict(StrEnum):
    """What the gateway says became of a message that it accepted."""

    PENDING = "pending"  # on its way, or the gateway does not know it (yet)
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    NO_ANSWER = "no_answer"  # it could not be asked


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """The delivery state of one message.

    `text` is the gateway's own word for it ("DEVICE_ACK", "004 Received by recipient"), or
    why it could not be asked. `at` is when the gateway says that it came about.
    """

    verdict: DeliveryVerdict
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandlerConfig:
    """All that a sender needs to know of a communication handler.

    `settings` are those of its gateway, presets included; `secret` is the API key or the password,
    in clear.
    """

    handler_id: int
    name: str
    api_type: str  # the gateway's name
    secret: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    most_parts: int = 3
    max_connections: int = 8
    connect_timeout: float = 5.0  # seconds
    read_timeout: float = 20.0
    total_timeout: float = 30.0
    batch_size: int = 100
    proxy: str | None = None  # its address, with a user name or without; never with a password
    proxy_password: str = ""
    ca_file: str | None = None  # certificates to trust besides those of this machine

    def text(self, key: str) -> str:
        """A setting as text without blanks around it; empty where it is not set."""
        value = self.settings.get(key)
        return "" if value is None else str(value).strip()

    def __repr__(self) -> str:
        return f"HandlerConfig({self.handler_id}, {self.name!r}, {self.api_type})"


class Sender(Protocol):
    """One handler's way to Clickatell; it keeps its connections between calls."""

    async def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        """One outcome per message, in the order given. Never raises for what a gateway does."""

    async def balance(self) -> Balance | GatewayError:
        """The account's balance: the cheapest test of key and connection."""

    async def query(self, client_message_id: str) -> QueryAnswer | None:
        """What the gateway knows of our id, or None where the API cannot be asked (One API)."""

    async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
        """Whether an accepted message has been delivered."""

    async def close(self) -> None: ...
