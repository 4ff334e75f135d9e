"""The settings that only one gateway has, in one column; what ends a pause is always written down."""

from alembic import op

revision = "0005"
down_revision = "0004"

# A table without a CHECK on the API Type: rebuilt, as SQLite cannot drop one.
HANDLERS: tuple[str, ...] = (
    """
CREATE TABLE handler_new (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    api_type TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    settings TEXT NOT NULL,
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
    low_balance TEXT,
    proxy TEXT,
    proxy_secret BLOB,
    proxy_secret_hint TEXT,
    ca_file TEXT,
    PRIMARY KEY (id),
    CHECK (on_unknown IN ('resend', 'hold')),
    FOREIGN KEY(telephone_field_id) REFERENCES custom_field (id)
)
 STRICT
""",
    # A patch leaves out what is null: that stands for the preset, or for nothing.
    """
INSERT INTO handler_new
SELECT id, name, name_key, api_type, enabled,
    json_patch('{}', json_object('channel', channel, 'base_url', base_url, 'user_name', user_name,
                                 'api_id', api_id, 'api_uri', api_uri, 'sender_id', sender_id)),
    secret, secret_hint, allow_plain_http, retry_rate, stop_retrying_after, on_unknown, useful_life,
    telephone_field_id, most_parts, batch_size, max_connections, rate_per_minute, total_timeout, notes,
    revision, created_at, changed_at, removed_at, low_balance, proxy, proxy_secret, proxy_secret_hint, ca_file
FROM handler
""",
    "DROP TABLE handler",
    "ALTER TABLE handler_new RENAME TO handler",
    "CREATE UNIQUE INDEX handler_name ON handler (name_key) WHERE removed_at IS NULL",
)

# Schema 3 and before kept the code alone; codes mean something else at every gateway.
PAUSES: tuple[str, ...] = (
    """
UPDATE handler_status SET pause_ends = CASE
    WHEN pause = 'busy' THEN 'at_time'
    WHEN pause_code IN ('20', '301') THEN 'balance_rose'
    WHEN pause_code IN ('38', '39', '44', '45', '46', '106', '123') THEN 'probe_accepted'
    ELSE 'balance_answers' END
WHERE pause IS NOT NULL AND pause_ends IS NULL
""",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in (*HANDLERS, *PAUSES):
        connection.exec_driver_sql(statement)
