"""A handler whose gateway this program does not have: it is shown, and sends nothing."""

from collections.abc import Sequence

from scheduling.clock import Clock
from scheduling.gateways.description import Batch, Gateway, Kind, Setting
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
from scheduling.gateways.verdict import as_gateway_error
from storage.vocabulary import OutcomeKind

_SECRET = Setting(key="secret", label="Secret", kind=Kind.SECRET)


def gateway(name: str) -> Gateway:
    return Gateway(
        name=name,
        label=name,
        provider="the gateway",
        settings=(_SECRET,),
        batch=Batch(1, 1, 1),
        codes={},
        make_sender=MissingSender,
        needs="another version of commsdesk",
        account="not known to this version",
        credentials="secret",
    )


class MissingSender:
    """Refuses everything until somebody changes the handler."""

    def __init__(self, cfg: HandlerConfig, clock: Clock) -> None:
        self._refused = Outcome(
            OutcomeKind.ACCOUNT,
            error=f"this version of commsdesk has no API Type {cfg.api_type}",
            advice="Choose another API Type on the handler, or use the version that it was made with",
        )

    async def send(self, batch: Sequence[OutgoingMessage]) -> list[Outcome]:
        return [self._refused] * len(batch)

    async def balance(self) -> Balance | GatewayError:
        return as_gateway_error(self._refused)

    async def query(self, client_message_id: str) -> QueryAnswer | None:
        return None

    async def delivery_status(self, gateway_id: str) -> DeliveryStatus:
        return DeliveryStatus(DeliveryVerdict.NO_ANSWER, self._refused.error or "")

    async def close(self) -> None: ...
