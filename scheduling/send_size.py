"""How many people, messages and parts a send comes to; a large one is asked about once."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

ASK_ABOVE = 20


@dataclass(frozen=True, slots=True)
class SendSize:
    """`people` counts each person once, however many messages they get; `parts` is of all messages."""

    people: int = 0
    messages: int = 0
    parts: int = 0

    @property
    def must_ask(self) -> bool:
        """Whether a send of this size is asked about: more than 20 people, or messages."""
        return max(self.people, self.messages) > ASK_ABOVE


def size_of(people: Iterable[Hashable], segments: Iterable[int]) -> SendSize:
    """The size of a send: who gets it, by user id or number, and the parts of each message."""
    parts = tuple(segments)
    return SendSize(len(set(people)), len(parts), sum(parts))
