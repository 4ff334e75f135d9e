"""`commsdesk alert action`: what an alert sends at each stage."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.alert_options import ActionId, MessageText, StageName, named
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import HandlerName, Json
from tui.cli.output import emit, emit_all, note, say, show_table

if TYPE_CHECKING:
    from storage.alerts import Alert
    from tui.operations.alert_form import StageAction
    from tui.operations.alerts import Saved

app = plain_app()


@app.command()
def add(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="An alert's name or id")],
    stage: StageName,
    handler: HandlerName,
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="USER|GROUP|+NUMBER|duty:ROSTER|told",
            help="Whom it goes to; once for each; told: everyone told so far (not on Created)",
        ),
    ],
    message: Annotated[str, typer.Option("--message", metavar="M", help=MessageText)],
    level: Annotated[
        int | None,
        typer.Option("--level", metavar="N", help="On Escalated: 1 to 9, entered in order; preset 1"),
    ] = None,
    json: Json = False,
) -> None:
    """Add a Send Communication Message to a stage's tab."""
    from tui.cli.task_options import action_given
    from tui.operations import alert_actions
    from tui.operations.alert_form import StageAction, stage_named

    found, where = named(alert), stage_named(stage)
    given = action_given(handler, to, message)
    action = StageAction(
        handler_id=given.handler_id,
        recipients=given.recipients,
        text=given.text,
        stage=str(where),
        level=level,
    )
    saved = alert_actions.add(desk(), found.id, action)
    tab = [made for made in saved.alert.actions if made.stage == where]
    _show_saved(saved, tab[-1].id, f"added action {tab[-1].id} to {found.name}, {where}", json)


@app.command("list")
def list_actions(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="An alert's name or id")],
    json: Json = False,
) -> None:
    """The actions of an alert, stage by stage."""
    from tui.operations.alert_views import actions_json

    found = named(alert)
    if json:
        emit_all(actions_json(found))
    elif found.actions:
        show_actions(found)
    else:
        say(
            f"{found.name} sends nothing yet. Add an action:"
            " commsdesk alert action add ALERT STAGE --handler H --to WHO --message TEXT"
        )


@app.command()
def edit(
    action_id: ActionId,
    handler: Annotated[str | None, typer.Option("--handler", metavar="NAME", help="Another sender")] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="USER|GROUP|+NUMBER|duty:ROSTER|told", help="Other recipients, all of them"
        ),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", metavar="M", help="Another text; - reads it")
    ] = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it sends anything")
    ] = None,
    level: Annotated[
        int | None, typer.Option("--level", metavar="N", help="On Escalated: another level, 1 to 9")
    ] = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest."""
    from dataclasses import replace

    from tui.cli.send import read_text
    from tui.operations import alert_actions, names

    given: dict[str, object] = {}
    with desk().database.read() as connection:
        if handler is not None:
            given["handler_id"] = names.handler(connection, handler).id
        if to:
            given["recipients"] = tuple(names.recipient(connection, name) for name in to)
    if message is not None:
        given["text"] = read_text(message)
    if enable is not None:
        given["enabled"] = enable
    if level is not None:
        given["level"] = level

    def change(action: "StageAction") -> "StageAction":
        return replace(action, **given)  # type: ignore[arg-type]

    saved = alert_actions.edit(desk(), action_id, change)
    _show_saved(saved, action_id, f"saved action {action_id} of {saved.alert.name}", json)


@app.command()
def move(
    action_id: ActionId,
    place: Annotated[int, typer.Argument(metavar="PLACE", help="Its place on its tab, counted from 1")],
    json: Json = False,
) -> None:
    """Put an action at another place of its tab."""
    from tui.operations import alert_actions

    saved = alert_actions.move(desk(), action_id, place)
    _show_saved(saved, action_id, f"moved action {action_id} of {saved.alert.name} to place {place}", json)


@app.command()
def copy(
    action_id: ActionId,
    stages: Annotated[list[str], typer.Argument(metavar="STAGE...", help="The tabs to copy it to")],
    json: Json = False,
) -> None:
    """Copy an action to other tabs of its alert."""
    from tui.operations import alert_actions
    from tui.operations.alert_form import stage_named

    wanted = [stage_named(text) for text in stages]
    saved = alert_actions.copy(desk(), action_id, wanted)
    for stage in dict.fromkeys(wanted):
        made = [action for action in saved.alert.actions if action.stage == stage][-1]
        _show_saved(saved, made.id, f"copied action {action_id} to {stage} as {made.id}", json)


@app.command()
def remove(action_id: ActionId) -> None:
    """Take an action off its tab."""
    from tui.operations import alert_actions

    saved = alert_actions.remove(desk(), action_id)
    for warning in saved.warnings:
        note(f"warning: {warning}")
    say(f"removed action {action_id} of {saved.alert.name}")


def show_actions(alert: "Alert") -> None:
    """The actions of an alert as a listing for people."""
    rows = [
        (
            action.id,
            f"{action.stage} {action.level}" if action.level else action.stage,
            action.position + 1,
            action.handler,
            ", ".join(recipient.name for recipient in action.recipients),
            action.text if action.enabled else f"(disabled) {action.text}",
        )
        for action in alert.actions
    ]
    show_table(("Id", "Stage", "Place", "Sender", "To", "Message"), rows, right={0, 2})


def _show_saved(saved: "Saved", action_id: int, sentence: str, json: bool) -> None:
    from tui.operations.alert_views import actions_json

    for warning in saved.warnings:
        note(f"warning: {warning}")
    if json:
        emit(next(action for action in actions_json(saved.alert) if action["id"] == action_id))
    else:
        say(sentence)
