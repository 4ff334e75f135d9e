"""The question above 20 people, the same wherever something is sent: who is asked, and in which words."""

from scheduling.send_size import SendSize
from tui.operations.form_values import counted


def people(size: SendSize) -> str:
    """How many get it: "88 people"."""
    return counted(size.people, "person", "people")


def load(size: SendSize) -> str:
    """What it comes to: "88 messages, 176 parts in all"."""
    return f"{counted(size.messages, 'message')}, {counted(size.parts, 'part')} in all"


def in_one_line(size: SendSize) -> str:
    """All of it: "88 people, 176 parts in all", with the messages where they are not one for each."""
    parts = f"{counted(size.parts, 'part')} in all"
    return f"{people(size)}, {parts if size.messages == size.people else load(size)}"
