"""The data folder: what lies where, and with which rights (folder 0700, files 0600)."""

import os
from dataclasses import dataclass
from pathlib import Path

from storage.errors import ReadOnly, StorageError

# WAL needs memory shared between processes; these file systems do not give it.
NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "glusterfs")


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where a site lives. Creating the object touches nothing."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "commsdesk.sqlite3"

    @property
    def secret_key(self) -> Path:
        return self.path / "secret.key"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def keys_file(self) -> Path:
        return self.path / "keys.toml"

    def owner(self) -> int | None:
        """The number of the account it belongs to; None while there is no such folder."""
        try:
            return self.path.stat().st_uid
        except OSError:
            return None

    def prepare(self) -> None:
        """Make the folder if need be, for its owner only, and refuse what cannot work.

        Raises `StorageError` with what to do.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except FileExistsError:
            raise StorageError(f"{self.path} is a file: name a folder with --data") from None
        except OSError as error:
            raise ReadOnly(f"{self.path} cannot be made: {error.strerror}") from None
        self._keep_private()
        kind = file_system_of(self.path)
        if kind in NETWORK_FILE_SYSTEMS or kind.startswith("fuse."):
            raise StorageError(
                f"{self.path} is on a network file system ({kind}), where the database could be damaged:"
                " choose a folder on a local disk with --data"
            )

    def _keep_private(self) -> None:
        try:
            if self.path.stat().st_uid == os.geteuid():
                self.path.chmod(0o700)
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise ReadOnly(
                f"{self.path} cannot be written to ({reason}): check how its disk is mounted, and its owner"
            ) from None


def file_system_of(path: Path) -> str:
    """The type of the file system that holds the path, or "" where the kernel does not say."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    target = str(path.resolve())
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = left.split()[4].replace("\\040", " ")
        inside = target == mount or target.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind
