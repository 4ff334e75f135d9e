"""The first schema: handlers, users, the outbox, scheduled tasks, the review and the lease."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
CREATE TABLE custom_field (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    type TEXT NOT NULL,
    position INTEGER NOT NULL,
    required INTEGER NOT NULL,
    help TEXT NOT NULL,
    choices TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id),
    CHECK (type IN ('Text', 'Telephone Number', 'Number', 'Date', 'Yes/No', 'Email', 'Choice'))
)
 STRICT
""",
    """
CREATE UNIQUE INDEX custom_field_name ON custom_field (name_key) WHERE removed_at IS NULL
""",
    """
CREATE TABLE instance (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid_namespace TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_start TEXT NOT NULL,
    version TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    operator TEXT,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
""",
    """
CREATE TABLE lease (
    id INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    beat INTEGER NOT NULL,
    holder TEXT,
    holder_kind TEXT,
    holder_boot_id TEXT,
    holder_pid_namespace TEXT,
    holder_pid INTEGER,
    holder_process_start TEXT,
    beaten_at INTEGER,
    PRIMARY KEY (id),
    CHECK (id = 1)
)
 STRICT
""",
    """
CREATE TABLE review (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    category TEXT NOT NULL,
    level TEXT NOT NULL,
    body TEXT,
    operator TEXT,
    handler_id INTEGER,
    handler TEXT,
    user_id INTEGER,
    user TEXT,
    message_id INTEGER,
    alert_id INTEGER,
    alert TEXT,
    occurrence_id INTEGER,
    task_id INTEGER,
    task TEXT,
    digest BLOB NOT NULL,
    chain BLOB NOT NULL,
    key_id INTEGER NOT NULL,
    CHECK (category IN ('Handler', 'Message', 'Retry', 'Alert', 'Task', 'User', 'Operator', 'System')),
    CHECK (level IN ('info', 'warning', 'error'))
)
 STRICT
""",
    """
CREATE INDEX review_at ON review (at)
""",
    """
CREATE INDEX review_category ON review (category, id)
""",
    """
CREATE INDEX review_handler ON review (handler_id, id) WHERE handler_id IS NOT NULL
""",
    """
CREATE INDEX review_message ON review (message_id, id) WHERE message_id IS NOT NULL
""",
    """
CREATE INDEX review_user ON review (user_id, id) WHERE user_id IS NOT NULL
""",
    """
CREATE TABLE review_key (
    id INTEGER NOT NULL,
    "key" BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (id)
)
 STRICT
""",
    """
CREATE TABLE site_value (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
)
 STRICT
""",
    """
CREATE TABLE task (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    cron TEXT NOT NULL,
    zone TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    once_at INTEGER,
    when_missed TEXT NOT NULL,
    grace INTEGER NOT NULL,
    most_catch_up INTEGER NOT NULL,
    useful_life INTEGER,
    notes TEXT NOT NULL,
    next_due_at INTEGER,
    last_due_at INTEGER,
    last_run_at INTEGER,
    problem TEXT,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id),
    CHECK (when_missed IN ('latest', 'all', 'skip'))
)
 STRICT
""",
    """
CREATE INDEX task_due ON task (next_due_at) WHERE enabled = 1 AND removed_at IS NULL AND next_due_at IS NOT NULL
""",
    """
CREATE UNIQUE INDEX task_name ON task (name_key) WHERE removed_at IS NULL
""",
    """
CREATE TABLE user (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    notes TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id)
)
 STRICT
""",
    """
CREATE INDEX user_name ON user (name_key)
""",
    """
CREATE TABLE user_group (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    notes TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id)
)
 STRICT
""",
    """
CREATE UNIQUE INDEX user_group_name ON user_group (name_key) WHERE removed_at IS NULL
""",
    """
CREATE TABLE group_member (
    group_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id),
    FOREIGN KEY(group_id) REFERENCES user_group (id),
    FOREIGN KEY(user_id) REFERENCES user (id)
)
 STRICT
""",
    """
CREATE INDEX group_member_user ON group_member (user_id)
""",
    """
CREATE TABLE handler (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    api_type TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    channel TEXT,
    base_url TEXT,
    api_uri TEXT,
    user_name TEXT,
    api_id TEXT,
    sender_id TEXT,
    secret BLOB,
    secret_hint TEXT NOT NULL,
    allow_plain_http INTEGER NOT NULL,
    retry_rate INTEGER NOT NULL,
    stop_retrying_after INTEGER NOT NULL,
    on_unknown TEXT NOT NULL,
    useful_life INTEGER NOT NULL,
    telephone_field_id INTEGER,
    most_parts INTEGER NOT NULL,
    batch_size INTEGER NOT NULL,
    max_connections INTEGER NOT NULL,
    rate_per_minute INTEGER,
    total_timeout INTEGER NOT NULL,
    notes TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (id),
    CHECK (api_type IN ('one', 'xml')),
    CHECK (on_unknown IN ('resend', 'hold')),
    FOREIGN KEY(telephone_field_id) REFERENCES custom_field (id)
)
 STRICT
""",
    """
CREATE UNIQUE INDEX handler_name ON handler (name_key) WHERE removed_at IS NULL
""",
    """
CREATE TABLE task_run (
    id INTEGER NOT NULL,
    task_id INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    fired_at INTEGER NOT NULL,
    epoch INTEGER,
    queued INTEGER NOT NULL,
    left_out INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (id),
    CHECK (kind IN ('scheduled', 'catch-up', 'manual')),
    CHECK (state IN ('fired', 'missed', 'failed')),
    FOREIGN KEY(task_id) REFERENCES task (id)
)
 STRICT
""",
    """
CREATE UNIQUE INDEX task_run_due ON task_run (task_id, due_at) WHERE kind <> 'manual'
""",
    """
CREATE INDEX task_run_task ON task_run (task_id, id)
""",
    """
CREATE TABLE user_value (
    user_id INTEGER NOT NULL,
    field_id INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (user_id, field_id),
    FOREIGN KEY(user_id) REFERENCES user (id),
    FOREIGN KEY(field_id) REFERENCES custom_field (id)
)
 STRICT
""",
    """
CREATE TABLE action (
    id INTEGER NOT NULL,
    task_id INTEGER,
    alert_id INTEGER,
    stage TEXT,
    position INTEGER NOT NULL,
    handler_id INTEGER NOT NULL,
    body TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    PRIMARY KEY (id),
    CHECK ((task_id IS NULL) <> (alert_id IS NULL)),
    FOREIGN KEY(task_id) REFERENCES task (id),
    FOREIGN KEY(handler_id) REFERENCES handler (id)
)
 STRICT
""",
    """
CREATE INDEX action_alert ON action (alert_id, stage, position)
""",
    """
CREATE INDEX action_task ON action (task_id, position)
""",
    """
CREATE TABLE handler_status (
    handler_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    balance TEXT,
    currency TEXT,
    code TEXT,
    error TEXT,
    advice TEXT,
    checked_at INTEGER,
    checked_revision INTEGER,
    last_accepted_at INTEGER,
    pause TEXT,
    pause_code TEXT,
    paused_until INTEGER,
    paused_revision INTEGER,
    balance_at_refusal TEXT,
    probe_at INTEGER,
    PRIMARY KEY (handler_id),
    CHECK (status IN ('Starting', 'Running', 'Error')),
    CHECK (pause IN ('busy', 'account')),
    FOREIGN KEY(handler_id) REFERENCES handler (id)
)
 STRICT
""",
    """
CREATE TABLE submission (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,
    operator TEXT,
    created_at INTEGER NOT NULL,
    task_id INTEGER,
    run_id INTEGER,
    alert_id INTEGER,
    occurrence_id INTEGER,
    stage TEXT,
    left_out TEXT NOT NULL,
    FOREIGN KEY(task_id) REFERENCES task (id),
    FOREIGN KEY(run_id) REFERENCES task_run (id)
)
 STRICT
""",
    """
CREATE TABLE action_recipient (
    action_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    user_id INTEGER,
    group_id INTEGER,
    number TEXT,
    PRIMARY KEY (action_id, position),
    CHECK ((user_id IS NOT NULL) + (group_id IS NOT NULL) + (number IS NOT NULL) = 1),
    FOREIGN KEY(action_id) REFERENCES action (id),
    FOREIGN KEY(user_id) REFERENCES user (id),
    FOREIGN KEY(group_id) REFERENCES user_group (id)
)
 STRICT
""",
    """
CREATE TABLE message (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    client_message_id TEXT NOT NULL,
    submission_id INTEGER NOT NULL,
    handler_id INTEGER NOT NULL,
    user_id INTEGER,
    user_name TEXT,
    to_number TEXT NOT NULL,
    body TEXT NOT NULL,
    origin TEXT NOT NULL,
    lane INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    segments INTEGER NOT NULL,
    state TEXT NOT NULL,
    on_unknown TEXT,
    queued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    first_attempt_at INTEGER,
    last_planned_at INTEGER,
    next_attempt_at INTEGER,
    window_closes_at INTEGER,
    finished_at INTEGER,
    retry_rate INTEGER,
    stop_retrying_after INTEGER,
    attempts INTEGER NOT NULL,
    plan_attempts INTEGER NOT NULL,
    unknowns INTEGER NOT NULL,
    may_arrive_twice INTEGER NOT NULL,
    query_first INTEGER NOT NULL,
    attempt_id INTEGER,
    gateway_id TEXT,
    error_code TEXT,
    error TEXT,
    resend_of INTEGER,
    report_due_at INTEGER,
    reports_asked INTEGER NOT NULL,
    CHECK (state IN ('queued', 'sending', 'accepted', 'delivered', 'undelivered', 'failed', 'unknown', 'cancelled', 'expired')),
    CHECK (origin IN ('manual', 'alert', 'task')),
    CHECK (lane IN (0, 1)),
    UNIQUE (client_message_id),
    FOREIGN KEY(submission_id) REFERENCES submission (id),
    FOREIGN KEY(handler_id) REFERENCES handler (id),
    FOREIGN KEY(user_id) REFERENCES user (id),
    FOREIGN KEY(resend_of) REFERENCES message (id)
)
 STRICT
""",
    """
CREATE INDEX message_due ON message (handler_id, lane, rank, next_attempt_at, id) WHERE state = 'queued'
""",
    """
CREATE INDEX message_report_due ON message (report_due_at) WHERE report_due_at IS NOT NULL
""",
    """
CREATE INDEX message_sending ON message (attempt_id) WHERE state = 'sending'
""",
    """
CREATE INDEX message_state ON message (state, id)
""",
    """
CREATE INDEX message_submission ON message (submission_id)
""",
    """
CREATE INDEX message_unattempted ON message (expires_at) WHERE state = 'queued' AND first_attempt_at IS NULL
""",
    """
CREATE INDEX message_user ON message (user_id, id)
""",
    """
CREATE INDEX message_waiting ON message (next_attempt_at) WHERE state = 'queued'
""",
    """
CREATE INDEX message_window ON message (window_closes_at) WHERE state = 'queued' AND first_attempt_at IS NOT NULL
""",
    """
CREATE TABLE attempt (
    id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    n INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    instance_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    outcome TEXT,
    http_status INTEGER,
    code TEXT,
    error TEXT,
    gateway_id TEXT,
    PRIMARY KEY (id),
    CHECK (outcome IN ('accepted', 'rejected', 'busy', 'account', 'not_sent', 'unknown')),
    UNIQUE (message_id, n),
    FOREIGN KEY(message_id) REFERENCES message (id)
)
 STRICT
""",
    """
CREATE VIRTUAL TABLE review_text USING fts5(body, content='review', content_rowid='id')
""",
    """
CREATE TRIGGER review_text_added AFTER INSERT ON review
BEGIN
INSERT INTO review_text(rowid, body) VALUES (new.id, new.body);
END
""",
    """
CREATE TRIGGER review_text_removed AFTER DELETE ON review
BEGIN
INSERT INTO review_text(review_text, rowid, body) VALUES ('delete', old.id, old.body);
END
""",
    """
CREATE TRIGGER review_text_changed AFTER UPDATE OF body ON review
BEGIN
INSERT INTO review_text(review_text, rowid, body) VALUES ('delete', old.id, old.body);
INSERT INTO review_text(rowid, body) VALUES (new.id, new.body);
END
""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
