"""The One API: a request and the account in, an answer out."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from demo_data.clickatell.account import Account, Message
from demo_data.clickatell.errors import one_api_error, one_api_status
from demo_data.clickatell.exchange import ONE, Answer, Judge, Request, plural
from demo_data.clickatell.parts import count_parts

_CHARSETS = frozenset({"ascii", "ucs2-be", "utf-8", "windows-1252"})
_ALL_CHANNELS = frozenset({"sms", "whatsapp"})


def call_kind(request: Request, account: Account) -> str | None:
    """`send`, `balance` or `status` for a path of this API, whatever the method; None for another."""
    path = _inner_path(request, account)
    if path == "/v1/message":
        return "send"
    if path in account.settings.balance_paths:
        return "balance"
    if path is not None and path.startswith("/v1/message/") and path.count("/") == 3:
        return "status"
    return None


def answer(
    request: Request,
    account: Account,
    *,
    judge: Judge | None = None,
    refuse: int | None = None,
    keep: bool = True,
) -> Answer:
    """Decide a call.

    `judge` may refuse single messages and `refuse` the whole call with a code of the errors table.
    With `keep` false the answer is the same but nothing is stored or charged.
    """
    refusal = _refuse_caller(request, account) or refuse
    if refusal is not None:
        return top_level(refusal, account)
    kind = call_kind(request, account)
    if kind is None:
        return top_level(41, account)
    if request.method != ("POST" if kind == "send" else "GET"):
        return top_level(42, account)
    if kind == "balance":
        shown = float(round(account.balance, 5))
        return Answer(200, "balance", {"balance": shown, "currency": account.settings.currency})
    if kind == "status":
        return _status(request, account)
    return _send(request, account, judge, keep)


def top_level(code: int, account: Account) -> Answer:
    """A refusal of the whole call: nothing was accepted."""
    status = account.settings.unknown_path_status if code == 41 else one_api_status(code)
    document: dict[str, Any] = {"error": one_api_error(code)}
    if account.settings.messages_in_error != "absent":
        document["messages"] = None if account.settings.messages_in_error == "null" else []
    return Answer(status, f"refused ({code})", document)


def _inner_path(request: Request, account: Account) -> str | None:
    prefix = account.settings.prefix
    return request.path[len(prefix) :] if request.path.startswith(prefix) else None


def _refuse_caller(request: Request, account: Account) -> int | None:
    settings = account.settings
    # The bare key and nothing else: "Bearer <key>" belongs to an older API and fails here.
    if settings.keys_refused or request.headers.get("authorization") not in settings.api_keys:
        return 1
    if not settings.account_active:
        return 2
    if not settings.integration_active:
        return 3
    return None if account.ip_allowed(request.peer) else 7


def _status(request: Request, account: Account) -> Answer:
    message = account.find(request.path.rpartition("/")[2])
    now = account.now()
    if message is None:
        return Answer(
            200, "status UNKNOWN", {"status": "UNKNOWN", "timestamp": round(now.timestamp() * 1000)}
        )
    change = message.status(now)
    document = {message.channel: {"status": change.status, "timestamp": change.timestamp}}
    return Answer(200, f"status {change.status}", document)


def _send(request: Request, account: Account, judge: Judge | None, keep: bool) -> Answer:
    entries = _entries(request.body)
    if entries is None:
        return top_level(21, account)
    if len(entries) > account.settings.max_per_call:
        return top_level(22, account)
    if not account.within_rate(len(entries)):
        return top_level(43, account)
    batch = _Batch(account)
    for index, entry in enumerate(entries):
        batch.judge(entry, judge(index, len(entries)) if judge else None)
    if keep:
        batch.store()
    return batch.answer()


def _entries(body: bytes) -> list[dict[str, Any]] | None:
    """The messages of a payload; None if it is malformed (an empty list counts as that)."""
    try:
        payload = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    entries = payload.get("messages") if isinstance(payload, dict) else None
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        return None
    return entries


@dataclass(slots=True)
class _Batch:
    """The messages of one call, judged in order; the money falls as they are accepted."""

    account: Account
    results: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[tuple[Message, datetime | None]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    spent: Decimal = Decimal(0)

    def judge(self, entry: dict[str, Any], forced: int | str | None) -> None:
        refusal = _refuse_message(entry, self.account)
        if refusal is None and forced is not None:
            refusal = int(forced), ""
        parts = count_parts(entry["content"]) if refusal is None else 0
        price = parts * self.account.settings.price
        if refusal is None and self.account.balance - self.spent < price:
            refusal = 20, ""
        if refusal is None:
            self._accept(entry, parts, price)
        else:
            self._refuse(entry, *refusal)

    def _accept(self, entry: dict[str, Any], parts: int, price: Decimal) -> None:
        message = Message(
            gateway_id=self.account.new_id(),
            api=ONE,
            channel=entry.get("channel") or "sms",
            to=entry["to"],
            text=entry["content"],
            sender=entry.get("from") or "",
            client_message_id=entry.get("clientMessageId") or "",
            parts=parts,
            price=price,
            at=self.account.now(),
        )
        self.spent += price
        self.accepted.append((message, _delivery_time(entry)))
        result: dict[str, Any] = {"apiMessageId": message.gateway_id, "accepted": True, "to": message.to}
        if self.account.settings.null_error_when_accepted:
            result["error"] = None
        self._add(entry, result)

    def _refuse(self, entry: dict[str, Any], code: int, detail: str) -> None:
        result: dict[str, Any] = {"apiMessageId": None, "accepted": False, "to": entry.get("to")}
        if not self.account.settings.null_id_when_refused:
            del result["apiMessageId"]
        result["error"] = one_api_error(code, detail)
        self.codes.append(code)
        self._add(entry, result)

    def _add(self, entry: dict[str, Any], result: dict[str, Any]) -> None:
        if self.account.settings.echo_client_id:
            result["clientMessageId"] = entry.get("clientMessageId")
        self.results.append(result)

    def store(self) -> None:
        for message, starts in self.accepted:
            self.account.accept(message, starts)

    def answer(self) -> Answer:
        decision = f"{len(self.accepted)} accepted"
        if self.codes:
            listed = ", ".join(map(str, sorted(set(self.codes))))
            decision += f", {len(self.codes)} refused ({listed})"
        return Answer(
            self._http_status(),
            f"{plural(len(self.results), 'message')}: {decision}",
            {"messages": self.results, "error": None},
            accepted=len(self.accepted),
        )

    def _http_status(self) -> int:
        if not self.codes:
            return 202
        if len(self.results) == 1:
            return one_api_status(self.codes[0])
        return 207 if self.accepted else self.account.settings.all_refused_status


def _refuse_message(entry: dict[str, Any], account: Account) -> tuple[int, str] | None:
    """The first rule that a message breaks, except money: code and detail."""
    settings = account.settings
    to, content, sender = entry.get("to"), entry.get("content"), entry.get("from")
    if not isinstance(to, str) or not to:
        return 23, "to"
    if not (to.isascii() and to.isdigit() and 7 <= len(to) <= 15):
        return 25, to
    if not isinstance(content, str) or not content:
        return 23, "content"
    for name in ("channel", "charset", "from", "clientMessageId"):
        if not isinstance(entry.get(name), str | None):
            return 23, name
    channel = entry.get("channel", "sms")
    if channel not in settings.channels:
        return (38 if channel in _ALL_CHANNELS else 39), ""
    charset = entry.get("charset")
    if charset is not None and charset.lower() not in _CHARSETS:
        return 40, charset
    if len(content) > settings.max_content:
        return 24, ""
    if channel == "sms" and count_parts(content) > settings.most_parts:
        return 100, ""
    if (
        sender
        and settings.senders is not None
        and sender not in settings.senders | settings.suspended_senders
    ):
        return 45, ""
    if sender and sender in settings.suspended_senders:
        return 44, ""
    if to in settings.opted_out:
        return 26, ""
    return (28, "") if settings.sandbox is not None and to not in settings.sandbox else None


def _delivery_time(entry: dict[str, Any]) -> datetime | None:
    """`scheduledDeliveryTime` as an aware time; None if there is none that can be read."""
    try:
        starts = datetime.strptime(str(entry.get("scheduledDeliveryTime")), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return starts
