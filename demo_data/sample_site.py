"""The sample site: North Gate, a tank terminal with people, rules, a past and messages that wait."""

import json
import random
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from demo_data.sample_clickatell import Addresses
from demo_data.sample_duty import add_roster
from demo_data.sample_past import Past
from demo_data.sample_setup import set_up
from demo_data.sample_story import Pace, Story
from scheduling.handler_state import NO_PAUSE
from storage import handlers, review_head
from storage.database import Database, Transaction
from storage.errors import StorageError
from storage.folder import DataFolder
from storage.records import ReviewEntry
from storage.site import open_site
from storage.tables import site_values
from storage.vocabulary import Category, EntryKind, HandlerState

NAME = "North Gate"
PAST = timedelta(days=8, hours=6)
QUIET = timedelta(seconds=5)  # between the end of the past and `now`

_MARK = "sample_site"  # the site value that tells a sample site from a real one


def build(
    folder: Path, addresses: Addresses, now: datetime, *, pace: Pace | None = None, seed: int = 2026
) -> None:
    """Make the sample site in a new or empty folder, as it stands at `now` (aware UTC).

    The same seed and `now` give the same people, rules, messages and words; only the site's keys
    and the messages' client ids are its own. `pace` says when the waiting messages are tried
    again. Raises `StorageError` when the folder cannot be used.
    """
    # A site's folder becomes private to its owner: not what somebody wants of a folder in use.
    if folder.is_dir() and any(folder.iterdir()):
        raise StorageError(f"{folder} is not empty: name a new folder for the sample site")
    began = now - PAST
    database = open_site(folder, now=lambda: began)
    try:
        with database.write() as tx:
            _write(database, tx, addresses, began, now, pace or Pace(), seed)
    except BaseException:
        database.close()
        _take_away(folder)
        raise
    database.close()


def _write(
    database: Database,
    tx: Transaction,
    addresses: Addresses,
    began: datetime,
    now: datetime,
    pace: Pace,
    seed: int,
) -> None:
    _mark(tx, addresses)
    tx.review(began, ReviewEntry(Category.SYSTEM, f"sample site {NAME} made", kind=EntryKind.SITE))
    cast = set_up(database, tx, addresses, began + timedelta(minutes=1))
    add_roster(tx, cast, began + timedelta(minutes=9, seconds=55), now)
    past = Past(tx, now - QUIET, random.Random(seed))
    Story(past, cast, began, now).tell(pace)
    past.play()
    for handler_id in cast.handlers.values():
        handlers.set_status(tx, handler_id, status=HandlerState.STARTING, **NO_PAUSE)


def _take_away(folder: Path) -> None:
    """A site that was not finished is no site."""
    made = DataFolder(folder)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{made.database}{suffix}").unlink(missing_ok=True)
    made.secret_key.unlink(missing_ok=True)
    (folder / review_head.NAME).unlink(missing_ok=True)


def reopen(folder: Path, addresses: Addresses, now: datetime) -> None:
    """Point the handlers of a kept sample site to where the local Clickatells listen today.

    Raises `StorageError` when there is a site that is not a sample site.
    """
    database = open_site(folder, create=False)
    try:
        before = _marked(database)
        if before is None:
            raise StorageError(f"{folder} holds a site of your own, not a sample site: name another folder")
        with database.write() as tx:
            _mark(tx, addresses)
            moved = {asdict(before)[name]: url for name, url in asdict(addresses).items()}
            for handler in handlers.listing(tx.connection):
                settings = {key: moved.get(value, value) for key, value in handler.settings.items()}
                if settings != handler.settings:
                    handlers.change(tx, handler.id, {"settings": settings}, now)
            said = f"sample site {NAME} opened again: its local Clickatells have new addresses"
            tx.review(now, ReviewEntry(Category.SYSTEM, said, kind=EntryKind.SITE))
    finally:
        database.close()


def _mark(tx: Transaction, addresses: Addresses) -> None:
    value = json.dumps(asdict(addresses))
    tx.execute(sa.delete(site_values).where(site_values.c.name == _MARK))
    tx.execute(sa.insert(site_values).values(name=_MARK, value=value))


def _marked(database: Database) -> Addresses | None:
    query = sa.select(site_values.c.value).where(site_values.c.name == _MARK)
    with database.read() as connection:
        found = connection.execute(query).scalar()
    return None if found is None else Addresses(**json.loads(found))
