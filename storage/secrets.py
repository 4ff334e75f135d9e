"""Secrets at rest: encrypted with a key that lies beside the database, never in it.

Fernet with rotation: the file holds one key a line, the newest first. The environment
variable COMMSDESK_SECRET_KEY (keys parted by spaces or commas) takes its place.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from storage.errors import SecretMissing, StorageError

VARIABLE = "COMMSDESK_SECRET_KEY"


class SecretBox:
    """Encrypts and decrypts; shows neither its keys nor what it holds."""

    def __init__(self, keys: list[str]) -> None:
        try:
            self._box = MultiFernet([Fernet(key.encode()) for key in keys])
        except ValueError:
            raise StorageError(
                "the secret key is not readable: it must be 32 bytes in URL-safe base64"
                " (restore secret.key from its copy, or remove it and enter the secrets again)"
            ) from None

    def __repr__(self) -> str:
        return "SecretBox()"

    def encrypt(self, secret: str) -> bytes:
        return self._box.encrypt(secret.encode())

    def decrypt(self, token: bytes) -> str:
        """The secret in clear; `SecretMissing` when no key fits."""
        try:
            return self._box.decrypt(token).decode()
        except InvalidToken:
            raise SecretMissing("secret missing: enter it again") from None

    def again(self, token: bytes) -> bytes:
        """Encrypt the secret again, with the newest key."""
        try:
            return self._box.rotate(token)
        except InvalidToken:
            raise SecretMissing("secret missing: enter it again") from None


def new_key() -> str:
    """A key that was never used before, as a line of the file."""
    return Fernet.generate_key().decode()


def open_box(path: Path) -> tuple[SecretBox, bool]:
    """The box of this site, and whether its key had to be made anew."""
    given = os.environ.get(VARIABLE, "").replace(",", " ").split()
    if given:
        return SecretBox(given), False
    made = False
    if not path.exists():
        made = _make(path)
    return SecretBox(path.read_text().split()), made


def box_of(file: Path) -> SecretBox:
    """A box of the keys in a file, as one is kept with a backup. Raises `StorageError` for what is none."""
    try:
        keys = file.expanduser().read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{file} cannot be read as a secret key ({error})") from None
    if not keys:
        raise StorageError(f"{file} is empty: it is no secret key")
    return SecretBox(keys)


def add_key(path: Path) -> SecretBox:
    """Put a new key before the old ones (they still decrypt) and give the box that uses it."""
    _write(path, "\n".join([new_key(), *path.read_text().split()]) + "\n")
    return open_box(path)[0]


def keep_newest(path: Path) -> SecretBox:
    """Drop all keys but the newest, once everything is encrypted with it."""
    _write(path, path.read_text().split()[0] + "\n")
    return open_box(path)[0]


def hint(secret: str) -> str:
    """What may be shown of a secret: its last four characters, if it is long enough to hide the rest."""
    return "••••" + (secret[-4:] if len(secret) >= 12 else "")


def _make(path: Path) -> bool:
    # Two processes may start at once: the first to link its finished file wins.
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    _write_new(temporary, new_key() + "\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    _write_new(temporary, text)
    temporary.replace(path)


def _write_new(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
