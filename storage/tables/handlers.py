"""Communication handlers: what an operator set, and what the engine found."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from storage.sql_values import one_of
from storage.tables.base import (
    STRICT,
    duration,
    flag,
    identity,
    json_text,
    moment,
    money,
    number,
    reference,
    text,
    word,
)
from storage.vocabulary import HandlerState, OnUnknown, Pause

# The others follow from whether it is enabled and whether an engine runs.
STORED_STATES = (HandlerState.STARTING, HandlerState.RUNNING, HandlerState.ERROR)


class HandlerRow(SQLModel, table=True):
    """A handler as its editor shows it. Removed handlers stay, so that history can name them."""

    __tablename__ = "handler"
    __table_args__ = (
        sa.CheckConstraint(one_of("on_unknown", OnUnknown)),
        sa.Index("handler_name", "name_key", unique=True, sqlite_where=sa.text("removed_at IS NULL")),
        STRICT,
    )
    id: int | None = identity()
    name: str = text()
    name_key: str = text()
    api_type: str = text()  # the name of a gateway; which there are is not the store's to know
    enabled: bool = flag()
    settings: dict[str, Any] = json_text()  # those of its gateway, by key
    secret: bytes | None = Field(default=None, sa_column=sa.Column("secret", sa.BLOB))
    secret_hint: str = text("")
    allow_plain_http: bool = flag(False)
    retry_rate: timedelta = duration()
    stop_retrying_after: timedelta = duration()
    on_unknown: OnUnknown = word(OnUnknown)
    useful_life: timedelta = duration()
    telephone_field_id: int | None = reference("custom_field.id", None)
    most_parts: int = number()
    batch_size: int = number()
    max_connections: int = number()
    rate_per_minute: int | None = number(None)
    total_timeout: timedelta = duration()
    notes: str = text("")
    revision: int = number()
    created_at: datetime = moment()
    changed_at: datetime = moment()
    removed_at: datetime | None = moment(None)
    low_balance: Decimal | None = money(None)
    proxy: str | None = text(None)
    proxy_secret: bytes | None = Field(default=None, sa_column=sa.Column("proxy_secret", sa.BLOB))
    proxy_secret_hint: str | None = text(None)
    ca_file: str | None = text(None)


class HandlerStatusRow(SQLModel, table=True):
    """What the engine last found of a handler, and why it is paused if it is."""

    __tablename__ = "handler_status"
    __table_args__ = (
        sa.CheckConstraint(one_of("status", STORED_STATES)),
        sa.CheckConstraint(one_of("pause", Pause)),
        STRICT,
    )
    handler_id: int = reference("handler.id", primary_key=True)
    status: HandlerState = word(HandlerState)
    balance: Decimal | None = money(None)
    currency: str | None = text(None)
    code: str | None = text(None)
    error: str | None = text(None)
    advice: str | None = text(None)
    checked_at: datetime | None = moment(None)
    checked_revision: int | None = number(None)
    last_accepted_at: datetime | None = moment(None)
    pause: Pause | None = word(Pause, None)
    pause_code: str | None = text(None)
    paused_until: datetime | None = moment(None)
    paused_revision: int | None = number(None)
    balance_at_refusal: Decimal | None = money(None)
    probe_at: datetime | None = moment(None)
    pause_ends: str | None = text(None)  # scheduling.gateways.codes.Recovery
    paused_attempt: int | None = number(None)  # attempts with a higher id began after the pause
    not_sent_at: datetime | None = moment(None)  # since when connections are refused
