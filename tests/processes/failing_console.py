"""`failing_console.py HOW TIMES DATA`: the console of a site whose screen fails, so many times, in one way.

HOW is "compose" (as the screen is built), "key" (as v is handled), "timer" or "worker" (as v is pressed).
"""

import sys
from pathlib import Path

from textual import events

from tui.cli import context
from tui.cli.console import open_console
from tui.console.main_screen import MainScreen

left = [0]


def fail() -> None:
    if left[0] > 0:
        left[0] -= 1
        raise ZeroDivisionError("a fault for the test; api_key=SECRET0123456789")


def main(how: str, times: str, data: str) -> int:
    left[0] = int(times)
    if how == "compose":
        composed = MainScreen.compose

        def compose(self):  # type: ignore[no-untyped-def]
            fail()
            return composed(self)

        MainScreen.compose = compose  # type: ignore[method-assign]

    def on_key(self: MainScreen, event: events.Key) -> None:
        if event.key != "v":
            return
        if how == "key":
            fail()
        elif how == "timer":
            self.set_timer(0.01, fail)
        elif how == "worker":

            async def work() -> None:
                fail()

            self.run_worker(work())

    MainScreen.on_key = on_key  # type: ignore[attr-defined]
    context.configure(Path(data), None)
    return open_console()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
