"""The processes that a notebook starts: this program, for the site and the operator that were named."""

import sys
from os import PathLike
from pathlib import Path

from tui.operations.errors import Refused


def words(module: str, data: str | PathLike[str] | None, operator: str | None) -> list[str]:
    """What starts a module of the command line, with the global options."""
    from tui.cli import context

    # Nothing in the notebook's folder can take the place of a module.
    found = [sys.executable, "-P", "-m", module]
    folder = context.default_folder() if data is None else Path(data)
    found.append(f"--data={folder.expanduser().absolute()}")
    if operator is not None:
        found.append(f"--operator={operator}")
    return found


def refusal(said: str, status: int) -> Refused:
    """Why a process has ended, in its own words."""
    lines = said.strip().splitlines()
    return Refused(
        lines[-1].removeprefix("commsdesk: ") if lines else f"commsdesk ended with status {status}"
    )
