"""`commsdesk task`: what is sent on schedule."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli import context
from tui.cli import dry_run as dry
from tui.cli.context import desk
from tui.cli.dry_run import At, DryRun
from tui.cli.lazy_group import plain_app
from tui.cli.options import HandlerName, Json, To, Yes, Zone
from tui.cli.output import emit, emit_all, local_time, note, say, show_facts, show_table
from tui.cli.task_options import (
    AtHandOver,
    CatchUp,
    Cron,
    End,
    Grace,
    Life,
    Name,
    Notes,
    OnceAt,
    Start,
    WhenMissed,
    action_changed,
    action_given,
    filled,
)

if TYPE_CHECKING:
    from storage.records import Task
    from tui.operations.tasks import Saved

app = plain_app()
action_app = plain_app()
app.add_typer(action_app, name="action", help="The actions of a task: add, remove")

DEFAULT_HOURS = 24.0
Message = Annotated[
    str,
    typer.Option(
        "--message", metavar="M", help="The text, with {Name}, {First Name}, custom fields; - reads it"
    ),
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    handler: HandlerName,
    to: To,
    message: Message,
    cron: Cron = None,
    once_at: OnceAt = None,
    hand_over_of: AtHandOver = None,
    zone: Zone = None,
    start: Start = None,
    end: End = None,
    when_missed: WhenMissed = None,
    grace: Grace = None,
    most_catch_up: CatchUp = None,
    useful_life: Life = None,
    notes: Notes = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not fire it for now")] = False,
    json: Json = False,
) -> None:
    """Add a task with one action. Without --zone its times are those of this machine's zone."""
    context.begin_site()
    from tui.operations import tasks
    from tui.operations.moments import site_zone

    given = locals()
    if sum(given is not None for given in (cron, once_at, hand_over_of)) != 1:
        raise typer.BadParameter("give --cron, --once-at or --at-hand-over-of")
    action = action_given(handler, to, message)
    found = site_zone()
    form = tasks.TaskForm(name=name, zone=found.name, actions=(action,), enabled=not disabled)
    saved = tasks.add(desk(), filled(form, given))
    if zone is None and found.doubt:
        note(f"warning: {found.doubt}; --zone gives the task another")
    _show_saved(saved, "added", json)


