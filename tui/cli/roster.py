"""`commsdesk roster`: who is on duty."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli import roster_holiday, roster_rule
from tui.cli.context import desk
from tui.cli.lazy_group import plain_app
from tui.cli.options import Json, Zone
from tui.cli.output import emit, emit_all, note, say, show_facts, show_table
from tui.cli.roster_options import RosterName, named, tell_differences

if TYPE_CHECKING:
    from storage.roster_records import Roster
    from tui.operations.covers import Covered

app = plain_app()
app.add_typer(roster_rule.app, name="rule", help="The rules of a roster: add, move, edit, remove")
app.add_typer(roster_holiday.app, name="holiday", help="Dates that are no ordinary weekdays")

DAYS_SHOWN = 14

Fallback = Annotated[
    str | None,
    typer.Option(
        "--fallback", metavar="USER|group:G", help="Who is on where no rule holds; nobody takes it away"
    ),
]
NoteText = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, for those who look")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    zone: Zone = None,
    fallback: Fallback = None,
    json: Json = False,
) -> None:
    """Add a roster; give it rules with `roster rule add`. Without --zone it goes by the site's."""
    from tui.operations import rosters
    from tui.operations.duty import roster_json

    made = rosters.add(desk(), name, zone=zone, fallback=fallback)
    if json:
        emit(roster_json(made))
    else:
        say(f"added roster {made.id}: {made.name}, {made.zone}")


