"""Making a database, and bringing an older one to the present schema."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from storage import sqlite
from storage.errors import UpgradeRefused

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = threading.Lock()  # alembic's context is one a process


def upgrade(connection: sa.Connection, to: int) -> None:
    """Run the steps up to a schema version inside the caller's transaction, then check references."""
    # Alembic is only loaded when there is something to upgrade.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _MIGRATING:
        command.upgrade(config, f"{to:04d}")
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise UpgradeRefused(f"the upgrade to schema {to} would break references: {broken[0]}")
    connection.exec_driver_sql(f"PRAGMA user_version = {to}")


def run_upgrade(path: Path, to: int, check: Callable[[sa.Connection], None]) -> None:
    """Upgrade the file in one BEGIN IMMEDIATE with foreign keys off, after `check` agreed to it."""
    engine = sqlite.make_engine(path)
    try:
        with engine.connect() as connection:
            # Outside a transaction, or SQLite ignores it; rebuilding a table must not move its children.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            connection.execution_options(begin="IMMEDIATE")
            with connection.begin():
                found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                if found < to:
                    check(connection)
                    connection.exec_driver_sql(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
                    upgrade(connection, to)
    finally:
        engine.dispose()


def copy_before_upgrade(path: Path, version: int, now: datetime) -> Path:
    """A consistent copy of the database beside it, named after its schema and the time (UTC)."""
    target = path.with_name(f"{path.stem}-schema{version}-{now:%Y%m%dT%H%M%SZ}.sqlite3")
    connection = sqlite.connect(path)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()
    target.chmod(0o600)
    return target
