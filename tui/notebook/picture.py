"""`snapshot()`: a picture of a section of the console, in a cell."""

import subprocess
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from tui.notebook.process import refusal, words

TAKEN_WITHIN = 120.0  # seconds


@dataclass(frozen=True)
class Picture:
    """A picture of the console as SVG text."""

    section: str
    svg: str

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file."""
        Path(path).write_text(self.svg, encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"picture of {self.section}"


def snapshot(
    section: str = "Handlers",
    *,
    size: tuple[int, int] = (120, 34),
    data: str | PathLike[str] | None = None,
    operator: str | None = None,
) -> Picture:
    """A section as the console shows it now, `size` in characters. No engine is started.

    Raises `Refused` for an unknown section or a site that is not there.
    """
    width, height = size
    command = [*words("tui.cli.picture", data, operator), f"--width={width}", f"--height={height}"]
    taken = subprocess.run(
        [*command, "--", section],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TAKEN_WITHIN,
        check=False,
    )
    if taken.returncode:
        raise refusal(taken.stderr, taken.returncode)
    return Picture(section, taken.stdout)
