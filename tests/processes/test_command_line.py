"""The command line beside `commsdesk run` and `commsdesk simulator`, as an operator uses them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo_data.clickatell.settings import SAMPLE_API_ID, SAMPLE_API_KEY, SAMPLE_PASSWORD, SAMPLE_USER
from storage import handlers
from tests.processes.support import CLOCK, PROGRAM, SECOND, Site, until
from tui.cli.main import execute

Json = list[dict[str, Any]]
Here = Callable[..., Json]


def lines(text: str) -> Json:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def here(site: Site, capsys: pytest.CaptureFixture[str]) -> Here:
    """Run a command that must end well in this process, which is faster; what it printed as JSON."""

    def run(*words: str) -> Json:
        status = execute(["--data", str(site.folder), *words])
        caught = capsys.readouterr()
        assert status == 0, f"{words}: {caught.err}"
        return lines(caught.out) if "--json" in words else []

    return run


def test_from_an_empty_site_to_a_message_by_each_api(site: Site, tmp_path: Path, here: Here) -> None:
    simulator = site.start(*PROGRAM, "simulator", "--port", "0", output=True)
    url = re.findall(r"base URL (http://[\d.:]+),", simulator.says("base URL"))[0]
    arrange(site, url, tmp_path, here)
    site.leader()
    httpx.post(f"{url}/_faults", json={"next": ["message-19"]}, trust_env=False).raise_for_status()
    one = send(site, "One", "Night shift", "Pump 3 stopped")
    xml = send(site, "Xml", "Joe Hart", "Pump 4 stopped")
    for sent, attempts in ((one, 2), (xml, 1)):
        assert (sent["state"], sent["to"], sent["attempts"]) == ("accepted", "+447700900123", attempts)
        assert re.fullmatch(r"[0-9a-f]{32}", sent["gateway_id"])
    inbox = httpx.get(f"{url}/_inbox", trust_env=False).json()
    assert sorted((m["text"], m["to"]) for m in inbox) == [
        ("Pump 3 stopped", "447700900123"),
        ("Pump 4 stopped", "447700900123"),
    ]
    statuses_are_right(until(lambda: checked(here), "all handlers are checked"))
    review_is_right(here("review", "--json"), one["id"])


def arrange(site: Site, url: str, folder: Path, here: Here) -> None:
    """A field, a user, a group, a handler of each API type and one with a wrong key."""
    secrets = {"key": SAMPLE_API_KEY, "wrong": "bm90LXRoZS1rZXk=", "password": SAMPLE_PASSWORD}
    for name, secret in secrets.items():
        (folder / name).write_text(f"{secret}\n")
    key, wrong, password = (str(folder / name) for name in secrets)
    here("field", "add", "Mobile", "--type", "Telephone Number")
    here("user", "add", "Joe Hart", "--set", "Mobile=+44 7700 900123")
    here("group", "add", "Night shift")
    here("group", "join", "Night shift", "Joe Hart")
    here("handler", "add", "One", "--api", "one", "--base-url", url, "--api-key-file", key)
    account = ["--user-name", SAMPLE_USER, "--api-id", SAMPLE_API_ID, "--password-file", password]
    here("handler", "add", "Xml", "--api", "xml", "--api-uri", f"{url}/xml/xml", *account)
    here("handler", "add", "Wrong", "--api", "one", "--base-url", url, "--api-key-file", wrong)
    # Whole minutes by the command line; a test has seconds.
    plan = {"retry_rate": SECOND, "stop_retrying_after": 60 * SECOND}
    with site.database.write() as tx:
        handlers.change(tx, 1, plan, CLOCK.now())


def send(site: Site, handler: str, to: str, text: str) -> dict[str, Any]:
    ended = site.cli("send", "--handler", handler, "--to", to, "--wait", "20", "--json", text)
    assert (ended.returncode, ended.stderr) == (0, "")
    (sent,) = lines(ended.stdout)
    return sent


def checked(here: Here) -> dict[str, dict[str, Any]] | None:
    found = here("handler", "list", "--json")
    done = all(handler["status"] in ("Running", "Error") for handler in found)
    return {handler["name"]: handler for handler in found} if done else None


def statuses_are_right(found: dict[str, dict[str, Any]]) -> None:
    assert (found["One"]["status"], found["One"]["currency"]) == ("Running", "EUR")
    assert 99.9 < found["One"]["balance"] <= 100
    assert (found["Xml"]["status"], found["Xml"]["currency"]) == ("Running", "credits")
    assert found["Wrong"]["status"] == "Error"
    error = found["Wrong"]["error"].lower()
    # What it is, what it means, what to check.
    assert "401" in error or error.startswith("1 "), error
    assert "key" in error and "check" in error, error


def review_is_right(review: Json, retried: int) -> None:
    first, second = (entry for entry in review if entry["message"] == retried)
    assert "attempt 1 of 60 failed: 19" in first["text"] and "next at" in first["text"]
    assert "accepted, attempt 2 of 60" in second["text"]
    for name in ("One", "Xml", "Wrong"):
        made = next(e for e in review if e["category"] == "Handler" and e["handler"] == name)
        assert made["operator"] and "added" in made["text"]
    assert any(entry["level"] == "error" and entry["handler"] == "Wrong" for entry in review)
    assert SAMPLE_API_KEY not in json.dumps(review)


def test_without_an_engine_a_message_is_queued_and_the_command_says_so(site: Site) -> None:
    site.handler()
    said = f"queued, but no engine is running on {site.folder}: start commsdesk run\n"
    words = ["send", "--handler", "Clickatell", "--to", "+447700900123", "--json"]
    sent = site.cli(*words, "One")
    assert (sent.returncode, sent.stderr) == (0, said)
    assert lines(sent.stdout)[0]["state"] == "queued"

    waited = site.cli(*words, "--wait", "0.5", "Two")
    assert (waited.returncode, waited.stderr) == (1, said)
    assert lines(waited.stdout)[0]["state"] == "queued"

    site.leader()
    site.settled()
    last = site.cli(*words, "--wait", "20", "Three")
    assert (last.returncode, last.stderr) == (0, "")
    assert sum(site.inbox.values()) == 3


def test_after_a_kill_the_command_says_that_no_engine_runs(site: Site) -> None:
    site.handler()
    site.leader().kill()
    sent = site.cli("send", "--handler", "Clickatell", "--to", "+447700900123", "Pump 3 stopped")
    assert sent.returncode == 0
    assert sent.stderr == f"queued, but no engine is running on {site.folder}: start commsdesk run\n"
