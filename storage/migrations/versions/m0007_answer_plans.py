"""Answer plans: the steps of an alert, levels of its actions, and where each occurrence stands in them."""

from alembic import op

revision = "0007"
down_revision = "0006"

# Rebuilt, as SQLite cannot change a CHECK: the program raises one more of its own.
ALERTS: tuple[str, ...] = (
    """
CREATE TABLE alert_new (
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
    "plan" TEXT,
    plan_then TEXT,
    claim_lasts INTEGER,
    PRIMARY KEY (id),
    CHECK (priority BETWEEN 1 AND 9),
    CHECK (system IN ('handler in error', 'balance low', 'message failed', 'unanswered')),
    CHECK (plan_then IN ('stop', 'again'))
)
 STRICT
""",
    "INSERT INTO alert_new (id, name, name_key, priority, description, enabled, system, useful_life, revision,"
    " created_at, changed_at, removed_at)"
    " SELECT id, name, name_key, priority, description, enabled, system, useful_life, revision,"
    " created_at, changed_at, removed_at FROM alert",
    "DROP TABLE alert",
    "ALTER TABLE alert_new RENAME TO alert",
    "CREATE UNIQUE INDEX alert_name ON alert (name_key) WHERE removed_at IS NULL",
    "ALTER TABLE action ADD COLUMN level INTEGER",
)

OCCURRENCES: tuple[str, ...] = (
    "ALTER TABLE occurrence ADD COLUMN level INTEGER",
    "ALTER TABLE occurrence ADD COLUMN step INTEGER",
    "ALTER TABLE occurrence ADD COLUMN round INTEGER",
    "ALTER TABLE occurrence ADD COLUMN step_id INTEGER",
    "ALTER TABLE occurrence ADD COLUMN step_at INTEGER",
    "ALTER TABLE occurrence ADD COLUMN answer_due_at INTEGER",
    "ALTER TABLE occurrence ADD COLUMN plan_rest TEXT",
    "ALTER TABLE occurrence ADD COLUMN round_pause INTEGER",
    "ALTER TABLE occurrence ADD COLUMN claim_until INTEGER",
    "ALTER TABLE occurrence ADD COLUMN claim_lasts INTEGER",
    "ALTER TABLE occurrence ADD COLUMN times_told INTEGER",
    # What was escalated has entered the one level that there was.
    "UPDATE occurrence SET level = 1 WHERE stage IN ('Created', 'Claimed', 'Actioned', 'Escalated') AND EXISTS"
    " (SELECT 1 FROM occurrence_event WHERE occurrence_id = occurrence.id AND what = 'Escalated')",
    "CREATE INDEX occurrence_answer_due ON occurrence (answer_due_at) WHERE answer_due_at IS NOT NULL",
    "CREATE INDEX occurrence_claim_until ON occurrence (claim_until) WHERE claim_until IS NOT NULL",
    """
CREATE TABLE occurrence_step (
    id INTEGER NOT NULL,
    occurrence_id INTEGER NOT NULL,
    round INTEGER NOT NULL,
    step INTEGER,
    what TEXT NOT NULL,
    level INTEGER NOT NULL,
    due_at INTEGER,
    made_at INTEGER NOT NULL,
    epoch INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(occurrence_id) REFERENCES occurrence (id)
)
 STRICT
""",
    "CREATE UNIQUE INDEX occurrence_step_once ON occurrence_step (occurrence_id, round, step)",
    "ALTER TABLE message ADD COLUMN step_id INTEGER",
)

UNANSWERED = ("Unanswered", "Unanswered alert", "Unanswered alert (program)")
FIELDS = ("Alert", "Key", "Raised At", "Told")


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*ALERTS, *OCCURRENCES):
        connection.exec_driver_sql(statement)
    taken = {
        row[0] for row in connection.exec_driver_sql("SELECT name_key FROM alert WHERE removed_at IS NULL")
    }
    # An operator's alert keeps its name.
    named = (*UNANSWERED, *(f"Unanswered {number}" for number in range(2, len(taken) + 3)))
    name = next(name for name in named if name.casefold() not in taken)
    made = connection.exec_driver_sql(
        "INSERT INTO alert (name, name_key, priority, description, enabled, system, revision, created_at,"
        " changed_at) VALUES (?, ?, 1, '', 0, 'unanswered', 1, 0, 0) RETURNING id",
        (name, name.casefold()),
    ).scalar_one()
    for place, field in enumerate(FIELDS):
        connection.exec_driver_sql(
            "INSERT INTO alert_field (alert_id, position, name) VALUES (?, ?, ?)", (made, place, field)
        )
