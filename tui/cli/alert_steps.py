"""`commsdesk alert raise`, the steps of an occurrence's life, and the occurrences themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import dry_run as dry
from tui.cli.alert_options import Key, Lasts, Name, NoteOption, OccurrenceId, Values, named, values_given
from tui.cli.context import desk
from tui.cli.dry_run import At, DryRun
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Limit, Yes
from tui.cli.output import emit, emit_all, local_time, note, say, show_facts, show_table

if TYPE_CHECKING:
    from datetime import timedelta

    from scheduling.told import PersonTold
    from storage.occurrences import Occurrence
    from tui.operations.occurrences import OccurrenceDetail, OccurrenceView, Stepped
    from tui.operations.rehearsal import RehearsalDesk

app = plain_app()


@app.command("raise")
def raise_alert(
    name: Name,
    key: Key = None,
    set: Values = None,
    dry_run: DryRun = False,
    at: At = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Raise an alert: what its Created tab sends is on disk when the command ends."""
    from scheduling.alerting import undeclared
    from tui.cli.sent import ask_if_large, asks
    from tui.operations import alert_preview, occurrences

    given = values_given(set or ())
    alert = named(name)
    if rehearsed := dry.rehearsal(dry_run, at):
        stepped = occurrences.raise_alert(rehearsed, alert.id, key=key, given=given)
        kept = undeclared(alert, given)
        warnings = [f"not declared, kept all the same: {', '.join(kept)}"] if kept else []
        dry.report(rehearsed, [*stepped.queued.problems, *warnings], json=json)
    if asks(yes) and alert.enabled:
        ask_if_large(alert_preview.of_raise(desk(), alert, key or "", given).size, f"Raise {alert.name}")
    stepped = occurrences.raise_alert(desk(), alert.id, key=key, given=given)
    occurrence = stepped.occurrence
    if stepped.counted:
        done = f"raised again, counted: {occurrence.count} times now{_sent(stepped)}"
        done += "; nobody had been told" if stepped.queued.message_ids else ""
    else:
        done = f"raised{_sent(stepped)}"
    _show(stepped, done, json)


