"""`commsdesk alert plan`: until somebody answers."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.alert_options import Name, named
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, local_time, note, say

if TYPE_CHECKING:
    from tui.operations.alert_plan import PlanView
    from tui.operations.alerts import Saved

app = plain_app()


@app.command("set")
def set_plan(
    name: Name,
    steps: Annotated[
        list[str],
        typer.Argument(metavar="STEP...", help='"5m repeat x3": told again; "10m escalate": next level'),
    ],
    then: Annotated[
        str, typer.Option("--then", metavar="stop|again", help="What follows the last step")
    ] = "stop",
    claim_lasts: Annotated[
        str | None,
        typer.Option(
            "--claim-lasts", metavar="M", help="After so long a claim runs out, as 60m; preset: never"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say who is told again, and who next, until somebody answers. Open occurrences go by it at once."""
    from tui.operations import alert_plan, plan_form

    found = named(name)
    lasts = plan_form.length(claim_lasts, plan_form.CLAIM_LASTS) if claim_lasts is not None else None
    plan = plan_form.steps_of(steps)
    saved = alert_plan.set_plan(desk(), found.id, plan, plan_form.then_of(then), lasts)
    words = plan_form.in_words(saved.alert.plan, saved.alert.plan_then)
    _saved(saved, f"answer plan of {saved.alert.name}: {words}", json)


@app.command()
def show(
    name: Name,
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="As if raised then; preset: now")
    ] = None,
    json: Json = False,
) -> None:
    """What happens when, while nobody acts, and who is told as things are."""
    from tui.operations import alert_plan
    from tui.operations.moments import moment

    found = named(name)
    when = moment(at, "--at", desk().now()) if at is not None else None
    view = alert_plan.show(desk(), found.id, when)
    if json:
        emit(_json(view))
    else:
        _show(view)


@app.command()
def clear(name: Name, json: Json = False) -> None:
    """Take the plan away: it informs, and asks nobody again."""
    from tui.operations import alert_plan

    saved = alert_plan.clear(desk(), named(name).id)
    _saved(saved, f"{saved.alert.name} has no answer plan", json)


def _saved(saved: "Saved", sentence: str, json: bool) -> None:
    from tui.operations import alerts
    from tui.operations.alert_views import alert_json

    for warning in saved.warnings:
        note(f"warning: {warning}")
    for text in saved.notes:
        note(text)
    view = alerts.view(desk(), saved.alert.id)
    for problem in view.problems:
        note(f"warning: {problem}")
    if json:
        emit(alert_json(view))
    else:
        say(sentence)


def _json(view: "PlanView") -> dict[str, Any]:
    from tui.operations import alert_plan
    from tui.operations.alert_views import plan_json
    from tui.operations.views import iso

    return {
        "alert": view.alert.name,
        "alert_id": view.alert.id,
        **plan_json(view.alert),
        "would": [
            {
                "at": iso(line.at),
                "n": line.step.n if line.step and line.step.what else 0 if line.step is None else None,
                "what": alert_plan.counts_of(line) or alert_plan.said(line, view.alert.plan_then),
                "level": line.step.level if line.step else None,
                "reaches": list(line.people),
                "left_out": list(line.left_out),
            }
            for line in view.lines
        ],
    }


def _show(view: "PlanView") -> None:
    from tui.operations import alert_plan, plan_form

    alert = view.alert
    if not alert.plan:
        say(f'{alert.name} has no answer plan: commsdesk alert plan set "{alert.name}" "5m repeat x3" …')
        return
    say(f"{alert.name}: {plan_form.in_words(alert.plan, alert.plan_then)}")
    if alert.claim_lasts:
        say(f"A claim lasts {plan_form.short(alert.claim_lasts)}")
    for line in view.lines:
        people = alert_plan.whom(line)
        text = alert_plan.said(line, alert.plan_then)
        say(f"{local_time(line.at)}  {text}" + (f": {people}" if people else ""))
    say(alert_plan.STOPS)
