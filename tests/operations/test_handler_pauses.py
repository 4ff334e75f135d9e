"""A paused handler as people see it, *go on*, and a test that Status follows."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from scheduling.gateways.outcome import Balance, GatewayError
from storage import handlers as stored
from storage.database import Database
from storage.records import HandlerStatus
from storage.vocabulary import OutcomeKind, Role
from tests.operations.arrange import make_handler, run_engine_here
from tests.operations.conftest import StandingClock
from tui.operations import handler_check, handler_status, handlers
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused
from tui.operations.status import as_json, status
from tui.operations.views import handler_json

PAUSES: dict[str, dict[str, Any]] = {
    "named": {"pause": "busy", "pause_code": "43", "pause_ends": "at_time"},
    "planned": {"pause": "busy", "pause_code": "43", "pause_ends": "time_or_accepted"},
    "key": {"pause": "account", "pause_code": "1", "pause_ends": "balance_answers"},
    "money": {"pause": "account", "pause_code": "20", "pause_ends": "balance_rose"},
    "set-up": {"pause": "account", "pause_code": "44", "pause_ends": "probe_accepted"},
}


def found_of(desk: Desk, handler: int) -> HandlerStatus:
    with desk.database.read() as connection:
        return stored.status_of(connection, handler)


def paused(desk: Desk, kind: str, **more: Any) -> int:
    """A handler in this pause, on a site where an engine runs."""
    handler = make_handler(desk, name=f"Click {kind}")
    run_engine_here(desk.database)
    error = {"status": "Error", "error": "no credit"} if PAUSES[kind]["pause"] == "account" else {}
    values = {"status": "Running", **error, **PAUSES[kind], **more}
    if values["pause"] == "busy":
        values.setdefault("paused_until", desk.now() + timedelta(minutes=5))
    with desk.write(Role.OPERATOR, "a test") as tx:
        stored.set_status(tx, handler, checked_revision=1, **values)
    return handler


@pytest.mark.parametrize("kind", PAUSES)
def test_every_pause_ends_when_an_operator_says_go_on(desk: Desk, texts: Any, kind: str) -> None:
    handler = paused(desk, kind)
    operator = Desk(desk.database, "olga", Role.OPERATOR, desk.now)
    assert handlers.go_on(operator, handler).id == handler
    found = found_of(desk, handler)
    assert (found.pause, found.status, found.error) == (None, "Running", None)
    assert found.checked_revision is None, "a check of the account is asked for"
    assert "goes on by hand (it was: " in texts()[-1]
    with pytest.raises(Refused, match="is not paused: there is nothing to go on with"):
        handlers.go_on(operator, handler)


def test_go_on_is_refused_where_it_would_do_nothing(desk: Desk, viewer: Desk, clock: StandingClock) -> None:
    handler = paused(desk, "planned")
    with pytest.raises(NotAllowed):
        handlers.go_on(viewer, handler)
    clock.move(minutes=6)
    with pytest.raises(Refused, match="not paused"):
        handlers.go_on(desk, handler)
    clock.move(minutes=-6)
    handlers.set_enabled(desk, handler, False)
    with pytest.raises(Refused, match="disabled: enable it"):
        handlers.go_on(desk, handler)
    handlers.set_enabled(desk, handler, True)
    with desk.write(Role.OPERATOR, "a test") as tx:
        stored.set_secret(tx, b"lost", "••••", handler)
    with pytest.raises(Refused, match="enter it again"):
        handlers.go_on(desk, handler)
    assert found_of(desk, handler).pause == "busy", "nothing was changed"


@pytest.mark.parametrize("kind", PAUSES)
def test_status_says_that_it_is_paused_and_until_when(desk: Desk, kind: str) -> None:
    handler = paused(desk, kind, probe_at=desk.now() + timedelta(minutes=5))
    view = handler_status.view(desk, handler)
    assert view is not None
    at = f"{(desk.now() + timedelta(minutes=5)).astimezone():%H:%M}"
    by_message = kind in ("money", "set-up")
    if PAUSES[kind]["pause"] == "busy":
        assert view.shown.words == f"busy, paused until {at}"
        assert view.shown.light == "Paused"
        assert status(desk).warnings == (f"{view.handler.name}: busy, paused until {at}",)
    else:
        assert view.shown.words == f"no credit; paused{f', next try {at}' if by_message else ''}"
    assert view.shown.words != "Running"
    for shown in (handler_json(view), as_json(status(desk))["handlers"][0]):
        assert shown["pause"] == PAUSES[kind]["pause"]
        assert (shown["paused_until"] is None) is (kind == "key")
        assert shown["status"] in ("Running", "Error"), "the promised words alone"
    assert view.pause is not None
    assert view.pause.endswith("or when an operator says go on")


def test_a_pause_that_is_over_is_shown_no_more(desk: Desk, clock: StandingClock) -> None:
    handler = paused(desk, "planned")
    clock.move(minutes=5)
    view = handler_status.view(desk, handler)
    assert view is not None
    assert (view.shown.words, view.pause, handler_json(view)["paused_until"]) == ("Running", None, None)


KEY_REFUSED = GatewayError(OutcomeKind.ACCOUNT, "Invalid or missing integration API Key", "Check it", "1")


def answering(monkeypatch: pytest.MonkeyPatch, answer: Balance | GatewayError) -> None:
    async def ask(config: object) -> Balance | GatewayError:
        return answer

    monkeypatch.setattr(handler_check, "_ask", ask)


def test_what_a_test_found_is_what_status_shows_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = make_handler(desk)
    run_engine_here(desk.database)
    with desk.write(Role.OPERATOR, "a test") as tx:
        stored.set_status(tx, handler, status="Running", checked_revision=1)
    answering(monkeypatch, KEY_REFUSED)
    assert not handler_check.check_account(desk, handler).ok
    view = handler_status.view(desk, handler)
    assert view is not None
    assert view.shown.words == "1 Invalid or missing integration API Key"
    assert view.found.checked_at == desk.now()
    assert found_of(desk, handler).checked_revision is None, "the engine looks for itself at once"
    answering(monkeypatch, Balance(Decimal("4.20"), "EUR"))
    assert handler_check.check_account(desk, handler).ok
    view = handler_status.view(desk, handler)
    assert view is not None
    assert (view.shown.words, view.found.balance, view.found.code) == ("Running", Decimal("4.20"), None)


def test_a_test_that_is_answered_ends_a_pause_that_an_answer_ends(
    desk: Desk, texts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = paused(desk, "key")
    answering(monkeypatch, Balance(Decimal(1), "EUR"))
    handler_check.check_account(desk, handler)
    assert found_of(desk, handler).pause is None
    assert any("sending goes on" in text for text in texts())
    other = paused(desk, "set-up")
    handler_check.check_account(desk, other)
    assert found_of(desk, other).pause == "account", "the balance says nothing of a sender id"


def test_a_test_of_a_disabled_handler_keeps_nothing(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = make_handler(desk)
    handlers.set_enabled(desk, handler, False)
    answering(monkeypatch, KEY_REFUSED)
    handler_check.check_account(desk, handler)
    assert found_of(desk, handler).status == "Starting"