@app.command()
def edit(
    name: Name,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it this from now on")
    ] = None,
    handler: Annotated[str | None, typer.Option("--handler", metavar="NAME", help="Another sender")] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="USER|GROUP|+NUMBER|duty:ROSTER", help="Other recipients, all of them"),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", metavar="M", help="Another text; - reads it")
    ] = None,
    cron: Cron = None,
    once_at: OnceAt = None,
    hand_over_of: AtHandOver = None,
    zone: Zone = None,
    start: Start = None,
    end: End = None,
    when_missed: WhenMissed = None,
    grace: Grace = None,
    most_catch_up: CatchUp = None,
    useful_life: Life = None,
    notes: Notes = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest. An empty --start, --end or --useful-life takes it away."""
    from dataclasses import replace

    from tui.operations import tasks

    given = locals()
    if sum(given is not None for given in (cron, once_at, hand_over_of)) > 1:
        raise typer.BadParameter("give --cron, --once-at or --at-hand-over-of")
    found = _named(name)
    form = replace(tasks.form_of(found), actions=action_changed(found, handler, to or [], message))
    if new_name is not None:
        form = replace(form, name=new_name)
    _show_saved(tasks.edit(desk(), found.id, found.revision, filled(form, given)), "saved", json)


@action_app.command("add")
def add_action(name: Name, handler: HandlerName, to: To, message: Message, json: Json = False) -> None:
    """Add one more Send Communication Message to a task."""
    from dataclasses import replace

    from tui.operations import tasks

    found = _named(name)
    form = tasks.form_of(found)
    form = replace(form, actions=(*form.actions, action_given(handler, to, message)))
    _show_saved(tasks.edit(desk(), found.id, found.revision, form), "saved", json)


@action_app.command("remove")
def remove_action(
    name: Name,
    number: Annotated[
        int, typer.Argument(metavar="N", min=1, help="Which, counted from 1 as task show does")
    ],
    json: Json = False,
) -> None:
    """Take an action away from a task."""
    from dataclasses import replace

    from tui.operations import tasks
    from tui.operations.errors import Refused

    found = _named(name)
    form = tasks.form_of(found)
    if number > len(form.actions):
        raise Refused(f"{found.name} has no action {number}: it has {len(form.actions)}")
    actions = form.actions[: number - 1] + form.actions[number:]
    _show_saved(tasks.edit(desk(), found.id, found.revision, replace(form, actions=actions)), "saved", json)


@app.command("list")
def list_tasks(json: Json = False) -> None:
    """All tasks with their next due time."""
    from tui.operations import tasks
    from tui.operations.views import task_json

    found = tasks.listing(desk())
    if json:
        emit_all(task_json(task) for task in found)
        return
    if not found:
        say("No task yet. Add one: commsdesk task add NAME --cron EXPR --handler H --to WHO --message TEXT")
        return
    rows = [
        (task.id, task.name, _when(task), task.zone, _next(task), local_time(task.last_run_at))
        for task in found
    ]
    show_table(("Id", "Name", "When", "Zone", "Next", "Last run"), rows, right={0})


@app.command()
def show(
    name: Name,
    runs: Annotated[int, typer.Option("--runs", min=0, metavar="N", help="Its newest N runs as well")] = 10,
    json: Json = False,
) -> None:
    """One task in full, with what became of its newest due times."""
    from tui.operations import tasks
    from tui.operations.views import run_json, task_json

    found = _named(name)
    history = tasks.history(desk(), found.id, runs) if runs else []
    if json:
        emit(task_json(found) | {"runs": [run_json(run) for run in history]})
        return
    show_facts(_facts(found))
    if history:
        rows = [
            (local_time(run.due_at), run.kind, run.state, run.queued, run.left_out, run.note)
            for run in history
        ]
        say("")
        show_table(("Due", "Kind", "State", "Queued", "Left out", "Note"), rows, right={3, 4})


@app.command()
def run(name: Name, dry_run: DryRun = False, at: At = None, yes: Yes = False, json: Json = False) -> None:
    """Queue its messages now. Its schedule stays as it is."""
    from tui.cli.sent import ask_if_large, asks, note_no_engine
    from tui.operations import task_preview, tasks, waiting
    from tui.operations.form_values import counted
    from tui.operations.views import message_json

    found = _named(name)
    if rehearsed := dry.rehearsal(dry_run, at):
        dry.report(rehearsed, tasks.run_now(rehearsed, found.id).problems, json=json)
    if asks(yes):
        ask_if_large(task_preview.size(desk(), (found.id,)), f"Run {found.name}")
    fired = tasks.run_now(desk(), found.id)
    for person in fired.left_out:
        note(f"left out: {person}")
    for problem in fired.problems:
        note(f"warning: {problem}")
    note_no_engine()
    if json:
        emit_all(message_json(message) for message in waiting.current(desk(), fired.message_ids))
    else:
        say(f"ran {found.name}: {counted(len(fired.message_ids), 'message')} queued")


@app.command()
def enable(name: Name) -> None:
    """Let it fire again, from its next due time on."""
    from tui.operations import tasks

    found = tasks.set_enabled(desk(), _named(name).id, True)
    say(f"enabled {found.name}: next {_next(found)}")


@app.command()
def disable(name: Name) -> None:
    """Keep it from firing."""
    from tui.operations import tasks

    say(f"disabled {tasks.set_enabled(desk(), _named(name).id, False).name}")


@app.command("go-on")
def go_on(json: Json = False) -> None:
    """Say that the clock is right: tasks that wait because it jumped fire now.

    After a jump forward of more than an hour, and on a machine that starts with its clock behind, scheduled
    tasks wait until the clock has been stable for five minutes.
    """
    from tui.operations import clock

    let = clock.let_tasks_go_on(desk())
    if json:
        emit({"went_on": let})
    else:
        say("scheduled tasks go on" if let else clock.NOTHING_HELD)


@app.command()
def remove(name: Name) -> None:
    """Remove it. Its history stays."""
    from tui.operations import tasks

    say(f"removed {tasks.remove(desk(), _named(name).id).name}")


@app.command("next")
def next_runs(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this task")] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="T", help="From this time on, which may lie in the past; preset now"),
    ] = None,
    hours: Annotated[
        float, typer.Option("--hours", min=0.01, max=876_600, metavar="N", help="How far to look")
    ] = DEFAULT_HOURS,
    json: Json = False,
) -> None:
    """What will fire, when (local and UTC), and reaching whom. Nothing is written."""
    from datetime import timedelta

    from tui.operations import task_preview, tasks
    from tui.operations.moments import moment
    from tui.operations.views import upcoming_json

    chosen = [task for task in tasks.listing(desk()) if task.enabled] if name is None else [_named(name)]
    now = desk().now()
    zone = chosen[0].zone if name is not None else None
    begin = moment(start, "--from", now, zone) if start is not None else now
    rosters = task_preview.rosters_of(desk(), chosen)
    found = list(task_preview.upcoming(chosen, begin, begin + timedelta(hours=hours), rosters))
    reach = task_preview.reaches(desk(), found)
    if name is not None and not chosen[0].enabled:
        note(f"{chosen[0].name} is disabled: it fires at none of these times until it is enabled")
    if json:
        emit_all(upcoming_json(each, reached) for each, reached in zip(found, reach, strict=True))
        return
    rows = [
        (
            each.task.name,
            f"{each.local:%a %Y-%m-%d %H:%M} {each.local.tzname()}",
            f"{each.due_at:%Y-%m-%d %H:%M}",
            _reaches(reached.reached, reached.left_out),
            each.note or "",
        )
        for each, reached in zip(found, reach, strict=True)
    ]
    if rows:
        show_table(("Task", "Local", "UTC", "Reaches", "Note"), rows)
    else:
        say(f"Nothing fires in these {hours:g} hours. Look further: --hours 168")


def _reaches(reached: tuple[str, ...], left_out: tuple[str, ...]) -> str:
    from tui.operations.names import mentioned

    whom = f"{len(reached)}: {mentioned(reached, 3)}" if reached else "nobody"
    return f"{whom} ({len(left_out)} left out)" if left_out else whom


def _named(name: str) -> "Task":
    from tui.operations import names

    return desk().read(names.task, name)


def _show_saved(saved: "Saved", word: str, json: bool) -> None:
    from tui.operations.views import task_json

    for warning in saved.warnings:
        note(f"warning: {warning}")
    if json:
        emit(task_json(saved.task))
    else:
        said = f"{word} task {saved.task.id}: {saved.task.name}, next {_next(saved.task)}"
        say(f"{said}, times of {saved.task.zone}")


def _when(task: "Task") -> str:
    from scheduling.cron_words import in_words
    from tui.operations.tasks import hand_over_roster

    if task.cron:
        return in_words(task.cron)
    if task.roster_id is not None:
        return f"at hand-over of {desk().read(hand_over_roster, task)}"
    return f"once at {_there(task, task.once_at)}"


def _there(task: "Task", at: Any) -> str:
    from scheduling.zones import zone_named

    return f"{at.astimezone(zone_named(task.zone)):%a %Y-%m-%d %H:%M}" if at else "–"


def _next(task: "Task") -> str:
    if not task.enabled:
        return "disabled"
    return _there(task, task.next_due_at) if task.next_due_at else "never"


def _facts(task: "Task") -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [
        ("Name", f"{task.name} (id {task.id})"),
        ("When", _when(task)),
        ("Cron", task.cron),
        ("Zone", task.zone),
        ("Next", _next(task)),
        ("Last due", _there(task, task.last_due_at) if task.last_due_at else None),
        ("Last run", local_time(task.last_run_at)),
        ("Start", _there(task, task.starts_at) if task.starts_at else None),
        ("End", _there(task, task.ends_at) if task.ends_at else None),
        ("When missed", f"{task.when_missed}, grace {task.grace.total_seconds() / 60:g} min"),
        ("Problem", task.problem),
        ("Notes", task.notes),
    ]
    for number, action in enumerate(task.actions, start=1):
        to = ", ".join(recipient.name for recipient in action.recipients)
        off = "" if action.enabled else " (disabled)"
        facts.append((f"Action {number}", f"{action.handler} to {to}{off}: {action.text}"))
    return facts
