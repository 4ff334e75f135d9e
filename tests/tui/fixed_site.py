"""The sample site at a time that stands still: the same screens, cell by cell, in every run."""

import importlib
import os
import pkgutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import tui
from demo_data.sample_setup import FLAKY, XML
from scheduling.gateways.outcome import GatewayError
from scheduling.gateways.xml_api.codes import CODES as XML_API
from scheduling.monitor import judge
from storage import handlers
from storage.database import Transaction
from storage.site import open_site
from storage.tables import leases
from storage.vocabulary import OutcomeKind
from tests.sample import SampleSites
from tui.console.pictured import PicturedConsole
from tui.console.preferences import Preferences
from tui.console.settings import ConsoleSettings
from tui.operations.desk import Desk

NOW = datetime(2026, 3, 18, 14, 5, 20, tzinfo=UTC)  # a Wednesday, far from any change of the clocks
ENGINE_PID = 4021
JUST_NOW = timedelta(seconds=3)


class _LikeDatetime(type(datetime)):  # type: ignore[misc]
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class StandingStill(datetime, metaclass=_LikeDatetime):
    """`datetime` with a `now` that does not move; what it makes are plain datetimes."""

    def __new__(cls, *args: Any, **named: Any) -> Any:
        return datetime(*args, **named)  # noqa: DTZ001

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return NOW.astimezone(tz) if tz else NOW.astimezone().replace(tzinfo=None)


@contextmanager
def time_stands_still() -> Iterator[None]:
    """Every "now" of the console is `NOW`, and the machine's zone is UTC."""
    for found in pkgutil.walk_packages(tui.__path__, "tui."):
        if not found.name.startswith("tui.cli"):
            importlib.import_module(found.name)
    kept = [
        module
        for name, module in sys.modules.items()
        if name.startswith("tui.") and getattr(module, "datetime", None) is datetime
    ]
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    for module in kept:
        module.datetime = StandingStill  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in kept:
            module.datetime = datetime  # type: ignore[attr-defined]
        os.environ.pop("TZ")
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()


def copy_fixed(samples: SampleSites, folder: Path) -> None:
    """The sample site as of `NOW`, with an engine elsewhere that keeps it going."""
    samples.copy(folder, NOW)
    database = open_site(folder, now=lambda: NOW)
    try:
        with database.write() as tx:
            _engine_elsewhere(tx)
            _handlers_checked(tx)
    finally:
        database.close()


def build_new(folder: Path) -> None:
    """A site in which nothing was made yet, with an engine elsewhere."""
    database = open_site(folder, now=lambda: NOW)
    try:
        with database.write() as tx:
            _engine_elsewhere(tx)
    finally:
        database.close()


def _engine_elsewhere(tx: Transaction) -> None:
    """A holder on a machine that cannot be asked about: judged by its beat, which is fresh."""
    tx.execute(
        sa.update(leases).values(
            holder="elsewhere",
            holder_kind="run",
            holder_pid=ENGINE_PID,
            holder_boot_id="another boot",
            holder_pid_namespace="another",
            holder_process_start="0",
            beaten_at=NOW - JUST_NOW,
        )
    )


def _handlers_checked(tx: Transaction) -> None:
    for handler in handlers.listing(tx.connection):
        before = handlers.status_of(tx.connection, handler.id)
        if handler.name == XML:
            code = XML_API["001"]
            error = GatewayError(OutcomeKind.ACCOUNT, f"001 {code.meaning}", code.advice, "001")
            values, said = judge(handler, before, error, NOW - JUST_NOW)
            tx.review(NOW - JUST_NOW, *said)
        else:
            ago = timedelta(seconds=45 if handler.name == FLAKY else 20)
            values = {"status": "Running", "checked_at": NOW - ago, "checked_revision": handler.revision}
        handlers.set_status(tx, handler.id, **values)


def open_fixed(folder: Path) -> Desk:
    """Somebody named ana at the site. Close `desk.database` when done."""
    return Desk(open_site(folder, now=lambda: NOW), "ana", now=lambda: NOW)


def pictured(desk: Desk, theme: str = "dark") -> PicturedConsole:
    """The console at this desk, without an engine, as North Gate's operator sees it."""
    settings = ConsoleSettings(
        Path(), engine=False, place="North Gate", preferences=Preferences(options={"theme": theme})
    )
    return PicturedConsole(settings, open_desk=lambda: desk)
