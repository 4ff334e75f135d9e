"""The options of a scheduled task, spelled once for `add` and `edit`, and how they fill the form."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from storage import vocabulary
from tui.cli.context import desk

if TYPE_CHECKING:
    from storage.records import Task
    from tui.operations.action_form import ActionForm
    from tui.operations.task_form import TaskForm


Name = Annotated[str, typer.Argument(metavar="NAME", help="A task's name or id")]
Cron = Annotated[
    str | None,
    typer.Option(
        "--cron", metavar="EXPR", help='When it fires: five fields ("0 9 * * 1-5") or @daily and the like'
    ),
]
OnceAt = Annotated[
    str | None, typer.Option("--once-at", metavar="T", help="Instead of --cron: one time, local in --zone")
]
AtHandOver = Annotated[
    str | None,
    typer.Option(
        "--at-hand-over-of",
        "--at-hand-over",
        metavar="ROSTER",
        help="Instead of --cron: whenever others come on duty by this roster",
    ),
]
Start = Annotated[
    str | None, typer.Option("--start", metavar="T", help="Not before this time, local in --zone")
]
End = Annotated[str | None, typer.Option("--end", metavar="T", help="Not after this time, local in --zone")]
WhenMissed = Annotated[
    vocabulary.WhenMissed | None,
    typer.Option(
        "--when-missed",
        help="After a stop: fire the latest if missed by less than its grace (preset), all, or skip them",
    ),
]
Grace = Annotated[
    str | None,
    typer.Option("--grace", metavar="M", help="Minutes by which the latest may be late; preset 15"),
]
CatchUp = Annotated[
    str | None,
    typer.Option("--most-catch-up", metavar="N", help="With --when-missed all: at most so many; preset 10"),
]
Life = Annotated[
    str | None,
    typer.Option(
        "--useful-life",
        metavar="M",
        help="Minutes after which its unsent messages expire; preset: the handler's",
    ),
]
Notes = Annotated[str | None, typer.Option("--notes", help="Anything worth knowing about it")]


def filled(form: "TaskForm", given: dict[str, Any]) -> "TaskForm":
    """The form with every option that was given. An empty time or useful life takes it away."""
    from dataclasses import replace

    from tui.operations.form_values import whole_minutes, whole_number
    from tui.operations.moments import check_zone

    found: dict[str, Any] = {}
    zone = form.zone
    if given["zone"] is not None:
        zone = found["zone"] = check_zone(given["zone"])
    if given["cron"] is not None:
        found |= {"cron": given["cron"], "once_at": None, "roster_id": None}
    if given["once_at"] is not None:
        found |= {"once_at": _time(given["once_at"], "--once-at", zone), "cron": given["cron"] or ""}
        found["roster_id"] = None
    if given["hand_over_of"] is not None:
        from tui.operations import names

        roster = desk().read(names.roster, given["hand_over_of"])
        found |= {"roster_id": roster.id, "cron": "", "once_at": None, "zone": roster.zone}
    if given["start"] is not None:
        found["starts_at"] = _time(given["start"], "--start", zone)
    if given["end"] is not None:
        found["ends_at"] = _time(given["end"], "--end", zone)
    if given["when_missed"] is not None:
        found["when_missed"] = given["when_missed"]
    if given["grace"] is not None:
        found["grace"] = whole_minutes(given["grace"], "Grace (mins)")
    if given["most_catch_up"] is not None:
        found["most_catch_up"] = whole_number(given["most_catch_up"], "Most to catch up", 1, 1000)
    if given["useful_life"] is not None:
        life = given["useful_life"].strip()
        found["useful_life"] = whole_minutes(life, "Useful life (mins)", low=1) if life else None
    if given["notes"] is not None:
        found["notes"] = given["notes"]
    return replace(form, **found)


def _time(text: str, option: str, zone: str) -> Any:
    from tui.operations.moments import moment

    return moment(text, option, desk().now(), zone) if text.strip() else None


def action_given(handler: str, to: list[str], message: str) -> "ActionForm":
    """An action from `--handler`, `--to` and `--message`."""
    from tui.cli.send import read_text
    from tui.operations import names
    from tui.operations.action_form import ActionForm

    with desk().database.read() as connection:
        return ActionForm(
            handler_id=names.handler(connection, handler).id,
            recipients=tuple(names.recipient(connection, name) for name in to),
            text=read_text(message),
        )


def action_changed(
    task: "Task", handler: str | None, to: list[str], message: str | None
) -> "tuple[ActionForm, ...]":
    """The task's actions with its only one changed as given."""
    from dataclasses import replace

    from tui.cli.send import read_text
    from tui.operations import names
    from tui.operations.action_form import form_of
    from tui.operations.errors import Refused

    actions = tuple(form_of(action) for action in task.actions)
    if handler is None and not to and message is None:
        return actions
    if len(actions) != 1:
        raise Refused(
            f"{task.name} has {len(actions)} actions: change them with commsdesk task action add and remove"
        )
    changed = actions[0]
    with desk().database.read() as connection:
        if handler is not None:
            changed = replace(changed, handler_id=names.handler(connection, handler).id)
        if to:
            changed = replace(changed, recipients=tuple(names.recipient(connection, name) for name in to))
    if message is not None:
        changed = replace(changed, text=read_text(message))
    return (changed,)
