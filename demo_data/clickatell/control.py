"""The paths for people and tests: `/_inbox`, `/_calls`, `/_faults` and the like. They need no key."""

import json
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from demo_data.clickatell.account import Account, Message
from demo_data.clickatell.exchange import Answer, Request, plural, to_json
from demo_data.clickatell.faults import FaultPlan
from demo_data.clickatell.gateway import Gateway
from demo_data.clickatell.settings import SECRET_FIELDS, Settings


class Controlled(Protocol):
    """What is looked at and set: the running `Clickatell`."""

    settings: Settings
    account: Account
    faults: FaultPlan
    gateway: Gateway

    @property
    def listening(self) -> bool: ...

    @property
    def open_connections(self) -> int: ...

    def reset(self) -> None: ...


def is_control(request: Request) -> bool:
    """Whether the path belongs here."""
    return request.path.startswith("/_")


class Refused(Exception):
    """The request is not answered; the text says why."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Control:
    """Answers for a running `Clickatell`. Nothing here is recorded in the call log."""

    def __init__(self, clickatell: Controlled) -> None:
        self._clickatell = clickatell
        self._routes: dict[str, dict[str, Callable[[Request], object]]] = {
            "/_inbox": {"GET": self._inbox},
            "/_calls": {"GET": self._calls},
            "/_status": {"GET": self._status},
            "/_faults": {"GET": self._faults, "POST": self._set_faults},
            "/_settings": {"GET": self._settings, "POST": self._set_settings},
            "/_balance": {"GET": self._balance, "POST": self._set_balance},
            "/_reset": {"POST": self._reset},
        }

    def answer(self, request: Request) -> Answer:
        """JSON, or plain text where `?format=text` asks for it; `{"error": ...}` with 400, 404 or 405."""
        try:
            methods = self._routes.get(request.path)
            if methods is None:
                raise Refused(f"There are these paths: {', '.join(self._routes)}.", 404)
            if request.method not in methods:
                raise Refused(f"{request.path} takes {' and '.join(methods)}.", 405)
            result = methods[request.method](request)
        except Refused as error:
            return Answer(error.status, "", body=to_json({"error": str(error)}))
        if isinstance(result, str):
            text = result.encode("utf-8", "replace")
            return Answer(200, "", body=text, content_type="text/plain; charset=utf-8")
        return Answer(200, "", body=to_json(result))

    def _inbox(self, request: Request) -> object:
        query = request.query_fields()
        # A "+" in a query string has become a blank.
        number = query.get("to", "").strip().removeprefix("+")
        messages = [each for each in self._clickatell.account.inbox if number in ("", each.to)]
        messages = _newest(messages, query)
        now = self._clickatell.account.now()
        if query.get("format") == "text":
            return "".join(_line(each) + "\n" for each in messages)
        return [{**message_to_dict(each), "status": each.status(now).status} for each in messages]

    def _calls(self, request: Request) -> object:
        query = request.query_fields()
        calls = _newest(self._clickatell.gateway.log.calls(), query)
        if query.get("format") == "text":
            return "".join(each.line() + "\n" for each in calls)
        return [each.to_dict() for each in calls]

    def _status(self, request: Request) -> object:
        clickatell = self._clickatell
        return {
            **self._money(),
            "messages": len(clickatell.account.messages),
            "inbox": len(clickatell.account.inbox),
            "calls": clickatell.gateway.log.count,
            "connections": clickatell.open_connections,
            "listening": clickatell.listening,
            "faults": self._faults(request),
        }

    def _faults(self, request: Request) -> object:
        plan = self._clickatell.faults
        return {"next": plan.pending(), "every": plan.rules()}

    def _set_faults(self, request: Request) -> object:
        values = _object(request, {"next", "every", "clear"})
        queued, rules = _texts(values, "next"), _texts(values, "every")
        plan = self._clickatell.faults
        # A rehearsal on an empty plan, so that all are taken or none.
        trial = FaultPlan(Settings())
        try:
            trial.next(*queued)
            trial.every(*rules)
        except ValueError as error:
            raise Refused(str(error)) from None
        if values.get("clear"):
            plan.clear()
        plan.next(*queued)
        plan.every(*rules)
        return self._faults(request)

    def _settings(self, request: Request) -> object:
        settings = self._clickatell.settings
        return {
            each.name: "••••" if each.name in SECRET_FIELDS else _plain(getattr(settings, each.name))
            for each in fields(settings)
        }

    def _set_settings(self, request: Request) -> object:
        try:
            self._clickatell.settings.change(_object(request, None))
        except ValueError as error:
            raise Refused(str(error)) from None
        return self._settings(request)

    def _balance(self, request: Request) -> object:
        return self._money()

    def _set_balance(self, request: Request) -> object:
        values = _object(request, {"balance", "credits"})
        amounts = {name: _amount(name, value) for name, value in values.items()}
        for name, amount in amounts.items():
            setattr(self._clickatell.account, name, amount)
        return self._money()

    def _reset(self, request: Request) -> object:
        self._clickatell.reset()
        return self._money()

    def _money(self) -> dict[str, object]:
        clickatell = self._clickatell
        return {
            "balance": float(clickatell.account.balance),
            "currency": clickatell.settings.currency,
            "credits": float(clickatell.account.credits),
        }


def message_to_dict(message: Message) -> dict[str, Any]:
    """An inbox record as plain values for JSON."""
    return {
        "to": message.to,
        "text": message.text,
        "from": message.sender,
        "client_message_id": message.client_message_id,
        "gateway_id": message.gateway_id,
        "api": message.api,
        "channel": message.channel,
        "parts": message.parts,
        "at": message.at.isoformat(),
    }


def _line(message: Message) -> str:
    sender = f" from {message.sender}" if message.sender else ""
    text = f"{message.at.astimezone():%H:%M:%S} to +{message.to}{sender} ({plural(message.parts, 'part')}): "
    text += message.text.replace("\n", "⏎")
    return "".join(each if each.isprintable() else "�" for each in text)


def _newest(items: list[Any], query: dict[str, str]) -> list[Any]:
    limit = query.get("limit", "")
    if not limit:
        return items
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10):
        raise Refused("limit must be a whole number.")
    return items[max(0, len(items) - int(limit)) :]


def _object(request: Request, names: set[str] | None) -> dict[str, Any]:
    try:
        values = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused("The body must be JSON.") from None
    if not isinstance(values, dict):
        raise Refused("The body must be a JSON object.")
    if names is not None and (unknown := sorted(values.keys() - names)):
        raise Refused(f"Unknown name {unknown[0]!r}; known are {', '.join(sorted(names))}.")
    return values


def _texts(values: dict[str, Any], name: str) -> list[str]:
    texts = values.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise Refused(f"{name} must be a list of strings.")
    return texts


def _amount(name: str, value: object) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(value, bool) or not amount.is_finite():
        raise Refused(f"{name} must be an amount.")
    return amount


def _plain(value: Any) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Decimal) else value
