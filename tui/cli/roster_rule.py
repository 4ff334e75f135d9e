"""`commsdesk roster rule`: who is in turn on which days."""

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.context import desk
from tui.cli.lazy_group import WordsAfter, plain_app
from tui.cli.options import Json
from tui.cli.output import emit, say
from tui.cli.roster_options import (
    Days,
    End,
    HandOver,
    People,
    RosterName,
    RulePlace,
    Since,
    Start,
    Turn,
    named,
    tell_differences,
)

if TYPE_CHECKING:
    from tui.operations.rosters import Saved

app = plain_app()


@app.command(cls=WordsAfter)
def add(
    name: RosterName,
    people: People = None,
    turn: Turn = None,
    hand_over: HandOver = None,
    since: Since = None,
    days: Days = None,
    start: Start = None,
    end: End = None,
    json: Json = False,
) -> None:
    """Add a rule after the others: the first that holds counts."""
    from tui.operations import rosters
    from tui.operations.roster_form import RuleForm

    form = RuleForm(
        people=people, turn=turn, hand_over=hand_over, since=since, days=days, start=start, end=end
    )
    _show_saved(rosters.add_rule(desk(), named(name).id, form), "added", json)


@app.command(cls=WordsAfter)
def edit(
    name: RosterName,
    place: RulePlace,
    people: People = None,
    turn: Turn = None,
    hand_over: HandOver = None,
    since: Since = None,
    days: Days = None,
    start: Start = None,
    end: End = None,
    json: Json = False,
) -> None:
    """Change what is given, keep the rest. Whoever is on now stays on until their hand-over."""
    from tui.operations import rosters
    from tui.operations.roster_form import RuleForm

    form = RuleForm(
        people=people, turn=turn, hand_over=hand_over, since=since, days=days, start=start, end=end
    )
    _show_saved(rosters.edit_rule(desk(), named(name).id, place, form), "saved", json)


@app.command()
def move(
    name: RosterName,
    place: RulePlace,
    new_place: Annotated[int, typer.Argument(metavar="PLACE", min=1, help="Its new place, counted from 1")],
    json: Json = False,
) -> None:
    """Put a rule at another place."""
    from tui.operations import rosters

    _show_saved(rosters.move_rule(desk(), named(name).id, place, new_place), "moved", json)


@app.command()
def remove(name: RosterName, place: RulePlace) -> None:
    """Take a rule away."""
    from tui.operations import rosters

    saved = rosters.remove_rule(desk(), named(name).id, place)
    tell_differences(saved)
    say(f"removed rule {place} of {saved.roster.name}")


def _show_saved(saved: "Saved", what: str, json: bool) -> None:
    from tui.operations.duty import rule_json
    from tui.operations.roster_form import rule_words

    tell_differences(saved)
    rule = saved.roster.rules[saved.place - 1]
    if json:
        emit(rule_json(saved.roster, saved.place, rule))
    else:
        say(f"{what} rule {saved.place} of {saved.roster.name}: {rule_words(saved.roster, rule)}")
