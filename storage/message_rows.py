"""A row of the outbox as a record: what is read of it, and how it becomes one."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from storage.records import Message
from storage.row_reader import RowReader
from storage.tables import handlers, messages, submissions

m, s = messages.c, submissions.c

_ELSEWHERE = {
    "handler": handlers.c.name.label("handler"),
    "user": m.user_name.label("user"),
    "to": m.to_number.label("to"),
    "text": m.body.label("text"),
    **{name: s[name] for name in ("operator", "task_id", "alert_id", "occurrence_id", "why", "stage")},
}
RECORD: list[Any] = [
    _ELSEWHERE[name] if name in _ELSEWHERE else m[name] for name in Message.__dataclass_fields__
]
FROM = messages.join(handlers, handlers.c.id == m.handler_id).join(submissions, s.id == m.submission_id)
SELECT = sa.select(*RECORD).select_from(FROM)


def record_of(row: Mapping[Any, Any]) -> Message:
    return Message(**row)


READ = RowReader(Message, SELECT)
