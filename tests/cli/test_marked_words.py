"""Facts are decided by facts: with every sentence marked, nothing is another but the sentences."""

import random
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from scheduling import alerting
from scheduling.gateways.outcome import GatewayError, Outcome
from storage import actions as stored_actions
from storage import alerts, message_history, occurrences, tasks
from storage.database import Database
from storage.message_history import MessageFilter
from storage.records import TOLD, Action, Recipient
from storage.review import ReviewFilter, everything
from storage.vocabulary import Category, EntryKind, Level, MessageState, OutcomeKind, Stage
from tests import marked_words
from tests.cli.conftest import CommandLine
from tests.engine import alerts as at
from tests.engine.support import ACCEPTED, MINUTE, ScriptedSender, add_handler, make_site, outcome, running
from tests.virtual_time import VirtualClock, run_virtually
from tui.operations import handler_status, handlers, messages, sending, users
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.review.kinds import kind_of

# What differs from run to run by itself: processes, keys and the chain that they sign.
NOT_COMPARED = {"review_key", "site_value", "instance", "lease", "sqlite_sequence"}
BINARY = {"digest", "chain", "secret", "proxy_secret"}

LISTS = (
    ("handler", "list"),
    ("user", "list"),
    ("group", "list"),
    ("field", "list"),
    ("template", "list"),
    ("operator", "list"),
    ("alert", "list"),
    ("alert", "occurrences", "--all"),
    ("alert", "action", "list", "Gas"),
    ("task", "list"),
    ("task", "show", "Shift"),
    ("message", "list"),
    ("review",),
)
REFUSED = (
    ("message", "cancel", 1),
    ("message", "resend", 1),
    ("message", "arrived", 1),
    ("message", "show", 999),
    ("handler", "remove", "Clickatell"),
    ("handler", "go-on", "Clickatell"),
    ("handler", "show", "Klickatell"),
    ("alert", "claim", 1),
    ("alert", "raise", "Gas", "--field", "Zone"),
    ("send", "--handler", "Clickatell", "--to", "Ann", "hello"),
    ("send", "--handler", "Clickatell", "--to", "+447700900123", "x" * 700),
    ("task", "add", "Bad", "--cron", "61 * * * *", "--handler", "Clickatell", "--to", "+447700900123",
     "--message", "x"),
)  # fmt: skip


def answers() -> dict[str, Outcome]:
    """What the gateway says to a text, by its first word."""
    return {
        "later": outcome(OutcomeKind.BUSY, code="19", error="please try again"),
        "never": outcome(OutcomeKind.REJECTED, code="25", error="the number is not valid", advice="check it"),
        "lost": outcome(OutcomeKind.UNKNOWN, error="no answer came in time"),
        "warned": Outcome(OutcomeKind.ACCEPTED, gateway_id="1" * 32, warning="the text was cut on its way"),
    }


