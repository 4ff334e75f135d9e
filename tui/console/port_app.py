"""The port of the console but for the sections: the site is read on threads, the person is asked and told."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from textual.screen import Screen

from tui.terminal.textual_private import WatchedApp
from tui.text.plain import plain_str

if TYPE_CHECKING:
    import sqlalchemy as sa

    from scheduling.engine_thread import EngineThread
    from tui.operations.desk import Desk

P = ParamSpec("P")
T = TypeVar("T")


WIDE = 120  # columns from which a screen has its detail beside its list


class PortApp(WatchedApp):
    """Reads and writes on threads, asks and tells. Where the sections are is the console's own."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - as Textual declares it

    def __init__(self) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self.awaited: set[asyncio.Future[Any]] = set()
        """Answers of people that workers wait for."""

    @property
    def engine(self) -> "EngineThread | None":
        """The engine that this app has started; None without one."""
        return None

    def edited(self, what: object) -> None:
        """An editor has closed; `what` is what it saved, None where that is nothing."""

    # The site

    async def read(
        self, query: "Callable[Concatenate[sa.Connection, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a storage query on a thread with a connection of its own."""
        desk = self._open_desk()
        return await asyncio.to_thread(lambda: desk.read(query, *args, **kwargs))

    async def operate(
        self, operation: "Callable[Concatenate[Desk, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation on a thread, and nudge the engine: there may be something to do."""
        desk = self._open_desk()
        result = await asyncio.to_thread(lambda: operation(desk, *args, **kwargs))
        self.nudge()
        return result

    async def ask(
        self, question: "Callable[Concatenate[Desk, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation that only reads, on a thread."""
        desk = self._open_desk()
        return await asyncio.to_thread(lambda: question(desk, *args, **kwargs))

    def nudge(self) -> None:
        """Let the engine look for work now."""
        if self.engine is not None and self.engine.engine is not None:
            self.engine.engine.nudge()

    def _open_desk(self) -> "Desk":
        assert self.desk is not None, "nothing is read or written before the site is open"
        return self.desk

    # The person

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:
        self.with_width(screen)
        return super().push_screen(screen, *args, **options)

    def with_width(self, screen: Any) -> None:
        """Give a screen the class that Textual would give it once it stands, and style all of it anew for."""
        if isinstance(screen, Screen) and not screen.is_attached:
            screen.add_class("-wide" if self.size.width >= WIDE else "-narrow", update=False)

    async def ask_person(self, question: Screen[T]) -> T | None:
        """Show a question and wait for its answer. Only from a worker or an action run as one."""
        # Where what waits is called off, the question stays, and its answer must find a place to go.
        answer = asyncio.shield(self.push_screen(question, wait_for_dismiss=True))
        self.awaited.add(answer)
        try:
            given: T | None = await answer
            return given
        finally:
            self.awaited.discard(answer)

    def open_editor(self, load: "Callable[[], Awaitable[Screen[Any]]]") -> None:
        """Read what an editor needs on a thread, then show it."""

        async def show() -> None:
            try:
                self.push_screen(await load(), self.edited)
            except Exception as error:
                self.tell(str(error) or type(error).__name__, problem=True)

        # The worker makes the coroutine: one that is replaced before it begins leaves none unawaited.
        begun = cast(Callable[[], None], show)
        self.run_worker(begun, group="editor", exclusive=True, exit_on_error=False)

    def tell(self, text: str, *, problem: bool = False) -> None:
        """A line at the edge of the screen that goes away by itself. Outside text is made plain."""
        self.notify(plain_str(text), severity="error" if problem else "information", markup=False)

    def warn(self, text: str) -> None:
        """The same, for something that was done and has a consequence that one should know."""
        self.notify(plain_str(f"▲ {text}"), severity="warning", markup=False)

    def in_background(self, work: Coroutine[Any, Any, Any], group: str) -> None:
        """Do something that waits without holding up the keys; the newest of a group replaces the others."""
        self.run_worker(work, group=group, exclusive=True, exit_on_error=False)
