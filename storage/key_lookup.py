"""What sshd's AuthorizedKeysCommand asks, before anybody has logged in: whose key is this?

sshd runs this file by its path for every key that anybody offers, so it imports nothing but what it
needs of Python's own library, and only reads the database. `key_lookup.py FOLDER SESSION TYPE BASE64`
prints the line for that key, or nothing; without TYPE and BASE64 a line for everybody who may log in.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator

DATABASE = "commsdesk.sqlite3"
APPLICATION_ID = 0x434D4453
SINCE_SCHEMA = 3  # older sites have no operators

# No agent, no forwarding of any kind, no rc file of the account: a terminal and one command.
OPTIONS = "restrict,pty"

ALL = (
    "SELECT k.operator_id, k.type, k.data FROM operator_key AS k JOIN operator AS o ON o.id = k.operator_id"
    " WHERE o.enabled = 1 AND o.removed_at IS NULL"
)
ONE = f"{ALL} AND k.data = ? AND k.type = ?"


def line(operator_id: int, kind: str, data: str, session: str) -> str:
    """A line of authorized_keys: options, type and base64, and nothing that was typed."""
    # exec: no shell stays between sshd and the session.
    return f'{OPTIONS},command="exec {session} {operator_id:d}" {kind} {data}'


def lines(folder: str, session: str, offered: tuple[str, str] | None) -> Iterator[str]:
    """The lines for the offered (type, base64), or for all. Raises `ValueError` in words, `OSError`,
    `sqlite3.Error`."""
    if os.stat(folder).st_uid != os.geteuid():  # noqa: PTH116  (pathlib costs more than all of this)
        raise ValueError(f"{folder} belongs to another account")
    path = os.path.abspath(os.path.join(folder, DATABASE))  # noqa: PTH100, PTH118
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{quoted}?mode=ro", uri=True, timeout=5)
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise ValueError(f"{path} is not a commsdesk database")
        if connection.execute("PRAGMA user_version").fetchone()[0] < SINCE_SCHEMA:
            return
        rows = connection.execute(ONE, (offered[1], offered[0])) if offered else connection.execute(ALL)
        for operator_id, kind, data in rows:
            yield line(operator_id, kind, data, session)
    finally:
        connection.close()


def main(words: list[str]) -> int:
    if len(words) not in (2, 4):
        print("usage: key_lookup.py FOLDER SESSION [TYPE BASE64]", file=sys.stderr)
        return 2
    folder, session, *offered = words
    try:
        for each in lines(folder, session, (offered[0], offered[1]) if offered else None):
            print(each)
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"commsdesk: the operators' keys cannot be read: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
