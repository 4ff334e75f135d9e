"""Rosters: who is on duty. A task may fire at the hand-overs of one."""

from alembic import op

revision = "0006"
down_revision = "0005"

ROSTERS: tuple[str, ...] = (
    """
CREATE TABLE roster (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    zone TEXT NOT NULL,
    fallback_user_id INTEGER,
    fallback_group_id INTEGER,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id),
    CHECK (fallback_user_id IS NULL OR fallback_group_id IS NULL),
    FOREIGN KEY(fallback_user_id) REFERENCES user (id),
    FOREIGN KEY(fallback_group_id) REFERENCES user_group (id)
)
 STRICT

""",
    "CREATE UNIQUE INDEX roster_name ON roster (name_key) WHERE removed_at IS NULL",
    """
CREATE TABLE roster_rule (
    id INTEGER NOT NULL,
    roster_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    people TEXT NOT NULL,
    every INTEGER NOT NULL,
    unit TEXT NOT NULL,
    weekday INTEGER NOT NULL,
    hand_over INTEGER NOT NULL,
    since TEXT NOT NULL,
    days TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    kept TEXT,
    kept_from INTEGER,
    kept_until INTEGER,
    PRIMARY KEY (id),
    CHECK (unit IN ('days', 'weeks')),
    FOREIGN KEY(roster_id) REFERENCES roster (id)
)
 STRICT

""",
    "CREATE INDEX roster_rule_of ON roster_rule (roster_id, position)",
    """
CREATE TABLE roster_cover (
    id INTEGER NOT NULL,
    roster_id INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    people TEXT NOT NULL,
    for_user_id INTEGER,
    note TEXT NOT NULL,
    made_by TEXT,
    made_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(roster_id) REFERENCES roster (id),
    FOREIGN KEY(for_user_id) REFERENCES user (id)
)
 STRICT

""",
    "CREATE INDEX roster_cover_of ON roster_cover (roster_id, ends_at)",
    """
CREATE TABLE holiday (
    day TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (day)
)
 STRICT

""",
)

TASKS: tuple[str, ...] = ("ALTER TABLE task ADD COLUMN roster_id INTEGER",)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*ROSTERS, *TASKS):
        connection.exec_driver_sql(statement)
