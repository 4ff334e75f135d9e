"""What sshd's AuthorizedKeysCommand is answered. Pure: operators' keys in, lines out."""

from collections.abc import Iterable, Iterator

from storage.operators import OperatorKey

# No agent, no forwarding of any kind, no rc file of the account: a terminal and one command.
OPTIONS = "restrict,pty"


def lines(
    keys: Iterable[tuple[int, OperatorKey]], session: str, offered: tuple[str, str] | None = None
) -> Iterator[str]:
    """A line for each (operator id, key): options, type and base64, and nothing that was typed.

    `session` is the path of the program that sshd is to start. `offered` is the (type, base64) of
    the key that the client shows: then only that one's line.
    """
    for operator_id, key in keys:
        if offered is None or (key.type, key.data) == offered:
            # exec: no shell stays between sshd and the session.
            yield f'{OPTIONS},command="exec {session} {operator_id:d}" {key.type} {key.data}'
