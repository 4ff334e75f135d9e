"""commsdesk in a notebook: the live console in a cell, pictures of its sections, and tables to read.

from tui.notebook import console, snapshot, messages
console()
snapshot("Messages")
messages(state="failed")
"""

from tui.notebook.frame import console
from tui.notebook.picture import snapshot
from tui.notebook.reading import (
    alerts,
    groups,
    handlers,
    messages,
    occurrences,
    review,
    status,
    tasks,
    users,
)

__all__ = [
    "alerts",
    "console",
    "groups",
    "handlers",
    "messages",
    "occurrences",
    "review",
    "snapshot",
    "status",
    "tasks",
    "users",
]
