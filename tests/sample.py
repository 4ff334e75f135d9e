"""The sample site, built once for all workers of a run; a test that needs one works on a copy."""

import fcntl
import shutil
from datetime import UTC, datetime
from pathlib import Path

from demo_data.sample_clickatell import Addresses
from demo_data.sample_site import build
from storage import adoption, sqlite
from storage.folder import DataFolder

# Where the handlers' Clickatells would listen: nobody does.
ADDRESSES = Addresses(
    fine="http://127.0.0.1:8701", xml="http://127.0.0.1:8701/xml/xml", flaky="http://127.0.0.1:8702"
)


def take_as_live(folder: Path) -> None:
    """Make a copied site one of its own, before it is opened: then it would be held."""
    database = DataFolder(folder).database
    connection = sqlite.connect(database)
    for name, value in adoption.identity_of(database).items():
        connection.execute("UPDATE site_value SET value = ? WHERE name = ?", (value, name))
    connection.close()


class SampleSites:
    """Keeps what it has built in a folder that the run's workers share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, into: Path, now: datetime | None = None) -> None:
        """The sample site as it stands at `now`; without one, when this run first asked for it."""
        shutil.copytree(self._built(now), into)
        into.chmod(0o700)
        take_as_live(into)

    def _built(self, now: datetime | None) -> Path:
        kept = self._folder / f"sample-{now:%Y%m%d%H%M%S}" if now else self._folder / "sample-now"
        with (self._folder / "sample.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                unfinished = kept.with_suffix(".unfinished")
                build(unfinished, ADDRESSES, now or datetime.now(UTC))
                unfinished.rename(kept)
        return kept
