"""The guide's troubleshooting table: Diagnose shows which check fails, and what to do."""

import socket
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_USER
from demo_data.clickatell.threaded import ThreadedClickatell
from scheduling.diagnose.finding import Result
from storage import leases
from storage.tables import user_values
from storage.vocabulary import MessageState
from tests.handler_values import made
from tests.operations.arrange import make_people, set_message, to
from tests.tui.guide.hands import choose
from tests.tui.sections.people import rows_are
from tests.tui.support import console, screen_text, settle, shown
from tui.dialogs.diagnosis import CHECKING, Diagnosis
from tui.operations import handlers, sending
from tui.operations.desk import Desk

Arrange = Callable[[Desk, ThreadedClickatell], object]


def one_api(desk: Desk, clickatell: ThreadedClickatell, **changes: Any) -> int:
    form = {"name": "Gate", "secret": SAMPLE_API_KEY, "base_url": clickatell.base_url, **changes}
    return handlers.add(desk, made(handlers.HandlerForm, **form)).handler.id


def wrong_password(desk: Desk, clickatell: ThreadedClickatell) -> int:
    account = {"user_name": SAMPLE_USER, "api_id": SAMPLE_API_ID, "api_uri": clickatell.api_uri}
    return one_api(desk, clickatell, api_type="xml", secret="wrong-000", base_url="", **account)


def no_credit(desk: Desk, clickatell: ThreadedClickatell) -> int:
    clickatell.clickatell.account.balance = Decimal(0)
    return one_api(desk, clickatell)


def ip_blocked(desk: Desk, clickatell: ThreadedClickatell) -> int:
    clickatell.clickatell.settings.allowed_ips = frozenset({"192.0.2.1"})
    return one_api(desk, clickatell)


def disabled(desk: Desk, clickatell: ThreadedClickatell) -> None:
    key = one_api(desk, clickatell)
    sending.send(desk, sending.Request(key, to("+61400000000"), "hello"))
    handlers.set_enabled(desk, key, False)


def no_name(desk: Desk, clickatell: ThreadedClickatell) -> int:
    return one_api(desk, clickatell, base_url="https://gateway.example")


def over_tls(desk: Desk, clickatell: ThreadedClickatell) -> int:
    return one_api(desk, clickatell, base_url=clickatell.base_url.replace("http:", "https:"))


HANDLER_ROWS: dict[str, tuple[Arrange, str, str]] = {
    "the key is refused": (
        lambda desk, there: one_api(desk, there, secret="wrong-000"), "✗ Key or credentials", "API Key"
    ),
    "the password is refused": (wrong_password, "✗ Key or credentials", "Password"),
    "the address of this machine is refused": (ip_blocked, "✗ Key or credentials", "IP"),
    "nothing listens": (
        lambda desk, there: one_api(desk, there, base_url="http://127.0.0.1:9"),
        "✗ Connection", "connection refused",
    ),
    "no such name": (no_name, "✗ Connection", "DNS name not found"),
    "no TLS": (over_tls, "✗ Connection", "TLS failed"),
    "a wrong path": (
        lambda desk, there: one_api(desk, there, base_url=f"{there.base_url}/elsewhere"),
        "✗ Address", "base URL of the handler: its path is wrong",
    ),
    "the balance is empty": (no_credit, "✗ Balance", "top the account up"),
    "the balance is low": (
        lambda desk, there: one_api(desk, there, low_balance=Decimal(500)), "▲ Balance", "low mark of 500"
    ),
    "no retry in the settings": (
        lambda desk, there: one_api(desk, there, retry_rate=timedelta(minutes=5)),
        "▲ Retry Settings", "No retry",
    ),
    "no telephone field": (one_api, "▲ Telephone field", "no Telephone Number field"),
    "no scheduler is running": (one_api, "✗ Engine", "no scheduler is running"),
    "the handler is disabled": (disabled, "✗ Enabled", "1 message waits"),
}  # fmt: skip


async def diagnosed(pilot: Any, key: str) -> str:
    """What Diagnose shows once every check has spoken, in one line."""
    await pilot.press(key)
    return await findings(pilot)


