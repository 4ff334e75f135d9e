"""One console of `commsdesk web`, a process for each tab: `python -m tui.cli.web_console --data DIR …`.

Not a command of its own: it speaks Textual's web protocol on its standard streams, to the server
that has started it, and ends when that server or the tab does.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from storage.errors import StorageError
from storage.vocabulary import InstanceKind
from tui.cli import context
from tui.cli.output import note, steady
from tui.operations.errors import Refused, on_command_line


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="commsdesk web console")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--operator")
    parser.add_argument("--no-engine", action="store_true")
    parser.add_argument("--theme")
    given = parser.parse_args(arguments)
    steady()
    try:
        from tui.cli.console import open_console

        context.configure(given.data, given.operator)
        return open_console(engine=not given.no_engine, theme=given.theme, kind=InstanceKind.WEB)
    except (Refused, StorageError) as error:
        note(f"commsdesk: {on_command_line(error)}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
