"""What can go wrong with the site's files, each in words an operator understands."""


class StorageError(Exception):
    """The site's data cannot be used as it is; the text says what to do.

    `hint` is what helps on the command line only, a command: no screen shows it.
    """

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NewerSchema(StorageError):
    """Another, newer commsdesk has upgraded this site."""


class NotASite(StorageError):
    """The file is not a commsdesk database."""


class DatabaseBusy(StorageError):
    """Another process has held the write lock for too long."""


class DiskFull(StorageError):
    """Nothing more can be written."""


class Replaced(StorageError):
    """The database file was replaced while it was open."""


class ReadOnly(StorageError):
    """The data folder cannot be written to."""


class Damaged(StorageError):
    """SQLite found the file malformed."""


class SecretMissing(StorageError):
    """The secret key does not fit this secret; it must be entered again."""


class UpgradeRefused(StorageError):
    """A process with another schema is still alive."""
