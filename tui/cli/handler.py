"""`commsdesk handler`: accounts at Clickatell and how they send."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scheduling.gateways import registry
from storage import vocabulary
from tui.cli import context
from tui.cli.context import desk
from tui.cli.handler_options import Name, api_usage, filled, filling
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Yes
from tui.cli.output import emit, emit_all, local_time, note, say, show_facts, show_table

if TYPE_CHECKING:
    from storage.records import Handler, Recipient
    from tui.operations.handler_status import HandlerView

app = plain_app()

WAIT_FOR_TEST = 30.0  # seconds


@app.command()
@filling
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    api: Annotated[str, typer.Option("--api", help=api_usage())],
    *,
    disabled: Annotated[bool, typer.Option("--disabled", help="Keep it from sending for now")] = False,
    json: Json = False,
    **given: Any,
) -> None:
    """Add a handler. Its secret comes from a file or standard input, never from an argument."""
    context.begin_site()
    from tui.operations import handlers

    form = handlers.HandlerForm(name=name, api_type=str(api), enabled=not disabled)
    saved = handlers.add(desk(), filled(form, given))
    _show_saved(
        saved.handler.id, saved.warnings, f"added handler {saved.handler.id}: {saved.handler.name}", json
    )


@app.command()
@filling
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it this from now on")
    ] = None,
    api: Annotated[
        str | None, typer.Option("--api", help="Change the API Type; the secret is asked for again")
    ] = None,
    *,
    json: Json = False,
    **given: Any,
) -> None:
    """Change what is given, keep the rest. A new address or user name asks for the secret again."""
    from dataclasses import replace

    from tui.operations import handlers

    found = _named(name)
    form = handlers.form_of(found)
    if new_name is not None:
        form = replace(form, name=new_name)
    if api is not None and str(api) != found.api_type:
        form = replace(form, api_type=str(api), settings={}, batch_size=None)
    saved = handlers.edit(desk(), found.id, found.revision, filled(form, given))
    _show_saved(found.id, saved.warnings, f"saved handler {found.id}: {saved.handler.name}", json)


@app.command("list")
def list_handlers(json: Json = False) -> None:
    """All handlers with their status and balance."""
    from tui.operations import handler_status
    from tui.operations.views import handler_json

    views = handler_status.listing(desk())
    if json:
        emit_all(handler_json(view) for view in views)
        return
    if not views:
        say("No handler yet. Add one: commsdesk handler add NAME --api one --api-key-file FILE")
        return
    rows = [
        (
            view.handler.id,
            view.handler.name,
            _status(view),
            _balance(view),
            view.queue.total,
            local_time(view.found.last_accepted_at),
        )
        for view in views
    ]
    show_table(("Id", "Name", "Status", "Balance", "Queue", "Last ok"), rows, right={0, 3, 4})


@app.command()
def show(name: Name, json: Json = False) -> None:
    """One handler in full. Its secret shows as its last four characters."""
    _show(_named(name).id, json)


@app.command()
def enable(name: Name, yes: Yes = False) -> None:
    """Let it send again, what waits at it as well."""
    from scheduling.send_size import SendSize
    from storage import message_history
    from tui.cli.sent import ask_if_large, asks
    from tui.operations import handlers

    found = _named(name)
    if asks(yes) and not found.enabled:
        size = SendSize(*desk().read(message_history.waiting_at, [found.id]))
        ask_if_large(size, f"Enable {found.name}")
    waiting = handlers.set_enabled(desk(), found.id, True)
    say(f"enabled {found.name}" + (f": {_messages(waiting)} waiting" if waiting else ""))


@app.command()
def disable(name: Name) -> None:
    """Keep it from sending. Its messages wait, each as long as it is useful."""
    from tui.operations import handlers

    found = _named(name)
    waiting = handlers.set_enabled(desk(), found.id, False)
    say(f"disabled {found.name}" + (f": {_messages(waiting)} kept waiting" if waiting else ""))


@app.command("go-on")
def go_on(name: Name) -> None:
    """Let a paused handler send again now, whatever paused it. What paused it may pause it again."""
    from tui.operations import handlers

    found = handlers.go_on(desk(), _named(name).id)
    say(f"{found.name} goes on")


@app.command()
def remove(
    name: Name,
    cancel_waiting: Annotated[
        bool, typer.Option("--cancel-waiting", help="Cancel the messages that wait at it")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Although tasks or alerts send through it")] = False,
) -> None:
    """Remove it. What it sent stays in the history."""
    from tui.operations import handlers

    found = _named(name)
    gone = handlers.remove(desk(), found.id, cancel_waiting=cancel_waiting, although_used=force)
    say(f"removed {found.name}" + (f", cancelled {_messages(gone.cancelled)}" if gone.cancelled else ""))
    if gone.used_by:
        note(f"still the sender of {', '.join(gone.used_by)}: they send nothing until they have another")


@app.command()
def test(
    name: Name,
    to: Annotated[
        str | None, typer.Option("--to", metavar="+N", help="Also send a test message to this number")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--message", metavar="M", help="The text of the test message")
    ] = None,
    wait: Annotated[
        float | None,
        typer.Option(
            "--wait",
            min=0,
            metavar="SECONDS",
            help="How long to wait for the test message; preset 30 where an engine runs, else 0",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Ask Clickatell for the balance: key and connection are tested at no cost."""
    from tui.operations import handler_check, handler_status
    from tui.operations.views import checked_json

    found = _named(name)
    recipient = None if to is None else _recipient(to)  # before anything is asked of Clickatell
    checked = handler_check.check_account(desk(), found.id)
    if json and recipient is None:
        view = handler_status.view(desk(), found.id)
        assert view is not None
        emit(checked_json(view, checked))
    elif checked.ok:
        (note if json else say)(checked.sentence)
    if not checked.ok:
        note(f"commsdesk: {checked.sentence}")
        raise typer.Exit(1)
    if recipient is not None:
        _send_test(found, recipient, text, wait, json)