@app.command()
def claim(
    occurrence_id: OccurrenceId,
    lasts: Lasts = None,
    note: NoteOption = "",
    dry_run: DryRun = False,
    at: At = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Become its owner: others see that someone looks after it."""
    claim_one(occurrence_id, lasts, note, dry.rehearsal(dry_run, at), yes, json)


def claim_one(
    occurrence_id: int,
    lasts: str | None,
    text: str,
    rehearsed: "RehearsalDesk | None",
    yes: bool,
    json: bool,
) -> None:
    """Claim an occurrence, for so long where that is given."""
    from tui.operations import plan_form

    length = plan_form.length(lasts, "--for") if lasts is not None else None
    _step(occurrence_id, "Claimed", text, rehearsed, yes, json, length)


@app.command("action-taken")
def action_taken(
    occurrence_id: OccurrenceId,
    note: NoteOption = "",
    dry_run: DryRun = False,
    at: At = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Say that something was done about it."""
    _step(occurrence_id, "Actioned", note, dry.rehearsal(dry_run, at), yes, json)


@app.command()
def escalate(
    occurrence_id: OccurrenceId,
    note: NoteOption = "",
    dry_run: DryRun = False,
    at: At = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Send what its Escalated tab sends: more people should know."""
    _step(occurrence_id, "Escalated", note, dry.rehearsal(dry_run, at), yes, json)


@app.command()
def restore(
    occurrence_id: Annotated[int | None, typer.Argument(metavar="ID", min=1, help="Its id, or --key")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="K", help="The active occurrence with this key")
    ] = None,
    alert: Annotated[
        str | None,
        typer.Option("--alert", metavar="NAME", help="With --key, when it is active for several alerts"),
    ] = None,
    if_active: Annotated[
        bool, typer.Option("--if-active", help="With --key: when nothing is active with it, all is well")
    ] = False,
    note: NoteOption = "",
    dry_run: DryRun = False,
    at: At = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Say that its cause is gone. The next raise starts a new occurrence."""
    from tui.operations import occurrences

    if (occurrence_id is None) == (key is None):
        raise typer.BadParameter("give either an occurrence's ID or --key")
    if alert is not None and key is None:
        raise typer.BadParameter("--alert goes with --key: leave it out where an ID is given")
    if key is not None:
        alert_id = named(alert).id if alert is not None else None
        try:
            occurrence_id = occurrences.active_with_key(desk(), key, alert_id).id
        except occurrences.NotActive:
            if if_active:
                return
            raise
    assert occurrence_id is not None
    _step(occurrence_id, "Restored", note, dry.rehearsal(dry_run, at), yes, json)


@app.command()
def finalise(
    occurrence_id: OccurrenceId,
    note: NoteOption = "",
    dry_run: DryRun = False,
    at: At = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Close it for good."""
    _step(occurrence_id, "Finalised", note, dry.rehearsal(dry_run, at), yes, json)


@app.command("send-again")
def send_again(occurrence_id: OccurrenceId, yes: Yes = False, json: Json = False) -> None:
    """Send what tells of it to those who were not reached, as they and their numbers are now."""
    from tui.cli.sent import ask_if_large, asks
    from tui.operations import alert_preview, occurrences

    preview = alert_preview.of_send_again(desk(), occurrence_id) if asks(yes) else None
    if preview is not None:
        ask_if_large(preview.size, f"Send {_called(preview.occurrence)} again")
    stepped = occurrences.send_again(desk(), occurrence_id)
    _show(stepped, f"sent again to those not reached{_sent(stepped)}", json)


@app.command("note")
def add_note(
    occurrence_id: OccurrenceId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to keep with it; - reads it")],
    json: Json = False,
) -> None:
    """Keep a note with it. Nothing is sent."""
    from tui.cli.send import read_text
    from tui.operations import occurrences
    from tui.operations.alert_views import occurrence_json

    found = occurrences.add_note(desk(), occurrence_id, read_text(text))
    if json:
        emit(occurrence_json(found))
    else:
        say(f"noted on {_called(found)}")


@app.command("occurrences")
def list_occurrences(
    active: Annotated[bool, typer.Option("--active", help="Only those that are not over")] = False,
    unanswered: Annotated[
        bool,
        typer.Option("--unanswered", help="Only those whose plan asks for somebody, and nobody answered"),
    ] = False,
    alert: Annotated[str | None, typer.Option("--alert", metavar="NAME", help="Only of this alert")] = None,
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Each time an alert was raised, the newest last."""
    from tui.operations import occurrences
    from tui.operations.alert_views import listed_json

    alert_id = named(alert).id if alert is not None else None
    found = occurrences.listing(
        desk(), active_only=active, unanswered_only=unanswered, alert_id=alert_id, limit=limit
    )
    if json:
        emit_all(listed_json(view) for view in found)
    elif not found and unanswered:
        say("No unanswered occurrence.")
    elif unanswered:
        show_lines(found)
    elif not found:
        say("No active occurrence." if active else "No alert was raised yet: commsdesk alert raise NAME")
    else:
        headers = ("Id", "Raised", "Alert", "Key", "Stage", "Owner", "Age", "Count", "Sent")
        show_table(headers, [_occurrence_row(view) for view in found], right={0, 6, 7, 8})


@app.command("occurrence")
def show(occurrence_id: OccurrenceId, json: Json = False) -> None:
    """One occurrence in full: its life, and what it sent."""
    from tui.operations import occurrences
    from tui.operations.alert_views import detail_json

    found = occurrences.show(desk(), occurrence_id)
    if json:
        emit(detail_json(found))
    else:
        _show_detail(found)


def show_lines(found: "Sequence[OccurrenceView]") -> None:
    """Occurrences a line each, narrow enough for a telephone: which, and what comes next."""
    from tui.operations import next_words

    now = desk().now()
    for view in found:
        occurrence = view.occurrence
        key = f" ({occurrence.key})" if occurrence.key else ""
        after = next_words.next_of(view, now)
        say(f"{occurrence.id}  {occurrence.alert}{key}")
        say(f"    {occurrence.stage}, {_age(occurrence)}" + (f"; {after}" if after else ""))


def _told_row(person: "PersonTold") -> tuple[object, ...]:
    from tui.operations import told_words

    when = local_time(person.at) if person.told else "waiting" if person.waits else "no"
    return told_words.name_of(person), when, "" if person.told else told_words.why_not(person)


def _step(
    occurrence_id: int,
    stage: str,
    text: str,
    rehearsed: "RehearsalDesk | None",
    yes: bool,
    json: bool,
    lasts: "timedelta | None" = None,
) -> None:
    from scheduling.stages import DONE, VERBS
    from storage.vocabulary import Stage
    from tui.cli.sent import ask_if_large, asks
    from tui.operations import alert_preview, occurrences

    if rehearsed is not None:
        stepped = occurrences.step(rehearsed, occurrence_id, Stage(stage), note=text, lasts=lasts)
        dry.report(rehearsed, stepped.queued.problems, json=json)
    preview = alert_preview.of_step(desk(), occurrence_id, Stage(stage), text) if asks(yes) else None
    if preview is not None:
        verb = VERBS[Stage(stage)].capitalize()
        ask_if_large(preview.size, f"{verb} {_called(preview.occurrence)}")
    stepped = occurrences.step(desk(), occurrence_id, Stage(stage), note=text, lasts=lasts)
    done = DONE[Stage(stage)]
    if stage == Stage.ESCALATED and stepped.occurrence.level > 1:
        done += f" to level {stepped.occurrence.level}"
    until = stepped.occurrence.claim_until
    done += f" until {local_time(until)}" if until is not None else ""
    _show(stepped, f"{done}{_sent(stepped)}", json)


def _show(stepped: "Stepped", done: str, json: bool) -> None:
    from tui.cli.sent import note_no_engine
    from tui.operations.alert_views import stepped_json

    for person in stepped.queued.left_out:
        note(f"left out: {person}")
    for row in stepped.queued.held:
        note(f"held until {local_time(row.until, seconds=False)}: {row.user or row.to} ({row.why})")
    if stepped.queued.kept:
        note(f"note: {stepped.queued.kept}")
    for problem in stepped.queued.problems:
        note(f"warning: {problem}")
    if stepped.queued.message_ids:
        note_no_engine()
    if json:
        emit(stepped_json(stepped))
    else:
        say(f"{_called(stepped.occurrence)}: {done}")


def _called(occurrence: "Occurrence") -> str:
    key = f" ({occurrence.key})" if occurrence.key else ""
    return f"occurrence {occurrence.id}, {occurrence.alert}{key}"


def _sent(stepped: "Stepped") -> str:
    from tui.operations.form_values import counted

    number = len(stepped.queued.message_ids)
    said = f", {counted(number, 'message')} queued" if number else ", nothing sent"
    return f"{said} (nobody had been told)" if stepped.queued.nobody_told else said


def _occurrence_row(view: "OccurrenceView") -> tuple[object, ...]:
    found = view.occurrence
    return (
        found.id,
        local_time(found.raised_at),
        found.alert,
        found.key or "",
        found.stage,
        found.owner or "",
        _age(found),
        found.count,
        view.queued,
    )


def _age(occurrence: "Occurrence") -> str:
    """How long it has lasted, or lasted until its end."""
    begun = occurrence.raised_at
    if begun is None:
        return ""
    seconds = max(0, int(((occurrence.ended_at or desk().now()) - begun).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 1:
        return f"{seconds} s"
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60:02} min" if days < 1 else f"{days} d {hours % 24} h"


def _show_detail(detail: "OccurrenceDetail") -> None:
    from tui.cli.sent import state_line
    from tui.operations import next_words, told_words

    found = detail.view.occurrence
    facts: list[tuple[str, object]] = [
        ("Alert", f"{found.alert}, priority {found.priority} (occurrence {found.id})"),
        ("Key", found.key),
        ("Stage", found.stage),
        ("Count", found.count),
        ("Owner", found.owner),
        ("Raised", f"{local_time(found.raised_at)} by {found.raised_by or 'the program itself'}"),
        ("Age", _age(found)),
        ("Next", next_words.next_of(detail.view, desk().now()) or None),
        ("Round", found.round if found.round > 1 else None),
    ]
    facts += [(name, value) for name, value in found.given.items()]
    show_facts(facts)
    say("")
    say(told_words.in_short(detail.tally))
    if detail.withdrawn:
        say(f"Withdrawn {detail.withdrawn:,}")
    say("")
    rows = [
        (local_time(event.at), event.what, event.operator, event.queued, event.left_out, event.note)
        for event in detail.events
    ]
    show_table(("At", "What", "Operator", "Sent", "Left out", "Note"), rows, right={3, 4})
    if detail.tally.people:
        say("")
        show_table(("Who", "Told", "Why not"), [_told_row(person) for person in detail.tally.people])
    if detail.messages:
        say("")
    for sent in detail.messages:
        say(f"{sent.stage}  {state_line(sent.message)}")
