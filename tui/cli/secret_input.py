"""Secrets for a command: from a file or standard input, never from an argument (`ps` shows those)."""

import sys

from tui.cli import context
from tui.operations import local_files
from tui.operations.errors import Refused

LONGEST = 4096  # characters; no key or password comes near

_seen: set[str] = set()


def read_secret(source: str, what: str, option: str) -> str:
    """The secret in the file `source`, or on standard input for `-` (asked for, unseen, on a terminal).

    `what` is "API Key" or "Password", `option` the option to name when it cannot be read.
    Raises `Refused`.
    """
    text = _from_input(what) if source == "-" else _from_file(source, what, option)
    secret = text.removeprefix("\ufeff").strip()
    if not secret:
        raise Refused(f"the {what} that {option} gives is empty: put the {what} in it", what)
    if len(secret) > LONGEST or "\n" in secret or "\r" in secret:
        raise Refused(f"{option} must give the {what} alone, on one line", what)
    _seen.add(secret)
    return secret


def _from_input(what: str) -> str:
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass(f"{what}: ")
    return sys.stdin.readline(LONGEST + 2) + sys.stdin.read(1)


def _from_file(source: str, what: str, option: str) -> str:
    try:
        data = local_files.read(context.files(), source, 4 * LONGEST, "text file", pipes=True)
    except Refused as refusal:
        raise Refused(f"{option}: {refusal.message}", what) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{option}: {source} is not a text file: it must hold the {what} alone", what) from None


def redacted(text: str) -> str:
    """The text without any secret that this command has read."""
    for secret in sorted(_seen, key=len, reverse=True):
        text = text.replace(secret, "••••")
    return text
