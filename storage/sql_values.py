"""Words of the vocabulary as SQL spells them, for statements and indexes that are written out as text."""

from collections.abc import Iterable
from enum import StrEnum

from storage.vocabulary import ACTIVE_STAGES, UNDER_WAY, MessageState


def quoted(*values: str) -> str:
    """SQL literals with commas between: 'queued', 'sending'."""
    return ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)


def one_of(column: str, values: type[StrEnum] | Iterable[StrEnum]) -> str:
    """A condition: the column holds one of these words."""
    return f"{column} IN ({quoted(*values)})"


QUEUED = quoted(MessageState.QUEUED)
SENDING = quoted(MessageState.SENDING)
UNKNOWN = quoted(MessageState.UNKNOWN)
WAITING = quoted(*UNDER_WAY)
ACTIVE = quoted(*ACTIVE_STAGES)
