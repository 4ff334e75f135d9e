"""What an action of the console is, and who may do it."""

from dataclasses import dataclass

from storage.vocabulary import Role


@dataclass(frozen=True)
class Action:
    """Something a person can do in the console.

    `action` is the Textual action that a widget of `place` carries out. `key` may name several
    keys parted by commas; the empty string is an action without a key. `palette` is off for
    movements that make no sense as a command.
    """

    id: str
    area: str
    title: str
    description: str
    key: str
    place: str
    action: str
    footer: bool = False
    role: Role = Role.VIEWER
    palette: bool = True

    @property
    def label(self) -> str:
        """How the command palette names it."""
        return f"{self.area}: {self.title}"
