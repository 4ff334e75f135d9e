"""The two Clickatell APIs: build a request, read the answer, return one outcome per message."""

from scheduling.clock import Clock
from scheduling.gateways.outcome import HandlerConfig, Sender


def make_sender(cfg: HandlerConfig, clock: Clock) -> Sender:
    """The sender for a handler. It opens its connections when first used, on the loop that uses it.

    Raises `ValueError` for an `api_type` other than "one" and "xml".
    """
    # Imported here: the HTTP library is slow to load, and a command that only queues needs none.
    if cfg.api_type == "one":
        from scheduling.gateways.one_api.sender import OneApiSender

        return OneApiSender(cfg, clock)
    if cfg.api_type == "xml":
        from scheduling.gateways.xml_api.sender import XmlApiSender

        return XmlApiSender(cfg, clock)
    raise ValueError(f"unknown API type: {cfg.api_type!r}")


def forget_certificates() -> None:
    """Read the certificates that this machine trusts anew, for connections made from now on."""
    from scheduling.gateways import http

    http.forget_certificates()
