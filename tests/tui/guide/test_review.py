"""What the guide says the review has: the handler and its status, each attempt, each retry, who did what."""

from datetime import timedelta
from pathlib import Path

from demo_data.clickatell.settings import SAMPLE_API_KEY
from demo_data.clickatell.threaded import ThreadedClickatell
from tests.handler_values import made
from tests.operations.arrange import to
from tests.tui.guide.hands import type_in, whole_console
from tests.tui.sections.people import rows_are
from tests.tui.support import screen_text, settle
from tui.operations import handlers, review, sending
from tui.operations.desk import Desk

SECOND = timedelta(seconds=1)


async def test_a_message_that_is_retried_tells_its_whole_story(
    tmp_path: Path, clickatell: ThreadedClickatell
) -> None:
    clickatell.clickatell.faults.next("message-19", "message-19")
    async with whole_console(tmp_path / "site", (160, 50)) as pilot:
        await rows_are(pilot, 0)
        desk: Desk = pilot.app.desk  # type: ignore[attr-defined]
        form = made(
            handlers.HandlerForm,
            name="Gate", secret=SAMPLE_API_KEY, base_url=clickatell.base_url,
            retry_rate=SECOND, stop_retrying_after=60 * SECOND,
        )  # fmt: skip
        key = handlers.add(desk, form).handler.id
        await settle(pilot, lambda: "● Running" in screen_text(pilot))
        sending.send(desk, sending.Request(key, to("+61400000000"), "hello"))
        pilot.app.nudge()  # type: ignore[attr-defined]
        await settle(pilot, lambda: "accepted, attempt 3 of 60" in screen_text(pilot))
        await type_in(pilot, "6")
        await settle(pilot, lambda: pilot.app._main.current.id == "review")  # type: ignore[attr-defined]
        await settle(pilot, lambda: "attempt 1 of 60 failed" in screen_text(pilot))
        told = [(str(entry.category), entry.text) for entry in review.listing(desk)]
    for category, words in (
        ("Handler", "Gate added: One API"),
        ("Handler", "Gate: running, balance EUR 100.00"),
        ("Operator", "1 message"),
        ("Message", "attempt 1 of 60 failed"),
        ("Retry", "attempt 2 of 60 failed: 19 Internal error, please retry; next at "),
        ("Message", "accepted, attempt 3 of 60"),
    ):
        assert any(category == kind and words in text for kind, text in told), (
            f"{category} {words}: {chr(10).join(map(str, told))}"
        )
