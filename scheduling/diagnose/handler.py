"""A communication handler's settings: what keeps it from sending although Clickatell answers."""

from collections.abc import Mapping
from datetime import datetime

from scheduling import retry
from scheduling.diagnose.finding import Finding, ok, problem, warning
from scheduling.gateways.wording import said
from scheduling.money import money
from scheduling.retry import RetryPlan
from storage.records import Handler, HandlerStatus, Queue
from storage.vocabulary import HandlerState, Pause


def enabled(handler: Handler, queue: Queue) -> Finding:
    tried = "is the handler enabled"
    if handler.enabled:
        return ok("Enabled", tried, "it is enabled")
    advice = f'enable it: commsdesk handler enable "{handler.name}"'
    if queue.total:
        found = f"it is disabled, and {queue.total} {_messages(queue.total)} at it"
        return problem("Enabled", tried, found, advice)
    return warning("Enabled", tried, "it is disabled: nothing is sent through it", advice)


def secret(handler: Handler, readable: bool) -> Finding:
    tried = "decrypt the kept API Key or Password with the site's secret key"
    if readable:
        return ok("Secret", tried, "it can be read")
    advice = "enter it again (commsdesk handler edit), or put the right secret.key back beside the database"
    return problem(
        "Secret", tried, "secret missing: there is none, or this site's key does not open it", advice
    )


def retry_settings(handler: Handler) -> Finding:
    plan = RetryPlan(handler.retry_rate, handler.stop_retrying_after)
    tried = f"work out the attempts from {retry.RATE_FIELD} and {retry.STOP_FIELD}"
    said = retry.warning(plan)
    if said is None:
        return ok("Retry Settings", tried, retry.describe(plan))
    advice = f"edit the handler: {retry.STOP_FIELD} more than {retry.RATE_FIELD}, e.g. 1 and 5"
    return warning("Retry Settings", tried, said, advice)


def telephone_field(name: str | None) -> Finding:
    tried = "find the Telephone Number field that it sends to"
    if name is not None:
        return ok("Telephone field", tried, f"it sends to {name}")
    advice = 'make one: commsdesk field add Mobile --type "Telephone Number"'
    said = "the site has no Telephone Number field yet: only bare numbers can be sent to"
    return warning("Telephone field", tried, said, advice)


PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def way_out(handler: Handler, environment: Mapping[str, str]) -> Finding:
    """The proxy of the handler; one that only the environment names is not used, and is named."""
    tried = "see which way leads out of this network"
    if handler.proxy:
        return ok("Way out", tried, f"the proxy {handler.proxy}")
    named = [name for name in PROXY_VARIABLES if environment.get(name)]
    if not named:
        return ok("Way out", tried, "straight, without a proxy")
    said = f"{named[0]} is set and not used: a handler goes straight, or through its own Proxy"
    advice = f'if this network has no other way out: commsdesk handler edit "{handler.name}" --proxy URL'
    return warning("Way out", tried, said, advice)


def pause(found: HandlerStatus, now: datetime) -> Finding:
    tried = "see whether the engine has paused it"
    if found.pause == Pause.ACCOUNT:
        reason = said(found.code or found.pause_code, found.error) or "an account error"
        advice = found.advice or "put right what the error names: sending goes on by itself"
        advice = f"{advice}; or say go on (L in the console, commsdesk handler go-on)"
        return problem("Paused", tried, f"paused after {reason}", advice)
    if found.pause == Pause.BUSY and found.paused_until is not None and found.paused_until > now:
        until = f"{found.paused_until.astimezone():%H:%M:%S}"
        advice = "nothing to do: it goes on by itself, alarms may try; set a rate limit if this comes often"
        seen = (
            f"busy, paused until {until}: {found.pause_code or 'HTTP 429'}, Clickatell limits what it takes"
        )
        return warning("Paused", tried, seen, advice)
    return ok("Paused", tried, "it is not paused")


def last_seen(found: HandlerStatus, engine_running: bool) -> Finding:
    """What the engine itself last met, which may differ from what a call from here meets."""
    tried = "read what the engine last found"
    if not engine_running or found.checked_at is None:
        return ok("Last check", tried, "the engine has not looked at it lately")
    at = f"{found.checked_at.astimezone():%H:%M:%S}"
    if found.status == HandlerState.ERROR:
        advice = found.advice or "see the error"
        reason = said(found.code, found.error) or "not named"
        return problem("Last check", tried, f"error at {at}: {reason}", advice)
    balance = "" if found.balance is None else f", balance {money(found.balance, found.currency)}"
    return ok("Last check", tried, f"{found.status.lower()} at {at}{balance}")


def doubts(said: tuple[str, ...]) -> list[Finding]:
    """What looks doubtful in the settings although it can be saved."""
    advice = "check it in the Clickatell portal and on the handler"
    return [warning("Settings", "look over the settings", text, advice) for text in said]


def _messages(count: int) -> str:
    return "message waits" if count == 1 else "messages wait"
