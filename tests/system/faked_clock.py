"""A wall clock for other processes that can be set while they run; their other clocks go on as they are."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class FakedClock:
    """`words` go before a command whose clock it shall be."""

    def __init__(self, folder: Path) -> None:
        assert LIBRARY is not None, "the package faketime is missing: tests/system/install-packages"
        self._file = folder / "clock"
        self._ahead = timedelta(0)
        self.jump(timedelta(0))
        self.words = (
            shutil.which("env") or "env",
            f"LD_PRELOAD={LIBRARY}",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "FAKETIME_NO_CACHE=1",
            f"FAKETIME_TIMESTAMP_FILE={self._file}",
        )

    def now(self) -> datetime:
        """What those processes take the time to be."""
        return datetime.now(UTC) + self._ahead

    def put(self, moment: datetime) -> None:
        """It is that time now."""
        self.jump(moment - self.now())

    def jump(self, by: timedelta) -> None:
        self._ahead += by
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{self._ahead.total_seconds():+.3f}\n")
        draft.replace(self._file)

    def shows(self) -> datetime:
        """What a process of this clock reads, as a check of the means."""
        answer = subprocess.run(
            [*self.words, "date", "-u", "+%s"], capture_output=True, text=True, check=True
        )
        return datetime.fromtimestamp(int(answer.stdout), UTC)
