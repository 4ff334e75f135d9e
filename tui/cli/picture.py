"""A picture of a section on standard output, for the notebook: `python -m tui.cli.picture SECTION …`.

A process of its own, because a console takes standard output for itself while it runs.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from storage.errors import StorageError
from tui.cli import context
from tui.cli.existing_site import existing_desk
from tui.cli.output import note, steady
from tui.operations.errors import Refused, on_command_line


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="commsdesk picture")
    parser.add_argument("section")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--operator")
    parser.add_argument("--width", type=int, default=120)
    parser.add_argument("--height", type=int, default=34)
    given = parser.parse_args(arguments)
    steady()
    try:
        context.configure(given.data, given.operator)
        print(_picture(given.section, (given.width, given.height)))  # SVG, for a program
    except (Refused, StorageError) as error:
        note(f"commsdesk: {on_command_line(error)}")
        return 1
    return 0


def _picture(section: str, size: tuple[int, int]) -> str:
    from tui.console.pictured import picture, section_named
    from tui.console.settings import ConsoleSettings

    name = section_named(section)
    chosen = context.global_options()
    with existing_desk() as desk:
        settings = ConsoleSettings(chosen.folder, chosen.operator, engine=False)
        return asyncio.run(picture(desk, settings, name, size))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
