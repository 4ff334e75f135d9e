"""A gateway whose every sentence is hostile: console and command line show it, and obey none of it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from storage import message_history
from storage.vocabulary import MessageState
from tests.gateways.raw_server import Visit, raw_server
from tests.handler_values import made
from tests.operations.arrange import to
from tests.tui.guide.hands import whole_console
from tests.tui.sections.people import rows_are
from tests.tui.support import screen_text, settle
from tests.tui.test_hostile import OBEYED, STORED, check, leave
from tui.cli.main import execute
from tui.operations import handlers, sending
from tui.operations.desk import Desk

NUMBERS = [f"+6140000{place:04d}" for place in range(len(STORED))]
TEXT_OF = dict(zip((number.removeprefix("+") for number in NUMBERS), STORED, strict=True))
COMMANDS = (("message", "list"), ("message", "show", "1"), ("review",), ("handler", "list"), ("status",))


async def hostile(visit: Visit) -> None:
    """A currency and a reason for each refusal, all of them hostile."""
    while True:
        request = await visit.request()
        if request.startswith(b"GET"):
            await visit.answer(json.dumps({"balance": "12.5", "currency": STORED[5]}).encode(), "200 OK")
            continue
        entries = json.loads(request.partition(b"\r\n\r\n")[2])["messages"]
        answers = [
            {
                "apiMessageId": TEXT_OF[entry["to"]][:200],
                "accepted": False,
                "to": entry["to"],
                "error": {"code": 977, "description": TEXT_OF[entry["to"]]},
            }
            for entry in entries
        ]
        await visit.answer(json.dumps({"messages": answers}).encode(), "207 Multi-Status")


@pytest.mark.timeout(300)
async def test_what_the_gateway_says_is_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "site"
    async with raw_server(hostile) as gateway, whole_console(folder, (160, 50)) as pilot:
        await rows_are(pilot, 0)
        desk: Desk = pilot.app.desk  # type: ignore[attr-defined]
        form = made(
            handlers.HandlerForm,
            name="Gate",
            secret="secret-key",
            base_url=gateway.url,
            retry_rate=timedelta(0),
        )
        key = handlers.add(desk, form).handler.id
        await settle(pilot, lambda: "● Running" in screen_text(pilot))
        check(pilot, "balance")
        sending.send(desk, sending.Request(key, to(*NUMBERS), "hello"))
        pilot.app.nudge()  # type: ignore[attr-defined]
        await settle(pilot, lambda: len(failed(desk)) == len(NUMBERS))
        for digit, name in (("5", "messages"), ("6", "review")):
            await pilot.press(digit)
            await look_at_all(pilot, len(NUMBERS), name)
    for command in COMMANDS:
        for as_json in ((), ("--json",)):
            execute(["--data", str(folder), *command, *as_json])
            caught = capsys.readouterr()
            said = (caught.out + caught.err).replace("\n", "")
            assert said and OBEYED.search(said) is None, (command, OBEYED.search(said))


def failed(desk: Desk) -> list[Any]:
    with desk.database.read() as connection:
        wanted = message_history.MessageFilter(state=MessageState.FAILED)
        return message_history.newest(connection, None, 100, wanted)


async def look_at_all(pilot: Pilot[Any], count: int, name: str) -> None:
    """Each row with its detail, and some of them opened."""
    app: Any = pilot.app
    await settle(pilot, lambda: app._main.current.id == name and app._main.current.table.count >= count)
    await settle(pilot, lambda: app._main.current.table.has_focus)
    for place in range(count):
        app._main.current.table.move_to(place)
        await pilot.pause(0.05)
        check(pilot, f"{name}, row {place}")
        if place % 5 == 0:
            await pilot.press("enter")
            await settle(pilot, lambda: app.screen is not app._main)
            await pilot.pause(0.05)
            check(pilot, f"{name}, row {place}, opened")
            await leave(pilot, name)
