"""What a console is started with."""

from dataclasses import dataclass, field
from pathlib import Path

from storage.vocabulary import InstanceKind
from tui.console.preferences import Preferences
from tui.console.session_limits import Limits
from tui.operations.local_files import Anywhere, LocalFiles


@dataclass(frozen=True)
class ConsoleSettings:
    """What a console is started with. `place` is shown in the header; `banner` says what this is."""

    folder: Path
    operator: str | None = None
    engine: bool = True
    place: str = ""
    banner: str = ""
    kind: InstanceKind = InstanceKind.CONSOLE
    preferences: Preferences = field(default_factory=Preferences)
    operator_id: int | None = None
    files: LocalFiles = field(default_factory=Anywhere)
    limits: Limits = field(default_factory=Limits)
