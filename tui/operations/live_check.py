"""Asking Clickatell for the balance of several handlers at once: costs nothing and sends nothing."""

import asyncio
from collections.abc import Sequence

from scheduling.clock import SystemClock
from scheduling.gateways.outcome import Balance, GatewayError, HandlerConfig
from scheduling.gateways.registry import make_sender
from scheduling.sender_pool import read_config
from storage.errors import SecretMissing
from storage.records import Handler
from storage.vocabulary import OutcomeKind
from tui.operations.desk import Desk

AT_ONCE = 8


def ask(desk: Desk, handlers: Sequence[Handler]) -> dict[int, Balance | GatewayError]:
    """The answer for each handler whose secret can be read. Takes up to the longest total timeout."""
    configs = []
    with desk.database.read() as connection:
        for handler in handlers:
            try:
                configs.append(read_config(desk.database, connection, handler))
            except SecretMissing:
                continue
    return asyncio.run(_ask_all(configs)) if configs else {}


async def _ask_all(configs: Sequence[HandlerConfig]) -> dict[int, Balance | GatewayError]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(config: HandlerConfig) -> Balance | GatewayError:
        async with turns:
            return await _ask(config)

    answers = await asyncio.gather(*(one(config) for config in configs))
    return {config.handler_id: answer for config, answer in zip(configs, answers, strict=True)}


async def _ask(config: HandlerConfig) -> Balance | GatewayError:
    sender = make_sender(config, SystemClock())
    try:
        return await sender.balance()
    except Exception as error:  # one handler's trouble is not another's
        return GatewayError(
            OutcomeKind.NOT_SENT, f"the call failed: {type(error).__name__}", "please report it"
        )
    finally:
        await sender.close()
