"""The gateways there are. A new one is a folder beside this file, and a line here."""

from collections.abc import Iterator

from scheduling.clock import Clock
from scheduling.gateways import missing, one_api, xml_api
from scheduling.gateways.description import Gateway, Setting, each_once
from scheduling.gateways.outcome import HandlerConfig, Sender

GATEWAYS: dict[str, Gateway] = {
    gateway.name: gateway
    for gateway in (
        one_api.GATEWAY,  # the first is the preset of a new handler
        xml_api.GATEWAY,
    )
}


def every() -> Iterator[Gateway]:
    return iter(GATEWAYS.values())


def first() -> Gateway:
    return next(every())


def of(name: str) -> Gateway:
    """The gateway of an API Type. One that is not known can be shown, and refuses to send."""
    return GATEWAYS.get(name) or missing.gateway(name)


def settings() -> tuple[Setting, ...]:
    """The settings of all gateways, each once, secrets left out."""
    return tuple(each for each in each_once(every()) if not each.is_secret)


def secrets() -> tuple[Setting, ...]:
    return tuple(each for each in each_once(every()) if each.is_secret)


def make_sender(cfg: HandlerConfig, clock: Clock) -> Sender:
    """The sender for a handler. It opens its connections when first used, on the loop that uses it."""
    return of(cfg.api_type).make_sender(cfg, clock)
