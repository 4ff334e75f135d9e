"""Alerts with their occurrences, kept message texts, and a handler's low-balance mark."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
CREATE TABLE alert (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    priority INTEGER NOT NULL,
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    system TEXT,
    useful_life INTEGER,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id),
    CHECK (priority BETWEEN 1 AND 9),
    CHECK (system IN ('handler in error', 'balance low', 'message failed'))
)
 STRICT
""",
    """
CREATE UNIQUE INDEX alert_name ON alert (name_key) WHERE removed_at IS NULL
""",
    """
CREATE TABLE message_template (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id)
)
 STRICT
""",
    """
CREATE UNIQUE INDEX message_template_name ON message_template (name_key) WHERE removed_at IS NULL
""",
    """
CREATE TABLE alert_field (
    alert_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    default_value TEXT,
    PRIMARY KEY (alert_id, position),
    FOREIGN KEY(alert_id) REFERENCES alert (id)
)
 STRICT
""",
    """
CREATE TABLE occurrence (
    id INTEGER NOT NULL,
    alert_id INTEGER NOT NULL,
    "key" TEXT,
    stage TEXT NOT NULL,
    count INTEGER NOT NULL,
    owner TEXT,
    given TEXT NOT NULL,
    raised_by TEXT,
    raised_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (id),
    CHECK (stage IN ('Created', 'Claimed', 'Actioned', 'Escalated', 'Restored', 'Finalised')),
    FOREIGN KEY(alert_id) REFERENCES alert (id)
)
 STRICT
""",
    """
CREATE INDEX occurrence_active ON occurrence (stage, id) WHERE stage IN ('Created', 'Claimed', 'Actioned', 'Escalated')
""",
    """
CREATE UNIQUE INDEX occurrence_active_key ON occurrence (alert_id, "key") WHERE key IS NOT NULL AND stage IN ('Created', 'Claimed', 'Actioned', 'Escalated')
""",
    """
CREATE INDEX occurrence_alert ON occurrence (alert_id, id)
""",
    """
CREATE TABLE occurrence_event (
    id INTEGER NOT NULL,
    occurrence_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    operator TEXT,
    note TEXT NOT NULL,
    queued INTEGER NOT NULL,
    left_out INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(occurrence_id) REFERENCES occurrence (id)
)
 STRICT
""",
    """
CREATE INDEX occurrence_event_of ON occurrence_event (occurrence_id, id)
""",
    "ALTER TABLE handler ADD COLUMN low_balance TEXT",
)

# Raised by the program itself once an operator has switched them on.
SYSTEM_ALERTS = (
    ("Handler in error", "handler in error", 2, (("Handler", None), ("Error", None), ("Advice", None))),
    ("Balance low", "balance low", 3, (("Handler", None), ("Balance", None))),
    ("Message failed", "message failed", 3, (("Recipient", None), ("Text", None), ("Error", None))),
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
    for name, system, priority, fields in SYSTEM_ALERTS:
        made = connection.exec_driver_sql(
            "INSERT INTO alert (name, name_key, priority, description, enabled, system, revision, created_at, changed_at)"
            " VALUES (?, ?, ?, '', 0, ?, 1, 0, 0) RETURNING id",
            (name, name.casefold(), priority, system),
        ).scalar_one()
        for place, (field, default) in enumerate(fields):
            connection.exec_driver_sql(
                "INSERT INTO alert_field (alert_id, position, name, default_value) VALUES (?, ?, ?, ?)",
                (made, place, field, default),
            )
