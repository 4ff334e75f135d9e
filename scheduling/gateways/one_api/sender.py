"""Clickatell's One API: `POST /v1/message`, `GET /v1/balance`, `GET /v1/message/{id}`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from scheduling.clock import Clock
from scheduling.gateways.credentials import refused_key
from scheduling.gateways.http import Connection
from scheduling.gateways.one_api.answers import (
    Answer,
    digits,
    outcomes_of,
    read_balance,
    read_delivery,
)
from scheduling.gateways.one_api.codes import CODES, MOST_MESSAGES
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
from scheduling.gateways.reply import Failure, Reply
from scheduling.gateways.splitting import send_in_parts
from scheduling.gateways.verdict import as_gateway_error, by_failure
from scheduling.gateways.wording import said
from storage.vocabulary import OutcomeKind

_BALANCE_PATHS = ("/v1/balance", "/public-client/balance")  # the second is the older platform's
_NOT_THE_MESSAGES = frozenset({"41", "42"})  # top-level codes that no split of the call can cure


class OneApiSender:
    """One handler's way to the One API."""

    def __init__(self, cfg: HandlerConfig, clock: Clock, connection: Connection | None = None) -> None:
        self._cfg = cfg
        self._clock = clock
        self._key = cfg.secret.strip()
        self._secrets = (self._key,)
        self._refused = refused_key(self._key)
        self._root = cfg.text("base_url").rstrip("/")
        self._connection = connection or Connection(cfg, clock, secrets=self._secrets)
        self._balance_path: str | None = None

    async def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        """One outcome per message, in order.

        More than the handler's batch size, or 100, go in several calls. Where the gateway
        cannot be reached, or refuses the handler, the later calls are not made and their
        messages share the outcome. A call that is refused as a whole for what is in it is
        made again in halves: nothing of it was accepted, and the rest of it is good.
        """
        if self._refused is not None:
            return [self._refused] * len(batch)
        return await send_in_parts(batch, min(self._cfg.batch_size, MOST_MESSAGES), self._call, CODES)

    async def balance(self) -> Balance | GatewayError:
        """The account's balance; where the address does not exist the older one is tried, once."""
        if self._refused is not None:
            return as_gateway_error(self._refused)
        if self._balance_path is not None:
            return await self._ask_balance(self._balance_path)
        answer = await self._ask_balance(_BALANCE_PATHS[0])
        if not _is_absent(answer):
            return answer
        older = await self._ask_balance(_BALANCE_PATHS[1])
        self._balance_path = _BALANCE_PATHS[isinstance(older, Balance)]
        return answer if _is_absent(older) else older

    async def query(self, client_message_id: str) -> QueryAnswer | None:
        """None: the One API cannot be asked for a client message id."""
        return None

    async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
        """Whether an accepted message has been delivered (`GET /v1/message/{id}`)."""
        if self._refused is not None:
            return DeliveryStatus(DeliveryVerdict.NO_ANSWER, self._refused.error or "")
        reply = await self._request("GET", f"/v1/message/{quote(gateway_id, safe='')}")
        if isinstance(reply, Failure):
            return DeliveryStatus(DeliveryVerdict.NO_ANSWER, reply.error)
        status = read_delivery(reply, self._secrets)
        if status is None:
            refusal = self._answer(reply).refusal
            return DeliveryStatus(DeliveryVerdict.NO_ANSWER, said(refusal.code, refusal.error))
        return status

    async def close(self) -> None:
        await self._connection.aclose()

    def __repr__(self) -> str:
        return f"OneApiSender({self._cfg!r})"

    async def _call(self, batch: Sequence[OutgoingMessage]) -> tuple[list[Outcome], bool]:
        """The outcomes of one call, and whether it was refused as a whole for its content."""
        body = json.dumps({"messages": [self._entry(message) for message in batch]}).encode("ascii")
        reply = await self._request("POST", "/v1/message", body)
        if isinstance(reply, Failure):
            return [by_failure(reply)] * len(batch), False
        answer = self._answer(reply)
        if not answer.results:
            whole = answer.refusal
            for_content = whole.kind is OutcomeKind.REJECTED and whole.code not in _NOT_THE_MESSAGES
            return [whole] * len(batch), for_content
        return outcomes_of(answer, batch), False

    def _entry(self, message: OutgoingMessage) -> Mapping[str, str]:
        entry = {
            "channel": self._cfg.text("channel").lower() or "sms",
            "to": digits(message.to),
            "content": whole_characters(message.text),
            "clientMessageId": message.client_message_id,
        }
        if sender_id := self._cfg.text("sender_id"):
            entry["from"] = sender_id
        return entry

    async def _ask_balance(self, path: str) -> Balance | GatewayError:
        reply = await self._request("GET", path)
        if isinstance(reply, Failure):
            return as_gateway_error(by_failure(reply))
        return read_balance(reply, self._secrets) or as_gateway_error(self._answer(reply).refusal)

    async def _request(self, method: str, path: str, body: bytes | None = None) -> Reply | Failure:
        headers = {"Authorization": self._key.encode("latin-1"), "Accept": b"application/json"}
        if body is not None:
            headers["Content-Type"] = b"application/json"
        return await self._connection.request(method, self._root + path, headers=headers, content=body)

    def _answer(self, reply: Reply) -> Answer:
        return Answer(reply, self._clock.now(), self._secrets)


def whole_characters(text: str) -> str:
    """The text with halves of surrogate pairs joined, or replaced by U+FFFD where they stand alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_absent(answer: Any) -> bool:
    return isinstance(answer, GatewayError) and (answer.code == "41" or answer.http_status == 404)
