"""Status callbacks: each change in a message's life posted to the client's own URL."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from demo_data.clickatell.account import Message
from demo_data.clickatell.exchange import ONE, to_json
from demo_data.clickatell.loopback import loopback_url
from demo_data.clickatell.message_life import STATUSES, StatusChange
from demo_data.clickatell.settings import Settings

_INTEGRATION_ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
_INTEGRATION_NAME = "simulator"


def event_body(message: Message, change: StatusChange) -> bytes:
    """The One API's `messageStatusUpdate`, as JSON."""
    event = {
        "channel": message.channel,
        "messageId": message.gateway_id,
        "clientMessageId": message.client_message_id,
        "timestamp": change.timestamp,
        "statusCode": STATUSES[change.status][0],
        "status": change.status,
    }
    return to_json(
        {
            "integrationId": _INTEGRATION_ID,
            "integrationName": _INTEGRATION_NAME,
            "event": {"messageStatusUpdate": [event]},
        }
    )


class Callbacks:
    """Follows One API messages while `callback_url` is set."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self.tasks: set[asyncio.Task[None]] = set()

    def follow(self, message: Message) -> None:
        """Post the changes of a message that was just accepted, each when it comes."""
        if self._settings.callback_url is None or message.api != ONE:
            return
        task = asyncio.create_task(self._post_life(message))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _post_life(self, message: Message) -> None:
        changes = list(message.life)
        if self._settings.callback_reversed:
            changes.reverse()
        for change in changes:
            await asyncio.sleep(max(0.0, (change.at - self._now()).total_seconds()))
            for _ in range(2 if self._settings.callback_duplicates else 1):
                await self._post_until_taken(event_body(message, change))

    async def _post_until_taken(self, body: bytes) -> None:
        """2xx acknowledges and a redirect ends it; anything else, or silence, is tried again."""
        for pause in (*self._settings.callback_retry, None):
            try:
                async with asyncio.timeout(self._settings.callback_timeout):
                    status = await _post(self._settings.callback_url or "", body)
            except (OSError, TimeoutError, ValueError, EOFError):
                status = 0
            if 200 <= status < 400 or pause is None:
                return
            await asyncio.sleep(pause)


async def _post(url: str, body: bytes) -> int:
    """The HTTP status of a POST on a connection of its own."""
    parts = loopback_url(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    try:
        writer.write(head.encode("latin-1") + body)
        await writer.drain()
        status_line = await reader.readline()
        return int(status_line.split()[1])
    except IndexError:
        raise EOFError from None
    finally:
        writer.close()
