"""The examples in docs/integrations.md, as they stand there."""

import re
from pathlib import Path

from storage import sqlite

DOCUMENT = Path(__file__).parents[2] / "docs" / "integrations.md"
EXAMPLE = r"<!-- example: {} -->\n```\w*\n(.*?)```\n"

# What the document says to declare first, in the words of a test site.
ALERT = (
    ("alert", "add", "Outside alarm", "--priority", "2", "--field", "Source", "--field", "Summary"),
    ("alert", "action", "add", "Outside alarm", "Created", "--handler", "Clickatell",
     "--to", "+61400000000", "--message", "{Source}: {Summary}"),
    ("alert", "action", "add", "Outside alarm", "Restored", "--handler", "Clickatell",
     "--to", "told", "--message", "{Source}: over, {Summary}"),
)  # fmt: skip


def heard(folder: Path) -> None:
    """As an engine would have it by now: Clickatell took what waits, so that the end is told."""
    connection = sqlite.connect(folder / "commsdesk.sqlite3")
    connection.execute("UPDATE message SET state = 'accepted' WHERE state = 'queued'")
    connection.close()


def example(name: str) -> str:
    """The text of the example with that name."""
    found = re.findall(EXAMPLE.format(re.escape(name)), DOCUMENT.read_text(), re.S)
    assert len(found) == 1, f"{len(found)} examples named {name}"
    return str(found[0])


def exec_start(name: str, instance: str) -> str:
    """The command line of a template unit for an instance, its specifiers put in."""
    (line,) = re.findall(r"^ExecStart=(.*)$", example(name), re.M)
    return str(line).replace("%i", instance).replace("%H", "north-gate")
