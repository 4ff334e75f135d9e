"""A running local Clickatell and a client for it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from demo_data.clickatell import Clickatell


@pytest.fixture
async def clickatell() -> AsyncIterator[Clickatell]:
    server = Clickatell()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(clickatell: Clickatell) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=clickatell.base_url, trust_env=False, timeout=10) as each:
        yield each
