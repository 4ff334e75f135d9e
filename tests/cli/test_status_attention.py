"""`commsdesk status` counts what asks for a person."""

from datetime import UTC, datetime

from storage.database import Database
from tests.cli.conftest import CommandLine
from tests.operations.arrange import set_message


def test_open_and_answered_alerts_and_failures_of_today(cli: CommandLine, database: Database) -> None:
    assert "none active" in cli("status").out
    cli.ok("handler", "add", "Clickatell", "--api", "one", "--api-key-file", "-", stdin="key-000000001f3a")
    cli.ok("send", "--handler", "Clickatell", "--to", "+61400000000", "x")
    set_message(database, 1, state="failed", finished_at=datetime.now(UTC))
    for name in ("Fire", "Pump"):
        cli.ok("alert", "add", name)
        cli.ok("alert", "raise", name)
    cli.ok("alert", "claim", "1")
    found = cli("status", "--json").one
    assert (found["open_alerts"], found["answered_alerts"], found["failed_today"]) == (1, 1, 1)
    text = cli("status").out
    assert "1 open, 1 answered" in text
    assert any(line.split() == ["Failed", "today", "1"] for line in text.splitlines())
