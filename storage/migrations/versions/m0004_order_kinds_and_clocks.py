"""Review kinds, the order of messages, who was told, clocks, and ways out for handlers."""

from alembic import op

revision = "0004"
down_revision = "0003"

REVIEW: tuple[str, ...] = (
    "ALTER TABLE review ADD COLUMN kind TEXT",
    "ALTER TABLE review ADD COLUMN digest_version INTEGER",
    "CREATE INDEX review_kind ON review (kind, id) WHERE kind IS NOT NULL",
)

OUTBOX: tuple[str, ...] = (
    "ALTER TABLE message ADD COLUMN order_group INTEGER",
    "ALTER TABLE message ADD COLUMN behind_since INTEGER",
    "ALTER TABLE message ADD COLUMN next_planned_at INTEGER",
    "ALTER TABLE message ADD COLUMN freed_after INTEGER",
    "ALTER TABLE message ADD COLUMN resent_at INTEGER",
    # Never tried, tried, behind an older one: each is found by an index of its own.
    "DROP INDEX message_due",
    "DROP INDEX message_unattempted",
    "CREATE INDEX message_fresh ON message (handler_id, lane, rank, id)"
    " WHERE state = 'queued' AND first_attempt_at IS NULL AND next_attempt_at IS NOT NULL",
    "CREATE INDEX message_due ON message (handler_id, lane, next_attempt_at, rank, id)"
    " WHERE state = 'queued' AND first_attempt_at IS NOT NULL",
    "CREATE INDEX message_unattempted ON message (expires_at)"
    " WHERE state = 'queued' AND first_attempt_at IS NULL AND next_attempt_at IS NOT NULL",
    "CREATE INDEX message_behind ON message (expires_at) WHERE state = 'queued' AND behind_since IS NOT NULL",
    "CREATE INDEX message_order ON message (order_group, to_number, handler_id, id)"
    " WHERE order_group IS NOT NULL AND state IN ('queued', 'sending')",
    "CREATE INDEX message_to ON message (to_number, id) WHERE order_group IS NOT NULL",
    "CREATE INDEX message_undecided ON message (id) WHERE state = 'unknown' AND error_code IS NOT 'withdrawn'",
    # What failed today is counted once a second by every console.
    "CREATE INDEX message_failed ON message (finished_at, state)"
    " WHERE state IN ('failed', 'expired', 'undelivered')",
)

ALERTS: tuple[str, ...] = (
    # Two more kinds of recipients: everyone told so far, and (prepared) whoever is on duty.
    """
CREATE TABLE action_recipient_new (
    action_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    user_id INTEGER,
    group_id INTEGER,
    number TEXT,
    kind TEXT,
    roster_id INTEGER,
    PRIMARY KEY (action_id, position),
    CHECK (kind IN ('told', 'duty')),
    CHECK ((roster_id IS NOT NULL) = (kind IS NOT NULL AND kind = 'duty')),
    CHECK ((user_id IS NOT NULL) + (group_id IS NOT NULL) + (number IS NOT NULL) + (kind IS NOT NULL) = 1),
    FOREIGN KEY(action_id) REFERENCES action (id),
    FOREIGN KEY(user_id) REFERENCES user (id),
    FOREIGN KEY(group_id) REFERENCES user_group (id)
)
 STRICT
""",
    "INSERT INTO action_recipient_new (action_id, position, user_id, group_id, number)"
    " SELECT action_id, position, user_id, group_id, number FROM action_recipient",
    "DROP TABLE action_recipient",
    "ALTER TABLE action_recipient_new RENAME TO action_recipient",
    "ALTER TABLE submission ADD COLUMN why TEXT",
    # The message on whose answer a message to those told waits, while it waits for it.
    "ALTER TABLE message ADD COLUMN told_by INTEGER",
    "CREATE INDEX message_told_by ON message (told_by) WHERE told_by IS NOT NULL",
    # When its tab was last sent again because nobody had been told, and the pause after that.
    "ALTER TABLE occurrence ADD COLUMN sent_again_at INTEGER",
    "ALTER TABLE occurrence ADD COLUMN sent_again_pause INTEGER",
)

CLOCK: tuple[str, ...] = (
    "ALTER TABLE message ADD COLUMN clock_boot INTEGER",
    "ALTER TABLE message ADD COLUMN clock_offset INTEGER",
    "ALTER TABLE lease ADD COLUMN clock_boot INTEGER",
    "ALTER TABLE lease ADD COLUMN clock_offset INTEGER",
)

HANDLERS: tuple[str, ...] = (
    "ALTER TABLE handler ADD COLUMN proxy TEXT",
    "ALTER TABLE handler ADD COLUMN proxy_secret BLOB",
    "ALTER TABLE handler ADD COLUMN proxy_secret_hint TEXT",
    "ALTER TABLE handler ADD COLUMN ca_file TEXT",
    "ALTER TABLE handler_status ADD COLUMN pause_ends TEXT",
    "ALTER TABLE handler_status ADD COLUMN paused_attempt INTEGER",
    "ALTER TABLE handler_status ADD COLUMN not_sent_at INTEGER",
)

OPERATORS: tuple[str, ...] = ()


# Names hold nothing any more that cannot be seen (storage/names.py). Two that would become one stay.
UNSEEN = (0xFEFF, 0x200B, 0x00AD, 0x2060, 0x200E, 0x200F)


def _seen(column: str) -> str:
    for code in UNSEEN:
        column = f"replace({column}, char({code}), '')"
    return f"trim({column})"


NAMES = tuple(
    f"UPDATE OR IGNORE {table} SET name = {_seen('name')}, name_key = {_seen('name_key')}"
    f" WHERE name_key GLOB '*[' || char({', '.join(map(str, UNSEEN))}) || ']*' AND {_seen('name_key')} <> ''"
    for table in (
        "user",
        "user_group",
        "custom_field",
        "handler",
        "task",
        "alert",
        "message_template",
        "operator",
    )
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*REVIEW, *OUTBOX, *ALERTS, *CLOCK, *HANDLERS, *OPERATORS, *NAMES):
        connection.exec_driver_sql(statement)