async def findings(pilot: Any) -> str:
    screen = await shown(pilot, Diagnosis)
    await settle(pilot, lambda: screen.findings and CHECKING not in screen_text(pilot))
    await pilot.pause()
    for finding in screen.findings:
        assert finding.tried and finding.found
        assert finding.advice or finding.result is Result.OK
    return " ".join(screen_text(pilot).split())


@pytest.mark.parametrize("row", HANDLER_ROWS)
async def test_from_a_handler(
    desk: Desk, clickatell: ThreadedClickatell, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def looked_up(host: Any, *rest: Any, **named: Any) -> Any:
        if host in ("gateway.example", b"gateway.example"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    arrange, check, words = HANDLER_ROWS[row]
    arrange(desk, clickatell)
    async with console(desk, size=(120, 90)) as pilot:
        await rows_are(pilot, 1)
        text = await diagnosed(pilot, "i")
        assert check in text, text
        assert words in text, text
        assert "wrong-000" not in text and SAMPLE_API_KEY not in text
    assert list(clickatell.clickatell.inbox) == []


async def test_from_a_handler_that_is_well_nothing_fails(desk: Desk, clickatell: ThreadedClickatell) -> None:
    one_api(desk, clickatell)
    make_people(desk.database, {"Joe": "+61400000000"})
    with desk.database.write() as tx:
        leases.take(tx, leases.current(tx.connection), "here", "run", desk.now())
    async with console(desk, size=(120, 90)) as pilot:
        section = await rows_are(pilot, 1)
        await pilot.click(section.table, offset=(6, 1), button=3)
        await choose(pilot, "Diagnose")
        assert "✗" not in await findings(pilot)


def without_code(desk: Desk) -> None:
    """As an older program, or another hand, may have left it."""
    key = make_people(desk.database, {"Joe": "+61400000000"})["Joe"]
    with desk.database.write() as tx:
        tx.execute(sa.update(user_values).where(user_values.c.user_id == key).values(value="0400000000"))


USER_ROWS: dict[str, tuple[Callable[[Desk], object], str, str]] = {
    "number without country code": (without_code, "✗ Mobile", "country calling code"),
    "no number": (lambda desk: make_people(desk.database, {"Joe": None}), "✗ Mobile", "no telephone number"),
    "disabled": (
        lambda desk: make_people(desk.database, {"Joe": "+61400000000"}, disabled=["Joe"]),
        "✗ User", "the user is disabled",
    ),
    "a number that looks invalid": (
        lambda desk: make_people(desk.database, {"Joe": "+447700900123"}), "▲ Mobile", "looks invalid"
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", USER_ROWS)
async def test_from_a_user(desk: Desk, row: str) -> None:
    arrange, check, words = USER_ROWS[row]
    arrange(desk)
    async with console(desk, section="users", size=(120, 60)) as pilot:
        await rows_are(pilot, 1)
        text = await diagnosed(pilot, "i")
        assert check in text, text
        assert words in text, text


MESSAGE_ROWS: dict[str, tuple[dict[str, object], str, str]] = {
    "refused for good": (
        {"state": MessageState.FAILED, "error_code": "25", "error": "Invalid address"},
        "✗ State", "25 Invalid address",
    ),
    "unknown": ({"state": MessageState.UNKNOWN, "error": "no answer"}, "✗ State", "its outcome is unknown"),
    "expired": ({"state": MessageState.EXPIRED}, "✗ State", "before it could be sent"),
    "not delivered": ({"state": MessageState.UNDELIVERED}, "✗ State", "accepted, and then not delivered"),
}  # fmt: skip


@pytest.mark.parametrize("row", MESSAGE_ROWS)
async def test_from_a_message(desk: Desk, clickatell: ThreadedClickatell, row: str) -> None:
    values, check, words = MESSAGE_ROWS[row]
    (key,) = sending.send(desk, sending.Request(one_api(desk, clickatell), to("+61400000000"), "hello")).ids
    set_message(desk.database, key, **values)
    async with console(desk, section="messages", size=(120, 90)) as pilot:
        await rows_are(pilot, 1)
        text = await diagnosed(pilot, "i")
        assert check in text, text
        assert words in text, text
