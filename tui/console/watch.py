"""Watches the site for the console: a thread that tells the app what is new, whoever wrote it.

It polls `PRAGMA data_version` (microseconds), reads only when something has changed, and
posts messages: it never touches a widget and never waits for the screen.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from storage.records import Review
from tui.operations.errors import SignedOut
from tui.operations.overview import Overview, read_overview

if TYPE_CHECKING:
    from storage.vocabulary import Role
    from tui.operations.desk import Desk

log = logging.getLogger(__name__)

LOOK_EVERY = 0.2  # seconds
STALE_AFTER = 5.0  # the overview is read again even when nothing was written: a holder may have died
SHOWN_AT_START = 200
AT_ONCE = 500


class SiteChanged(Message):
    """The site as it is now. `wrote` is false when only the time has passed."""

    def __init__(self, overview: Overview, wrote: bool) -> None:
        super().__init__()
        self.overview = overview
        self.wrote = wrote

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SiteChanged) and self.wrote >= message.wrote


class Reviewed(Message):
    """New entries of the review, the oldest first."""

    def __init__(self, entries: list[Review]) -> None:
        super().__init__()
        self.entries = entries


class WatchFailed(Message):
    """The site cannot be read at the moment; None when it can again."""

    def __init__(self, reason: str | None) -> None:
        super().__init__()
        self.reason = reason


class RoleChanged(Message):
    """What the operator may do from now on."""

    def __init__(self, role: "Role") -> None:
        super().__init__()
        self.role = role


class SignedOff(Message):
    """The operator may not be here any more."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(slots=True)
class _Seen:
    role: "Role"
    review_id: int = 0
    overview: Overview | None = None


class SiteWatch:
    """The thread. `post` must be safe to call from it (`App.post_message` is)."""

    def __init__(self, desk: "Desk", post: Callable[[Message], object]) -> None:
        self._desk = desk
        self._post = post
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._seen = _Seen(desk.role)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        watch = None
        quiet = STALE_AFTER
        failed = False
        while not self._stop.is_set():
            try:
                if watch is None:
                    watch = self._desk.database.watch()
                changed = watch.changed()
                if changed or quiet >= STALE_AFTER:
                    self._look(changed)
                    quiet = 0.0
                if failed:
                    failed = False
                    self._post(WatchFailed(None))
            except SignedOut as over:
                self._post(SignedOff(over.message))
                break
            except Exception as error:
                log.warning("the site cannot be read: %s", error)
                self._post(WatchFailed(str(error)))
                failed, quiet = True, STALE_AFTER
            quiet += LOOK_EVERY
            self._stop.wait(LOOK_EVERY)
        if watch is not None:
            watch.close()

    def _look(self, wrote: bool) -> None:
        from storage import review

        with self._desk.database.read() as connection:
            role = self._desk.standing(connection)
            overview = read_overview(connection, self._desk.now())
            if self._seen.review_id == 0:
                entries = list(reversed(review.before(connection, None, SHOWN_AT_START)))
            else:
                entries = review.after(connection, self._seen.review_id, AT_ONCE)
        if role != self._seen.role:
            self._seen.role = role
            self._post(RoleChanged(role))
        if entries:
            self._seen.review_id = entries[-1].id
            self._post(Reviewed(entries))
        if wrote or overview != self._seen.overview:
            self._seen.overview = overview
            self._post(SiteChanged(overview, wrote))
        if len(entries) == AT_ONCE:
            self._look(True)
