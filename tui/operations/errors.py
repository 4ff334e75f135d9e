"""How an operation says no: one clear sentence, the field it concerns, and nothing changed."""


class Refused(Exception):
    """The input or the moment does not allow it.

    `message` names the field and the remedy in one sentence; `field` is the form field or
    option to point at (`"Retry Rate (mins)"`), or None when no single field is at fault.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotAllowed(Refused):
    """The operator's role does not allow it."""


class SignedOut(NotAllowed):
    """The operator may not be here any more: removed, disabled or renamed."""
