"""What an action of the console is, and who may do it."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Role = Literal["viewer", "operator", "administrator"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "administrator")
"""From least to most: each may do what those before it may."""


def role_allows(have: str | Enum, need: Role) -> bool:
    """Whether someone with one role may do what needs another; an unknown role may do nothing.

    A role may also be given as a member of an enumeration, by its name.
    """
    name = have.name.lower() if isinstance(have, Enum) else have
    return name in ROLES and ROLES.index(name) >= ROLES.index(need)


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
    role: Role = "viewer"
    palette: bool = True

    @property
    def label(self) -> str:
        """How the command palette names it."""
        return f"{self.area}: {self.title}"
