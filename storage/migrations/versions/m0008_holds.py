"""Holds: quiet hours, silences and limits, what they hold back, and alerts that settle."""

from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS: tuple[str, ...] = (
    "ALTER TABLE alert ADD COLUMN settle INTEGER",
    "ALTER TABLE occurrence ADD COLUMN kept_back TEXT",
    "ALTER TABLE occurrence ADD COLUMN settle_at INTEGER",
    "ALTER TABLE occurrence ADD COLUMN settle_tab TEXT",
)

TABLES: tuple[str, ...] = (
    """
CREATE TABLE hold (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    user_id INTEGER,
    group_id INTEGER,
    windows TEXT,
    zone TEXT,
    through INTEGER,
    tell_all INTEGER NOT NULL,
    alert_id INTEGER,
    "key" TEXT,
    from_at INTEGER,
    until_at INTEGER,
    length INTEGER,
    reason TEXT NOT NULL,
    ended_at INTEGER,
    ended_by TEXT,
    most INTEGER,
    per INTEGER,
    made_by TEXT,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    CHECK (kind IN ('quiet', 'silence', 'limit')),
    FOREIGN KEY(user_id) REFERENCES user (id),
    FOREIGN KEY(group_id) REFERENCES user_group (id),
    FOREIGN KEY(alert_id) REFERENCES alert (id)
)
 STRICT
""",
    """
CREATE INDEX hold_present ON hold (kind) WHERE removed_at IS NULL
""",
    """
CREATE TABLE held (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    hold_id INTEGER NOT NULL,
    user_id INTEGER,
    user_name TEXT,
    to_number TEXT NOT NULL,
    handler_id INTEGER NOT NULL,
    origin TEXT NOT NULL,
    operator TEXT,
    task_id INTEGER,
    run_id INTEGER,
    alert_id INTEGER,
    occurrence_id INTEGER,
    stage TEXT,
    priority INTEGER,
    body TEXT NOT NULL,
    segments INTEGER NOT NULL,
    useful_life INTEGER NOT NULL,
    why TEXT NOT NULL,
    since TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by TEXT,
    end_reason TEXT,
    message_id INTEGER,
    named INTEGER NOT NULL,
    CHECK (state IN ('held', 'released', 'dropped', 'over')),
    CHECK (kind IN ('quiet', 'silence', 'limit')),
    FOREIGN KEY(hold_id) REFERENCES hold (id),
    FOREIGN KEY(user_id) REFERENCES user (id),
    FOREIGN KEY(handler_id) REFERENCES handler (id),
    FOREIGN KEY(task_id) REFERENCES task (id),
    FOREIGN KEY(run_id) REFERENCES task_run (id),
    FOREIGN KEY(message_id) REFERENCES message (id)
)
 STRICT
""",
    """
CREATE INDEX held_message ON held (message_id) WHERE message_id IS NOT NULL
""",
    """
CREATE INDEX held_occurrence ON held (occurrence_id) WHERE occurrence_id IS NOT NULL
""",
    """
CREATE INDEX held_to ON held (to_number, handler_id) WHERE state = 'held'
""",
    """
CREATE INDEX held_until ON held (until_at) WHERE state = 'held'
""",
    """
CREATE TABLE held_release (
    kind TEXT NOT NULL,
    hold_id INTEGER NOT NULL,
    person TEXT NOT NULL,
    handler_id INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    message_id INTEGER,
    PRIMARY KEY (kind, hold_id, person, handler_id, due_at)
)
 STRICT
""",
    """
CREATE TABLE limit_place (
    id INTEGER NOT NULL,
    number TEXT NOT NULL,
    at INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
""",
    """
CREATE INDEX limit_place_of ON limit_place (number, at)
""",
    """
CREATE INDEX occurrence_kept_back ON occurrence (id) WHERE kept_back IS NOT NULL
""",
    """
CREATE INDEX occurrence_settle ON occurrence (settle_at) WHERE settle_at IS NOT NULL
""",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*COLUMNS, *TABLES):
        connection.exec_driver_sql(statement)
