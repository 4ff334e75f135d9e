"""What came of one attempt, as a call brings it."""

from dataclasses import dataclass

from scheduling.gateways.outcome import Outcome
from storage.records import Message


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt. `message` is as it was claimed: its `attempt_id` is the attempt."""

    message: Message
    outcome: Outcome
