"""One message in one call: headers and body from their templates, one answer."""

import json
import re
from collections.abc import Sequence

from scheduling.clock import Clock
from scheduling.gateways.credentials import refused_key
from scheduling.gateways.http import Connection
from scheduling.gateways.outcome import (
    Balance,
    DeliveryStatus,
    DeliveryVerdict,
    GatewayError,
    HandlerConfig,
    Outcome,
    OutgoingMessage,
    QueryAnswer,
)
from scheduling.gateways.reply import Failure
from scheduling.gateways.splitting import send_in_parts
from scheduling.gateways.verdict import as_gateway_error, by_failure, by_status, retry_after
from tests.generic_http.answers import outcome_of

_PLACE = re.compile(r"\{(number|digits|text|id)\}")


class GenericHttpSender:
    """One handler's way to a service."""

    def __init__(self, cfg: HandlerConfig, clock: Clock, connection: Connection | None = None) -> None:
        self._cfg, self._clock = cfg, clock
        self._secret = cfg.secret.strip()
        self._secrets = (self._secret,)
        self._refused = refused_key(self._secret, "Header Secret")
        self._connection = connection or Connection(cfg, clock, secrets=self._secrets)

    async def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        if self._refused is not None:
            return [self._refused] * len(batch)
        return await send_in_parts(batch, 1, self._call, {})

    async def balance(self) -> Balance | GatewayError:
        """No figure: where there is an address for it, whether the service answers."""
        if self._refused is not None:
            return as_gateway_error(self._refused)
        if not self._cfg.text("check_url"):
            return Balance(None, None)
        reply = await self._connection.request(
            "GET", self._cfg.text("check_url"), headers=self._headers(), content=None
        )
        if isinstance(reply, Failure):
            return as_gateway_error(by_failure(reply))
        if 200 <= reply.status < 300:
            return Balance(None, None)
        later = retry_after(reply.headers, self._clock.now())
        return as_gateway_error(by_status(reply.status, retry_at=later))

    async def query(self, client_message_id: str) -> QueryAnswer | None:
        return None

    async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
        return DeliveryStatus(DeliveryVerdict.PENDING, "not told")

    async def close(self) -> None:
        await self._connection.aclose()

    async def _call(self, batch: Sequence[OutgoingMessage]) -> tuple[list[Outcome], bool]:
        (message,) = batch
        reply = await self._connection.request(
            self._cfg.text("method"),
            self._cfg.text("url"),
            headers=self._headers(),
            content=self._body(message).encode("ascii"),
        )
        if isinstance(reply, Failure):
            return [by_failure(reply)], False
        return [outcome_of(self._cfg, reply, self._clock.now(), self._secrets)], False

    def _headers(self) -> dict[str, bytes]:
        lines = (line.partition(":") for line in self._cfg.text("headers").splitlines())
        return {
            name.strip(): value.strip().replace("{secret}", self._secret).encode("latin-1")
            for name, _, value in lines
        }

    def _body(self, message: OutgoingMessage) -> str:
        given = {
            "number": message.to,
            "digits": message.to.removeprefix("+"),
            "text": message.text,
            "id": message.client_message_id,
        }
        # In one pass: what a text holds in braces stays as it is.
        return _PLACE.sub(lambda found: json.dumps(given[found[1]])[1:-1], self._cfg.text("body"))