async def live(folder: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day at a site: sent, retried, failed, lost, paused, raised, told, restored, fired, missed, cut."""
    database = make_site(folder, clock)
    desk = Desk(database, "ana", now=clock.now)
    said = answers()
    no_money = outcome(OutcomeKind.ACCOUNT, code="20", error="the account has no credit", advice="buy some")
    sender = ScriptedSender(clock, lambda item, n: said.get(item.text.split()[0], ACCEPTED))
    other = ScriptedSender(clock, lambda item, n: no_money)
    at.use_senders(monkeypatch, {"Clickatell": sender, "Night desk": other})
    first = add_handler(database, clock, on_unknown="hold", most_parts=1)
    second = add_handler(database, clock, "Night desk")
    at.switch_on(database, clock, "handler in error", first)
    at.switch_on(database, clock, "message failed", first)
    alert, task = add_alert(database, clock, first), add_task(database, clock, first)
    users.add(desk, "Ann")
    async with running(database, clock):
        for text in ("fine", *said, "fine {Name}"):
            to = [Recipient(number=f"+4477009001{len(text):02}", name="x")]
            sending.send(desk, sending.Request(first, to, text, fields="{" in text))
        number = at.raise_now(database, clock, alert, "north")
        sending.send(desk, sending.Request(second, [Recipient(number="+447700900555")], "fine"))
        await clock.sleep(90)
        other.balance_answer = GatewayError(OutcomeKind.NOT_SENT, "no connection", "see the network")
        at.raise_now(database, clock, alert, "north")
        for stage in (Stage.CLAIMED, Stage.RESTORED):
            step(database, clock, number, stage)
            await clock.sleep(30)
        await clock.sleep(6 * 60)
        lost = next(each.id for each in messages.listing(desk, MessageFilter(state=MessageState.UNKNOWN)))
        messages.resend(desk, lost)
        with database.write() as tx:
            tasks.change(tx, task, {"next_due_at": clock.now() - 40 * MINUTE}, clock.now())
        await clock.sleep(3 * 60)
        other.balance_answer = ScriptedSender(clock).balance_answer
        await clock.sleep(120)
        with pytest.raises(Refused):
            handlers.go_on(desk, first)
        handlers.set_enabled(desk, second, False)
        await clock.sleep(60)
    database.close()


def add_alert(database: Database, clock: VirtualClock, handler: int) -> int:
    to = (Recipient(number="+447700900999"), Recipient(number="+447700900998"))
    with database.write() as tx:
        made = alerts.add(tx, {"name": "Gas", "priority": 1, "description": "", "enabled": True}, clock.now())
        tabs = {
            Stage.CREATED: ("fine", to),
            Stage.CLAIMED: ("later", (TOLD,)),
            Stage.RESTORED: ("fine", (TOLD,)),
        }
        stored_actions.set_of_alert(
            tx, made, [Action(0, handler, "", text, whom, stage=tab) for tab, (text, whom) in tabs.items()]
        )
    return made


def add_task(database: Database, clock: VirtualClock, handler: int) -> int:
    row = {
        "name": "Shift",
        "cron": "*/15 * * * *",
        "zone": "UTC",
        "enabled": True,
        "when_missed": "latest",
        "grace": 15 * MINUTE,
        "most_catch_up": 10,
        "next_due_at": clock.now() + MINUTE,
    }
    with database.write() as tx:
        made = tasks.add(tx, row, clock.now())
        people = (Recipient(number="+447700900777"),)
        stored_actions.set_of_task(tx, made, [Action(0, handler, "", "fine " + "long " * 60, people)])
    return made


def step(database: Database, clock: VirtualClock, number: int, stage: Stage) -> None:
    with database.write() as tx:
        found = occurrences.get(tx, number)
        assert found is not None
        alert = alerts.get(tx, found.alert_id)
        assert alert is not None
        alerting.enter(tx, alert, found, stage, clock.now(), operator="ana", note="on my way")


def facts(folder: Path, cli: CommandLine) -> dict[str, Any]:
    """Everything that can be asked of the site, words included."""
    found: dict[str, Any] = {}
    for command in LISTS:
        ended = cli(*command, "--json")
        found[" ".join(command)] = (ended.status, ended.json)
    for refused in REFUSED:
        ended = cli(*refused, "--json") if refused[0] == "message" else cli(*refused)
        found[" ".join(map(str, refused))] = (ended.status, ended.out, len(ended.err.splitlines()))
    checks = cli("doctor", "--offline", "--json")
    found["doctor"] = checks.status, [(each["check"], each["status"]) for each in checks.json]
    status = cli("status", "--json").one
    found["status"] = {
        key: value
        for key, value in status.items()
        if isinstance(value, str | bool | list) and key not in ("folder", "at")
    }
    database = make_site(folder)
    with database.read() as connection:
        rows = list(everything(connection))
        found["signs"] = [kind_of(row) for row in rows]
        for wanted in (
            *(ReviewFilter(kind=kind) for kind in EntryKind),
            *(ReviewFilter(level=level) for level in Level),
            *(ReviewFilter(category=category) for category in Category),
        ):
            found[str(wanted)] = [row.id for row in everything(connection, wanted)]
        for shown in (*(MessageFilter(state=state) for state in MessageState), MessageFilter(problems=True)):
            found[str(shown)] = message_history.ids(connection, 1000, shown)
        found["tables"] = {name: table(connection, name) for name in tables(connection)}
    views = handler_status.listing(Desk(database, "ana"))
    found["lights"] = [(view.shown.status, view.shown.light, view.shown.pause) for view in views]
    database.close()
    return found


def tables(connection: sa.Connection) -> list[str]:
    names = sa.inspect(connection).get_table_names()
    return [name for name in names if name not in NOT_COMPARED and not name.startswith("review_text")]


def table(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    rows = connection.execute(sa.text(f'SELECT * FROM "{name}" ORDER BY rowid')).mappings()
    return [{key: value for key, value in row.items() if key not in BINARY} for row in rows]


def lived(folder: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    chance = random.Random(10)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4))
    run_virtually(lambda clock: live(folder, clock, monkeypatch))
    return facts(folder, CommandLine(folder, monkeypatch, cli._capsys))


def test_with_every_sentence_marked_only_sentences_are_others(
    tmp_path: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = lived(tmp_path / "plain", cli, monkeypatch)
    states = {row["state"] for row in plain["tables"]["message"]}
    assert {"accepted", "failed", "unknown"} <= states, "the day at the site has lost its troubles"
    kinds = {row["kind"] for row in plain["tables"]["review"]}
    assert {
        "accepted",
        "retry",
        "failed",
        "unknown",
        "paused",
        "stage",
        "counted",
        "fired",
        "missed",
    } <= kinds
    with monkeypatch.context() as patched:
        makers = marked_words.mark_all(patched)
        marked = lived(tmp_path / "marked", cli, patched)
    assert len(makers) > 80
    assert sum(marked_words.MARK in row["body"] for row in marked["tables"]["review"]) == len(
        plain["tables"]["review"]
    )
    for what, expected in plain.items():
        assert marked_words.unmarked(marked[what]) == marked_words.unmarked(expected), what
