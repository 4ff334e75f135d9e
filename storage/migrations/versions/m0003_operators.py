"""Operators with their public keys; an index for what an occurrence sent."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
CREATE TABLE operator (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    role TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    removed_at INTEGER,
    PRIMARY KEY (id),
    CHECK (role IN ('viewer', 'operator', 'administrator'))
)
 STRICT
""",
    "CREATE UNIQUE INDEX operator_name ON operator (name_key) WHERE removed_at IS NULL",
    """
CREATE TABLE operator_key (
    id INTEGER NOT NULL,
    operator_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    comment TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(operator_id) REFERENCES operator (id)
)
 STRICT
""",
    "CREATE UNIQUE INDEX operator_key_data ON operator_key (data)",
    "CREATE INDEX operator_key_of ON operator_key (operator_id)",
    "CREATE INDEX submission_occurrence ON submission (occurrence_id) WHERE occurrence_id IS NOT NULL",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
