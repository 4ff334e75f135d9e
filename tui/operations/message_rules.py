"""What forbids a message or is worth knowing of it before it goes: each rule in the one wording that it has.

The composer says it as one types, `sending` and `action_form` when it is sent or saved.
"""

from collections.abc import Sequence

from scheduling import templates
from tui.operations.form_values import counted

MOST_NAMED = 5

EMPTY = "Message is empty: write a text"


def too_long(parts: int, most_parts: int, sender: str) -> str | None:
    """Why a message of so many parts is refused; None when the sender may send it."""
    if parts <= most_parts:
        return None
    said = f"Message is too long: {counted(parts, 'part')}"
    return f"{said}; {_sender(sender)} sends at most {most_parts}: shorten it"


def cut_there(parts: int, most_parts: int, sender: str) -> str | None:
    """What is said of the message of an alert or a task that is cut; None when the sender may send it."""
    if parts <= most_parts:
        return None
    said = f"{counted(parts, 'part')}: {_sender(sender)} sends at most {most_parts}"
    return f"{said}, so it is cut there with ..."


def no_value(fields: Sequence[str]) -> str | None:
    """What is said of fields that somebody has no value for; None without any."""
    if not fields:
        return None
    names = ", ".join(f"{{{name}}}" for name in fields[:MOST_NAMED])
    more = f" and {len(fields) - MOST_NAMED:,} more" if len(fields) > MOST_NAMED else ""
    return f"no value for {names}{more} for some: it shows as {templates.MISSING}"


def _sender(name: str) -> str:
    return name or "the sender"
