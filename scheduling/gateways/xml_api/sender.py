"""Clickatell's XML API: `sendMsg`, `queryMsg` and `getBalance` by form POST."""

from collections.abc import Sequence

from scheduling.clock import Clock
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
    QueryVerdict,
)
from scheduling.gateways.reply import Failure
from scheduling.gateways.splitting import send_in_parts
from scheduling.gateways.verdict import as_gateway_error, by_failure
from scheduling.gateways.xml_api.answers import Answer, outcomes_of
from scheduling.gateways.xml_api.codes import CODES
from scheduling.gateways.xml_api.document import (
    MOST_MESSAGES,
    balance_document,
    query_document,
    send_document,
)
from scheduling.gateways.xml_api.login import refused_login
from storage.vocabulary import OutcomeKind


class XmlApiSender:
    """One handler's way to the XML API."""

    def __init__(self, cfg: HandlerConfig, clock: Clock, connection: Connection | None = None) -> None:
        self._cfg = cfg
        self._clock = clock
        self._secrets = (cfg.secret,)
        self._refused = refused_login(cfg)
        self._connection = connection or Connection(cfg, clock, secrets=self._secrets)

    async def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        """One outcome per message, in order.

        More than the handler's batch size, or 50, go in several documents. Where the gateway
        cannot be reached, or refuses the handler, the later ones are not sent and their
        messages share the outcome. A document that is refused as unreadable is sent again in
        halves: nothing of it was accepted, and the rest of it is good.
        """
        if self._refused is not None:
            return [self._refused] * len(batch)
        return await send_in_parts(batch, min(self._cfg.batch_size, MOST_MESSAGES), self._call, CODES)

    async def balance(self) -> Balance | GatewayError:
        """The account's credits."""
        if self._refused is not None:
            return as_gateway_error(self._refused)
        answer = await self._ask(balance_document(self._cfg))
        if isinstance(answer, Failure):
            return as_gateway_error(by_failure(answer))
        return answer.balance() or as_gateway_error(answer.call_error("getBalanceResp"))

    async def query(self, client_message_id: str) -> QueryAnswer:
        """What Clickatell knows of our id. "Not known" may still mean "not yet": its reports lag."""
        if self._refused is not None:
            return QueryAnswer(QueryVerdict.NO_ANSWER, error=self._refused.error)
        answer = await self._ask(query_document(self._cfg, "cliMsgId", client_message_id))
        if isinstance(answer, Failure):
            return QueryAnswer(QueryVerdict.NO_ANSWER, error=answer.error)
        return answer.query()

    async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
        """Whether an accepted message has been delivered (`queryMsg` by `apiMsgId`)."""
        if self._refused is not None:
            return DeliveryStatus(DeliveryVerdict.NO_ANSWER, self._refused.error or "")
        answer = await self._ask(query_document(self._cfg, "apiMsgId", gateway_id))
        if isinstance(answer, Failure):
            return DeliveryStatus(DeliveryVerdict.NO_ANSWER, answer.error)
        return answer.delivery()

    async def close(self) -> None:
        await self._connection.aclose()

    def __repr__(self) -> str:
        return f"XmlApiSender({self._cfg!r})"

    async def _call(self, batch: Sequence[OutgoingMessage]) -> tuple[list[Outcome], bool]:
        """The outcomes of one document, and whether it was refused as a whole for its content."""
        answer = await self._ask(send_document(self._cfg, batch))
        if isinstance(answer, Failure):
            return [by_failure(answer)] * len(batch), False
        replies = answer.replies("sendMsgResp")
        if not replies:
            whole = answer.refusal
            return [whole] * len(batch), whole.kind is OutcomeKind.REJECTED
        return outcomes_of(answer, len(batch), replies), False

    async def _ask(self, document: bytes) -> Answer | Failure:
        headers = {"Content-Type": b"application/x-www-form-urlencoded"}
        reply = await self._connection.request(
            "POST", self._cfg.text("api_uri"), headers=headers, content=document
        )
        return reply if isinstance(reply, Failure) else Answer(reply, self._clock.now(), self._secrets)
