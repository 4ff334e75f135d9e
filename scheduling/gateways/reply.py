"""What became of one request: the answer that came, or why there is none.

Apart from `http`, which loads the HTTP library: a command that sends nothing judges no connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduling.gateways.advice import CAUSES, Cause
from storage.vocabulary import OutcomeKind


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that came complete. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """No usable answer. `kind` is NOT_SENT or UNKNOWN; `error` is a sentence without secrets."""

    kind: OutcomeKind
    error: str
    cause: Cause

    @property
    def advice(self) -> str:
        """What to check."""
        return CAUSES[self.cause].check
