"""Reading and writing the site off the screen's thread."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    import sqlalchemy as sa

    from scheduling.engine_thread import EngineThread
    from tui.operations.desk import Desk

P = ParamSpec("P")
T = TypeVar("T")


class SiteCalls:
    """What a console does with the site that it has open: each call is made on a thread."""

    desk: "Desk | None"

    @property
    def engine(self) -> "EngineThread | None":
        """The engine that this console has started; None without one."""
        raise NotImplementedError

    async def read(
        self, query: "Callable[Concatenate[sa.Connection, P], T]", *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a storage query on a thread with a connection of its own."""
        desk = self._open_desk()

        def run() -> T:
            with desk.database.read() as connection:
                return query(connection, *args, **kwargs)

        return await asyncio.to_thread(run)

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
