"""How an operation says no: one clear sentence, the field it concerns, and nothing changed."""

from storage.errors import StorageError


class Refused(Exception):
    """The input or the moment does not allow it.

    `message` names the field and the remedy in one sentence; `field` is the form field or
    option to point at (`"Retry Rate (mins)"`), or None when no single field is at fault.
    `hint` is what helps on the command line only, an option or a command: no screen shows it.
    """

    def __init__(self, message: str, field: str | None = None, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint

    @classmethod
    def by(cls, error: StorageError) -> "Refused":
        """What the site's files do not allow, in their words."""
        return cls(str(error), hint=error.hint)

    @property
    def on_command_line(self) -> str:
        """The sentence with its hint in brackets."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


def on_command_line(error: Exception) -> str:
    """An error as the command line shows it: with its hint, where it has one."""
    if isinstance(error, StorageError) and error.hint:
        return f"{error} ({error.hint})"
    return error.on_command_line if isinstance(error, Refused) else str(error)


class NotAllowed(Refused):
    """The operator's role does not allow it."""


class SignedOut(NotAllowed):
    """The operator may not be here any more: removed, disabled or renamed."""
