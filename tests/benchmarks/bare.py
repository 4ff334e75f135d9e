"""The same calls by the same HTTP library, and nothing else: no database, no outcome, no engine.

    python -m tests.benchmarks.bare [CALLS]

As many connections as an engine uses for ordinary messages, one request after another on each, against
the local Clickatell in a process of its own. `make bench` shows the engine beside it.
"""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_PASSWORD, SAMPLE_USER
from tests.benchmarks.gateway import simulator

CONNECTIONS = 7  # of a handler's eight: one is left to alerts


def one_api(url: str, in_a_call: int, calls: int) -> Iterator[dict[str, Any]]:
    """Requests as the One API gets them."""
    for call in range(calls):
        messages = [
            {
                "channel": "sms",
                "to": f"4477009{call * in_a_call + n:05d}",
                "content": f"Pump {n} stopped",
                "clientMessageId": uuid.uuid4().hex,
            }
            for n in range(in_a_call)
        ]
        headers = {"Authorization": SAMPLE_API_KEY, "Content-Type": "application/json"}
        content = json.dumps({"messages": messages}).encode()
        yield {"url": f"{url}/v1/message", "headers": headers, "content": content}


def xml_api(url: str, in_a_call: int, calls: int) -> Iterator[dict[str, Any]]:
    """Documents as the XML API gets them."""
    for call in range(calls):
        messages = "".join(
            f"<sendMsg><api_id>{SAMPLE_API_ID}</api_id><user>{SAMPLE_USER}</user>"
            f"<password>{SAMPLE_PASSWORD}</password><to>4477009{call * in_a_call + n:05d}</to>"
            f"<text>Pump {n} stopped</text><cliMsgId>{uuid.uuid4().hex}</cliMsgId></sendMsg>"
            for n in range(in_a_call)
        )
        yield {"url": f"{url}/xml/xml", "data": {"data": f"<clickAPI>{messages}</clickAPI>"}}


async def _make(requests: Iterator[dict[str, Any]]) -> None:
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits) as client:

        async def work() -> None:
            for request in requests:
                answer = await client.post(**request)
                answer.raise_for_status()

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


def rate(api: str, in_a_call: int, count: int) -> float:
    """Messages a second."""
    with simulator() as (url, _):
        make = xml_api if api == "xml" else one_api
        asyncio.run(_make(make(url, in_a_call, CONNECTIONS)))  # warm
        calls = max(1, count // in_a_call)
        started = time.perf_counter()
        asyncio.run(_make(make(url, in_a_call, calls)))
        return calls * in_a_call / (time.perf_counter() - started)


def main(calls: int) -> None:
    for api, in_a_call in (("one", 100), ("one", 10), ("xml", 1), ("xml", 50)):
        found = rate(api, in_a_call, calls * in_a_call)
        print(f"{api:4} {in_a_call:4} a call  {found:9,.0f} messages/s  {found / in_a_call:7,.0f} calls/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