@app.command()
def edit(
    name: RosterName,
    new_name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Call it this from now on")
    ] = None,
    zone: Zone = None,
    fallback: Fallback = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest."""
    from tui.operations import rosters
    from tui.operations.duty import roster_json

    saved = rosters.edit(desk(), named(name).id, name=new_name, zone=zone, fallback=fallback)
    tell_differences(saved)
    if json:
        emit(roster_json(saved.roster))
    else:
        say(f"saved roster {saved.roster.id}: {saved.roster.name}")


@app.command()
def remove(name: RosterName) -> None:
    """Remove a roster. Refused while alerts or tasks go by it."""
    from tui.operations import rosters

    found = rosters.remove(desk(), named(name).id)
    say(f"removed roster {found.name}")


@app.command("list")
def list_rosters(json: Json = False) -> None:
    """All rosters: who is on, until when, and who is next. As JSON with their rules and covers."""
    from scheduling.on_duty import in_zone
    from tui.operations import duty

    found = desk().read(duty.views, desk().now())
    if json:
        emit_all(duty.roster_json(view.roster) for view in found)
        return
    if not found:
        say("No roster yet. Add one: commsdesk roster add NAME --zone ZONE")
        return
    rows = []
    for view in found:
        until, after = view.shift.end, view.following
        rows.append(
            (
                view.roster.id,
                view.roster.name,
                duty.shift_people(view.roster, view.shift),
                until and duty.moment_words(until, in_zone(view.roster)),
                after and duty.shift_people(view.roster, after),
                len(view.gaps) or None,
            )
        )
    show_table(("Id", "Name", "On duty", "Until", "Next", "Gaps"), rows, right={0, 5})


@app.command()
def who(
    name: RosterName,
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="At this time, in the roster's zone; preset now")
    ] = None,
    json: Json = False,
) -> None:
    """Who is on duty, until when, and who is next."""
    from scheduling import on_duty
    from tui.operations import duty
    from tui.operations.moments import moment
    from tui.operations.roster_form import check_moment

    roster = duty.read(desk(), named(name).id)
    now = desk().now()
    when = now if at is None else check_moment(moment(at, "At", now, roster.zone), "At")
    shift = on_duty.on_duty(roster, when)
    if json:
        emit(duty.shift_json(roster, shift))
        return
    zone = on_duty.in_zone(roster)
    after = on_duty.following(roster, shift)
    show_facts(
        [
            ("On duty", f"{duty.shift_people(roster, shift)} ({duty.why_words(roster, shift)})"),
            ("Since", shift.start and duty.moment_words(shift.start, zone)),
            ("Until", shift.end and duty.moment_words(shift.end, zone)),
            (
                "Next",
                after
                and after.start
                and f"{duty.shift_people(roster, after)}, from {duty.moment_words(after.start, zone)}",
            ),
        ]
    )


@app.command()
def show(
    name: RosterName,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="From this date; preset today")
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, metavar="N", help="So many days; preset 14")
    ] = DAYS_SHOWN,
    json: Json = False,
) -> None:
    """The rules and covers of a roster, and every shift of some days. As JSON the shifts, one a line."""
    from scheduling import on_duty
    from tui.operations import duty
    from tui.operations.roster_form import read_date

    roster = duty.read(desk(), named(name).id)
    zone = on_duty.in_zone(roster)
    day = desk().now().astimezone(zone).date() if start is None else read_date(start, "From")
    begin, end = duty.days_from(roster, day, days)
    shifts = on_duty.shifts(roster, begin, end)
    if json:
        emit_all(duty.shift_json(roster, shift) for shift in shifts)
        return
    _show_roster(roster, [cover.id for cover in roster.covers if cover.end > begin and cover.start < end])
    rows = [
        (
            shift.start and duty.moment_words(shift.start, zone),
            shift.end and duty.moment_words(shift.end, zone),
            duty.shift_people(roster, shift),
            duty.why_words(roster, shift),
        )
        for shift in shifts
    ]
    show_table(("From", "To", "On duty", "Why"), rows)


def _show_roster(roster: "Roster", covers: list[int]) -> None:
    from tui.operations import duty
    from tui.operations.covers import words

    show_facts(
        [
            ("Name", f"{roster.name} (id {roster.id})"),
            ("Zone", roster.zone),
            ("Fallback", roster.fallback_name or "nobody"),
        ]
    )
    say("")
    if roster.rules:
        headers = ("Rule", "In turn", "Turn", "Hand-over", "Since", "Days", "Hours")
        show_table(headers, duty.rule_lines(roster), right={0})
    else:
        say("No rule yet. Add one: commsdesk roster rule add ROSTER --people A B --turn 1w")
    for cover in roster.covers:
        if cover.id in covers:
            say(f"Cover {cover.id}: {words(roster, cover)}")
    say("")


@app.command()
def gaps(
    name: Annotated[
        str | None, typer.Argument(metavar="[ROSTER]", help="A roster's name or id; preset all of them")
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, metavar="N", help="Days ahead; preset 31")
    ] = 31,
    json: Json = False,
) -> None:
    """When nobody is on duty, from now on. Exit status 1 if there is any such time."""
    from datetime import timedelta

    from scheduling import on_duty
    from tui.operations import duty

    ahead, now = timedelta(days=days), desk().now()
    if name is not None:
        roster = duty.read(desk(), named(name).id)
        found = [(roster, on_duty.gaps(roster, now, ahead))]
    else:
        found = desk().read(duty.gaps, now, ahead)
    lines = [(roster, gap) for roster, holes in found for gap in holes]
    for roster, gap in lines:
        if json:
            emit(duty.shift_json(roster, gap))
        else:
            say(duty.gap_words(roster, gap))
    if not lines and not json:
        say(f"no gap in the next {days} days")
    raise typer.Exit(1 if lines else 0)


@app.command()
def cover(
    name: RosterName,
    start: Annotated[str, typer.Option("--from", metavar="T", help="From when, in the roster's zone")],
    end: Annotated[str, typer.Option("--to", metavar="T", help="Until when, in the roster's zone")],
    by: Annotated[
        str, typer.Option("--by", metavar="USER|nobody", help="Who is on instead; several as Joe+Amy")
    ],
    instead_of: Annotated[
        str | None, typer.Option("--for", metavar="USER", help="Only where this one would be on")
    ] = None,
    text: NoteText = "",
    json: Json = False,
) -> None:
    """Put others on duty for a while. The newest cover that holds counts."""
    from tui.operations import covers

    form = covers.CoverForm(start=start, end=end, by=by, instead_of=instead_of, note=text)
    _show_cover(covers.cover(desk(), named(name).id, form), "", json)


@app.command()
def take(
    name: RosterName,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="Until when; preset: until this shift ends")
    ] = None,
    user: Annotated[
        str | None,
        typer.Option("--by", "--user", metavar="USER", help="Who takes over; preset: the operator's user"),
    ] = None,
    text: NoteText = "",
    json: Json = False,
) -> None:
    """Take over now: a cover from this moment on."""
    from tui.operations import covers

    _show_cover(covers.take(desk(), named(name).id, until=until, user=user, text=text), "taken over: ", json)


@app.command()
def uncover(
    cover_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, help="A cover's id, as roster show gives it")
    ],
    json: Json = False,
) -> None:
    """Take a cover back: it is as if it had never been."""
    from tui.operations import covers
    from tui.operations.duty import cover_json

    done = covers.uncover(desk(), cover_id)
    if json:
        emit(cover_json(done.roster, done.cover))
    else:
        say(f"cover {cover_id} of {done.roster.name} taken back")


def _show_cover(done: "Covered", lead: str, json: bool) -> None:
    from tui.operations import covers
    from tui.operations.duty import cover_json

    for warning in covers.warnings(desk(), done):
        note(f"warning: {warning}")
    if json:
        emit(cover_json(done.roster, done.cover))
    else:
        say(f"{lead}cover {done.cover.id} of {done.roster.name}: {covers.words(done.roster, done.cover)}")
