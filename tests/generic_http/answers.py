"""What an answer says: accepted where it holds what was agreed, else by its HTTP status. Pure."""

import re
from collections.abc import Collection
from datetime import datetime

from scheduling.gateways.outcome import HandlerConfig, Outcome
from scheduling.gateways.reply import Reply
from scheduling.gateways.verdict import by_status, retry_after
from scheduling.gateways.wording import gateway_id
from storage.vocabulary import OutcomeKind


def outcome_of(cfg: HandlerConfig, reply: Reply, now: datetime, secrets: Collection[str]) -> Outcome:
    if not 200 <= reply.status < 300:
        return by_status(reply.status, retry_at=retry_after(reply.headers, now))
    text = reply.body.decode("utf-8", "replace")
    if _squeezed(cfg.text("accepted")) not in _squeezed(text):
        return by_status(reply.status, note="the answer does not say that the message was accepted")
    return Outcome(OutcomeKind.ACCEPTED, _id_in(text, cfg.text("id_name"), secrets), http_status=reply.status)


def _id_in(text: str, name: str, secrets: Collection[str]) -> str | None:
    found = re.search(rf'"{re.escape(name)}"\s*:\s*"?([^",}}\s]+)', text) if name else None
    return gateway_id(found.group(1), secrets) if found else None


def _squeezed(text: str) -> str:
    return "".join(text.split())
