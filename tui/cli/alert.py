"""`commsdesk alert`: what is sent at each stage of an alert's life. Raising and the steps: `alert_steps`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli import alert_action, alert_plan, alert_steps, context
from tui.cli.alert_options import Description, Fields, Life, Name, Priority, declared, named
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json
from tui.cli.output import emit, emit_all, note, say, show_facts, show_table

if TYPE_CHECKING:
    from tui.operations.alerts import AlertForm, AlertView, Saved

app = plain_app()
app.add_typer(alert_action.app, name="action", help="What an alert sends at each stage")
app.add_typer(alert_plan.app, name="plan", help="Until somebody answers: who is told again, and who next")
app.add_typer(alert_steps.app)


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    priority: Priority = None,
    field: Fields = None,
    description: Description = None,
    useful_life: Life = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="It cannot be raised for now")] = False,
    json: Json = False,
) -> None:
    """Add an alert. What it sends is added to its stages: commsdesk alert action add."""
    context.begin_site()
    from tui.operations import alerts

    form = alerts.AlertForm(name=name, enabled=not disabled, fields=tuple(declared(field or ())))
    _show_saved(alerts.add(desk(), _filled(form, priority, description, useful_life)), "added", json)


@app.command()
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it this from now on")
    ] = None,
    priority: Priority = None,
    field: Fields = None,
    remove_field: Annotated[
        list[str] | None, typer.Option("--remove-field", metavar="NAME", help="Declare it no more")
    ] = None,
    description: Description = None,
    useful_life: Life = None,
    settle: Annotated[
        str | None,
        typer.Option(
            "--settle", metavar="M", help="Minutes that an alert which comes and goes must stay; 0 for none"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest. --field adds a field or changes its default."""
    from dataclasses import replace

    from tui.operations import alerts
    from tui.operations.form_values import whole_minutes

    found = named(name)
    form = _filled(alerts.form_of(found), priority, description, useful_life)
    if settle is not None:
        form = replace(form, settle=whole_minutes(settle, "Settle (mins)"))
    if new_name is not None:
        form = replace(form, name=new_name)
    form = replace(form, fields=_changed_fields(form, field or [], remove_field or []))
    _show_saved(alerts.edit(desk(), found.id, found.revision, form), "saved", json)


@app.command()
def enable(name: Name) -> None:
    """Let it be raised."""
    from tui.operations import alerts

    saved = alerts.set_enabled(desk(), named(name).id, True)
    for problem in saved.warnings:
        note(f"warning: {problem}")
    say(f"enabled {saved.alert.name}")


@app.command()
def disable(name: Name) -> None:
    """Keep it from being raised. Its active occurrences go on."""
    from tui.operations import alerts

    say(f"disabled {alerts.set_enabled(desk(), named(name).id, False).alert.name}")


@app.command()
def remove(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="End its active occurrences with it")] = False,
) -> None:
    """Remove it. Its history stays."""
    from tui.operations import alerts
    from tui.operations.form_values import counted

    found = named(name)
    ended = alerts.remove(desk(), found.id, although_active=force)
    also = f", {counted(ended, 'active occurrence')} finalised, nothing sent" if ended else ""
    say(f"removed {found.name}{also}")


@app.command("list")
def list_alerts(json: Json = False) -> None:
    """All alerts, and what is wrong with them before they are needed."""
    from tui.operations import alerts
    from tui.operations.alert_views import alert_json

    found = alerts.listing(desk())
    if json:
        emit_all(alert_json(view) for view in found)
        return
    rows = [
        (
            view.alert.id,
            view.alert.name,
            view.alert.priority,
            _state(view),
            len(view.alert.actions),
            view.active,
            view.problems[0] if view.broken else "",
        )
        for view in found
    ]
    show_table(("Id", "Name", "Priority", "State", "Actions", "Active", "Problem"), rows, right={0, 2, 4, 5})


@app.command()
def show(name: Name, json: Json = False) -> None:
    """One alert in full, with the actions of its stages."""
    from tui.operations import alerts
    from tui.operations.alert_views import alert_json

    found = alerts.view(desk(), named(name).id)
    if json:
        emit(alert_json(found))
        return
    show_facts(_facts(found))
    if found.alert.actions:
        say("")
        alert_action.show_actions(found.alert)


def _filled(
    form: "AlertForm", priority: str | None, description: str | None, useful_life: str | None
) -> "AlertForm":
    """The form with every option that was given. An empty useful life takes it away."""
    from dataclasses import replace

    from tui.operations.form_values import whole_minutes

    found: dict[str, Any] = {}
    if priority is not None:
        found["priority"] = priority
    if description is not None:
        found["description"] = description
    if useful_life is not None:
        life = useful_life.strip()
        found["useful_life"] = whole_minutes(life, "Useful life (mins)", low=1) if life else None
    return replace(form, **found)


def _changed_fields(form: "AlertForm", given: list[str], removed: list[str]) -> tuple[Any, ...]:
    from storage.names import key_of
    from tui.operations.errors import Refused

    fields = {key_of(item.name): item for item in form.fields}
    for name in removed:
        if fields.pop(key_of(name), None) is None:
            raise Refused(f"{form.name} declares no field {name}", "Fields")
    for item in declared(given):
        fields[key_of(item.name)] = item
    return tuple(fields.values())


def _show_saved(saved: "Saved", word: str, json: bool) -> None:
    from tui.operations import alerts
    from tui.operations.alert_views import alert_json

    for warning in saved.warnings:
        note(f"warning: {warning}")
    if json:
        emit(alert_json(alerts.view(desk(), saved.alert.id)))
    else:
        say(f"{word} alert {saved.alert.id}: {saved.alert.name}, priority {saved.alert.priority}")


def _state(view: "AlertView") -> str:
    if not view.alert.enabled:
        return "disabled"
    return "broken" if view.broken else "enabled"


def _facts(view: "AlertView") -> list[tuple[str, object]]:
    from tui.operations import plan_form

    alert = view.alert
    life = alert.useful_life
    facts: list[tuple[str, object]] = [
        ("Name", f"{alert.name} (id {alert.id})"),
        ("State", _state(view)),
        ("Priority", alert.priority),
        ("Description", alert.description),
        ("Raised by", f"the program itself: {alert.system}" if alert.system else None),
        ("Useful life", f"{life.total_seconds() / 60:g} min" if life else None),
        ("Answer plan", plan_form.in_words(alert.plan, alert.plan_then) if alert.plan else None),
        ("Claim lasts", plan_form.short(alert.claim_lasts) if alert.claim_lasts else None),
        ("Settle", f"{alert.settle.total_seconds() / 60:g} min" if alert.settle else None),
        ("Active", view.active or None),
    ]
    for field in alert.fields:
        facts.append(("Field", f"{field.name} = {field.default}" if field.default else field.name))
    facts += [("Problem", problem) for problem in view.problems]
    return facts