def _recipient(to: str) -> "Recipient":
    from tui.operations import names

    return desk().read(names.recipient, to)


def _send_test(
    handler: "Handler", recipient: "Recipient", text: str | None, wait: float | None, json: bool
) -> None:
    from tui.cli.sent import report
    from tui.operations import sending, waiting

    if wait is None:
        wait = WAIT_FOR_TEST if waiting.engine_is_running(desk()) else 0
    message = text if text is not None else f"Test message through {handler.name}"
    sent = sending.send(desk(), sending.Request(handler.id, [recipient], message))
    raise typer.Exit(report(sent, wait=wait, json=json))


def _named(name: str) -> "Handler":
    from tui.operations import names

    return desk().read(names.handler, name)


def _show_saved(handler_id: int, warnings: tuple[str, ...], sentence: str, json: bool) -> None:
    for warning in warnings:
        note(f"warning: {warning}")
    if json:
        _show(handler_id, True)
    else:
        say(sentence)


def _show(handler_id: int, json: bool) -> None:
    from tui.operations import handler_status
    from tui.operations.views import handler_json

    view = handler_status.view(desk(), handler_id)
    assert view is not None  # removed ones are still there to be shown
    found = handler_json(view)
    if json:
        emit(found)
        return
    show_facts(_facts(view, found))
    for warning in view.warnings:
        note(f"warning: {warning}")


def _facts(view: "HandlerView", found: dict[str, Any]) -> list[tuple[str, object]]:
    api = registry.of(view.handler.api_type)
    return [
        ("Name", f"{found['name']} (id {found['id']})"),
        ("API Type", api.label),
        ("Status", _status(view)),
        ("Paused", view.pause),
        ("Balance", _balance(view)),
        ("Checked", local_time(view.found.checked_at)),
        (
            "Queue",
            f"{view.queue.waiting} waiting, {view.queue.retrying} retrying, {view.queue.sending} being sent",
        ),
        *((each.label, found[each.json_name]) for each in api.plain),
        (api.secret.label, found["secret"]),
        ("Retry Rate (mins)", found["retry_rate_mins"]),
        ("Stop Retrying After (mins)", found["stop_retrying_after_mins"]),
        ("Retry plan", found["retry_plan"]),
        (
            "When the outcome is unknown",
            "send again" if found["on_unknown"] == vocabulary.OnUnknown.RESEND else "hold for an operator",
        ),
        ("Useful life (mins)", found["useful_life_mins"]),
        (
            "Telephone field",
            found["telephone_field"] or 'none yet: commsdesk field add NAME --type "Telephone Number"',
        ),
        ("Most parts", found["most_parts"]),
        ("Batch size", found["batch_size"]),
        ("Connections", found["connections"]),
        ("Proxy", found["proxy"]),
        ("Proxy Password", found["proxy_password"]),
        ("CA File", found["ca_file"]),
        ("Rate limit (per minute)", found["rate_per_minute"] or "none"),
        ("Low balance", view.handler.low_balance),
        ("Total timeout (s)", f"{found['total_timeout_secs']:g}"),
        ("Notes", found["notes"]),
    ]


def _status(view: "HandlerView") -> str:
    shown = view.shown
    sign = {"Paused": "‖", "Running": "●", "Error": "▲", "Starting": "◌"}.get(shown.light, "○")
    if shown.status != vocabulary.HandlerState.ERROR or not view.error:
        return f"{sign} {shown.words}"
    return f"{sign} {view.error}" + (f" ({shown.pause_words})" if shown.pause_words else "")


def _balance(view: "HandlerView") -> str | None:
    from scheduling.money import money

    if view.found.balance is None:
        return None
    return money(view.found.balance, view.found.currency)


def _messages(number: int) -> str:
    from tui.operations.form_values import counted

    return counted(number, "message")
