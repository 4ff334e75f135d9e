"""What a screen, an editor, a dialog or a widget may ask of the console that shows it.

They name nothing else of it: `tui.console` stands above them and is never imported by them. Tests
give them a double of this port where the whole console would prove nothing more.
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, runtime_checkable

from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

from tui.operations.errors import Refused
from tui.terminal.textual_private import is_going

if TYPE_CHECKING:
    import sqlalchemy as sa

    from storage.vocabulary import Role
    from tui.operations.desk import Desk
    from tui.operations.local_files import LocalFiles
    from tui.operations.overview import Overview

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@runtime_checkable
class Console(Protocol):
    """The console as the parts of its screen see it."""

    desk: "Desk | None"
    """The site and who is at work; None until the site is open."""
    overview: "Overview"
    """The site at a glance, as it was read last."""
    files: "LocalFiles"
    """The files that the person at this console may name."""

    @property
    def role(self) -> "Role | None":
        """What the operator may do at this moment; None before the site is open."""
        ...

    async def read(
        self, query: "Callable[Concatenate[sa.Connection, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a storage query on a thread with a connection of its own."""
        ...

    async def ask(
        self, question: "Callable[Concatenate[Desk, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation that only reads, on a thread."""
        ...

    async def operate(
        self, operation: "Callable[Concatenate[Desk, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation that writes, on a thread, then let the engine look for work."""
        ...

    async def ask_person(self, question: Screen[T]) -> T | None:
        """Show a question and wait for its answer. Only from a worker, or an action run as one."""
        ...

    def open_editor(self, load: "Callable[[], Awaitable[Screen[Any]]]") -> None:
        """Read what an editor needs, then show it; the section that is shown hears what it saved."""
        ...

    def in_background(self, work: Coroutine[Any, Any, Any], group: str) -> None:
        """Do something that waits without holding up the keys; the newest of a group replaces the others."""
        ...

    def tell(self, text: str, *, problem: bool = False) -> None:
        """A line at the edge of the screen that goes away by itself. Outside text is made plain."""
        ...

    def warn(self, text: str) -> None:
        """The same, for something that was done and has a consequence that one should know."""
        ...

    def nudge(self) -> None:
        """Let the engine look for work now."""
        ...

    def shows(self, section: Widget) -> bool:
        """Whether a section is what the person sees, with no dialog over it."""
        ...

    def go_to_section(self, name: str) -> None:
        """Show a section, where no dialog lies over the sections."""
        ...

    async def show_section(self, name: str) -> Widget | None:
        """Show a section and wait until it is there; None where a dialog lies over the sections."""
        ...


def run_waiting(
    node: DOMNode, work: Coroutine[Any, Any, Any], *, group: str = "action", exclusive: bool = True
) -> None:
    """Do something that asks or waits, in a worker of `node`: the keys go on, and what goes wrong is told.

    Where it is `exclusive`, it takes the place of what the group was doing. It ends with the node.
    """

    async def told() -> None:
        try:
            await work
        except Exception as error:
            if is_going(node):
                return
            console = console_of(node)
            if isinstance(error, Refused):
                console.tell(error.message, problem=True)
                return
            log.exception("an action of %s failed", type(node).__name__)
            console.tell(f"This did not work: {str(error) or type(error).__name__}", problem=True)

    node.run_worker(told(), group=group, exclusive=exclusive, exit_on_error=False)


def console_of(node: MessagePump) -> Console:
    """The console that a part of its screen belongs to."""
    app = node.app
    assert isinstance(app, Console), f"{type(app).__name__} is no console"
    return cast(Console, app)
