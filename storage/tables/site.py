"""The site itself, the processes that have it open, and the lease on its scheduler."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from storage.tables.base import STRICT, identity, moment, number, text, word
from storage.vocabulary import InstanceKind


class SiteValueRow(SQLModel, table=True):
    """Small facts about the site, by name."""

    __tablename__ = "site_value"
    __table_args__ = (STRICT,)
    name: str = text(primary_key=True)
    value: str = text()


class InstanceRow(SQLModel, table=True):
    """A process that has the site open: for people to see, never for deciding who fires."""

    __tablename__ = "instance"
    __table_args__ = (STRICT,)
    id: str = text(primary_key=True)
    kind: InstanceKind = word(InstanceKind)
    host: str = text()
    boot_id: str = text()
    pid_namespace: str = text()
    pid: int = number()
    process_start: str = text()
    version: str = text()
    schema_version: int = number()
    operator: str | None = text(None)
    started_at: datetime = moment()
    seen_at: datetime = moment()


class LeaseRow(SQLModel, table=True):
    """Who fires. `epoch` is the fencing token; `beat` counts up while the holder lives."""

    __tablename__ = "lease"
    __table_args__ = (CheckConstraint("id = 1"), STRICT)
    id: int | None = identity()
    epoch: int = number()
    beat: int = number()
    holder: str | None = text(None)
    holder_kind: InstanceKind | None = word(InstanceKind, None)
    holder_boot_id: str | None = text(None)
    holder_pid_namespace: str | None = text(None)
    holder_pid: int | None = number(None)
    holder_process_start: str | None = text(None)
    beaten_at: datetime | None = moment(None)  # wall time, for display only
    clock_boot: int | None = number(None)  # storage/written_by.py: the clock that all plans go by
    clock_offset: int | None = number(None)
