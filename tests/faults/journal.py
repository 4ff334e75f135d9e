"""What was asked for: a line when an ask begins, and a line when commsdesk has said that it is queued."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

Asked = tuple[str, str]  # text and number


class Journal:
    """One write a line: what a killed client has written is whole."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, what: str, text: str, to: Sequence[str]) -> None:
        os.write(self._file, (json.dumps([what, text, list(to)]) + "\n").encode())

    def close(self) -> None:
        os.close(self._file)


@dataclass(slots=True)
class AskedFor:
    """`promised` must be there; `begun` may be, where the client was killed before it was told."""

    promised: set[Asked] = field(default_factory=set)
    begun: set[Asked] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def read(path: Path) -> AskedFor:
    found = AskedFor()
    for line in path.read_text().splitlines() if path.exists() else []:
        what, text, to = json.loads(line)
        if what == "refused":
            found.refused.append(f"{text}: {to[0]}")
            continue
        (found.promised if what == "promised" else found.begun).update((text, number) for number in to)
    return found
