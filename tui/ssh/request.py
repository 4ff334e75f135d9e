"""What someone who logs in asks for. Pure: SSH_ORIGINAL_COMMAND in, words of the command line out."""

import shlex

from tui.operations.errors import Refused

# Everything an operator works with; nothing that starts services, serves, or touches the site's files.
ALLOWED = (
    "send",
    "alert",
    "claim",
    "message",
    "task",
    "roster",
    "handler",
    "user",
    "group",
    "field",
    "template",
    "operator",
    "file",
    "review",
    "status",
    "doctor",
)
LONGEST = 128 * 1024  # characters; a command line of Linux has no longer words
NOT_HERE = "cannot be used over SSH"


def words_of(original: str) -> tuple[str, ...]:
    """The words of the command, split as a shell would and nothing in them expanded.

    Empty means: the console. Raises `Refused` for what is not to be had over SSH.
    """
    if len(original) > LONGEST:
        raise Refused(f"the command is too long: {LONGEST:,} characters at most; - reads standard input")
    try:
        words = tuple(shlex.split(original))
    except ValueError:
        raise Refused("the command has a quotation mark without its second half: close it") from None
    if not words:
        return ()
    name = words[0]
    if name.startswith("-"):
        raise Refused(f"{_short(name)} {NOT_HERE}: begin with the command, such as alert raise")
    if name not in ALLOWED:
        raise Refused(f"{_short(name)} {NOT_HERE}: there are {', '.join(ALLOWED)}")
    return words


def _short(word: str) -> str:
    return repr(word if len(word) <= 40 else f"{word[:39]}…")
