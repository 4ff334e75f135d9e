"""Rosters: making, changing and removing them and their rules. Covers are in `covers`, lists in `duty`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from scheduling import hand_over, on_duty, turns
from scheduling.on_duty import Difference
from storage import rosters as stored
from storage.database import Transaction
from storage.names import key_of
from storage.records import Recipient, ReviewEntry
from storage.roster_records import Roster, Rule
from storage.vocabulary import Category, EntryKind, Role
from tui.operations import names
from tui.operations.desk import Desk
from tui.operations.errors import Refused
from tui.operations.form_values import whole_number
from tui.operations.moments import check_zone, system_zone
from tui.operations.roster_form import NOBODY, RuleForm, read_rule, rule_words

MOST_RULES = 50
SHOWN = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class Saved:
    """A roster as it was saved, and what that changes in the next four weeks."""

    roster: Roster
    differences: tuple[Difference, ...] = ()
    place: int = 0  # of the rule that was added, changed or moved, counted from 1


def get(desk: Desk, roster_id: int) -> Roster:
    return desk.read(known, roster_id)


def listing(desk: Desk) -> list[Roster]:
    """All rosters, the newest last, with the covers that are not over."""
    with desk.database.read() as connection:
        return stored.listing(connection, ending_after=desk.now())


def add(desk: Desk, name: str, *, zone: str | None = None, fallback: str | None = None) -> Roster:
    """A new roster. Without a zone it goes by the site's; `fallback` is a user or a group."""
    name = names.check_name(name, "roster")
    zone = check_zone(zone) if zone is not None else system_zone()
    with desk.write(Role.ADMINISTRATOR, "adding a roster") as tx:
        _check_free(tx.connection, name)
        values = {"name": name, "zone": zone, **_fallback(tx.connection, fallback or NOBODY)}
        made = known(tx.connection, stored.add(tx, values, desk.now()))
        after = f", falls back on {made.fallback_name}" if made.fallback_name else ""
        note(desk, tx, f"roster {name} added: {zone}{after}")
        return made


def edit(
    desk: Desk,
    roster_id: int,
    *,
    name: str | None = None,
    zone: str | None = None,
    fallback: str | None = None,
    revision: int | None = None,
) -> Saved:
    """Change what is given; `fallback` "nobody" takes it away."""
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = names.check_name(name, "roster")
    if zone is not None:
        wanted["zone"] = check_zone(zone)
    with desk.write(Role.ADMINISTRATOR, "changing a roster") as tx:
        before = unmoved(known(tx.connection, roster_id), revision)
        if "name" in wanted:
            _check_free(tx.connection, wanted["name"], roster_id)
        if fallback is not None:
            wanted |= _fallback(tx.connection, fallback)
        changed = {key: value for key, value in wanted.items() if value != _present(before)[key]}
        if not changed:
            return Saved(before)
        stored.change(tx, roster_id, changed, desk.now())
        after = known(tx.connection, roster_id)
        what = [f"name now {after.name}"] if "name" in changed else []
        what += [f"zone now {after.zone}"] if "zone" in changed else []
        if after.fallback_name != before.fallback_name:
            what.append(f"falls back on {after.fallback_name or NOBODY}")
        note(desk, tx, f"roster {before.name} changed: {', '.join(what)}")
        return _saved(desk, tx, before, after)


def remove(desk: Desk, roster_id: int) -> Roster:
    """Remove a roster. Refused while a task or an alert goes by it, naming them."""
    with desk.write(Role.ADMINISTRATOR, "removing a roster") as tx:
        found = known(tx.connection, roster_id)
        uses = stored.uses(tx.connection, roster_id)
        if uses:
            who = names.mentioned([str(use) for use in uses])
            raise Refused(f"{found.name} is used by {who}: give those another recipient or schedule first")
        stored.remove(tx, roster_id, desk.now())
        note(desk, tx, f"roster {found.name} removed")
        return found


# Rules, by their place counted from 1

Rules = Sequence[Rule]


def add_rule(desk: Desk, roster_id: int, form: RuleForm, *, revision: int | None = None) -> Saved:
    """Add a rule after the others."""

    def added(tx: Transaction, roster: Roster) -> tuple[Rules, int, str]:
        if len(roster.rules) >= MOST_RULES:
            raise Refused(f"{roster.name} has {MOST_RULES} rules, the most there may be: remove one first")
        rule = read_rule(tx.connection, form, None, _today(desk, roster))
        place = len(roster.rules) + 1
        return (*roster.rules, rule), place, f"rule {place} added: {_words(tx, roster, rule)}"

    return _save_rules(desk, roster_id, added, revision)


def edit_rule(
    desk: Desk, roster_id: int, place: int | str, form: RuleForm, *, revision: int | None = None
) -> Saved:
    """Change what is given. Whoever is on now stays on until their hand-over."""

    def changed(tx: Transaction, roster: Roster) -> tuple[Rules, int, str]:
        number, before = rule_at(roster, place)
        wanted = read_rule(tx.connection, form, before, _today(desk, roster))
        rule = turns.edited(
            before,
            wanted,
            desk.now(),
            on_duty.in_zone(roster),
            on_duty.special_days(roster),
            since_given=form.since is not None,
        )
        rules = [rule if each is before else each for each in roster.rules]
        return rules, number, f"rule {number} changed: {_words(tx, roster, rule)}"

    return _save_rules(desk, roster_id, changed, revision)


def move_rule(
    desk: Desk, roster_id: int, place: int | str, to: int | str, *, revision: int | None = None
) -> Saved:
    """Put a rule at another place: the first that holds counts."""

    def moved(tx: Transaction, roster: Roster) -> tuple[Rules, int, str]:
        number, rule = rule_at(roster, place)
        target = whole_number(to, "Place", 1, len(roster.rules))
        rules = [each for each in roster.rules if each is not rule]
        rules.insert(target - 1, rule)
        return rules, target, f"rule {number} is now rule {target}"

    return _save_rules(desk, roster_id, moved, revision)


def remove_rule(desk: Desk, roster_id: int, place: int | str, *, revision: int | None = None) -> Saved:
    def removed(tx: Transaction, roster: Roster) -> tuple[Rules, int, str]:
        number, rule = rule_at(roster, place)
        rules = [each for each in roster.rules if each is not rule]
        return rules, 0, f"rule {number} removed: {_words(tx, roster, rule)}"

    return _save_rules(desk, roster_id, removed, revision)


def rule_at(roster: Roster, place: int | str) -> tuple[int, Rule]:
    if not roster.rules:
        raise Refused(f"{roster.name} has no rule yet: add one first", "Rule")
    number = whole_number(place, "Rule", 1, len(roster.rules))
    return number, roster.rules[number - 1]


Change = Callable[[Transaction, Roster], tuple[Rules, int, str]]


def _save_rules(desk: Desk, roster_id: int, change: Change, revision: int | None) -> Saved:
    with desk.write(Role.ADMINISTRATOR, "changing a roster") as tx:
        before = unmoved(known(tx.connection, roster_id), revision)
        rules, place, said = change(tx, before)
        stored.set_rules(tx, roster_id, rules)
        stored.change(tx, roster_id, {}, desk.now())
        note(desk, tx, f"roster {before.name}: {said}")
        return replace(_saved(desk, tx, before, known(tx.connection, roster_id)), place=place)


def _saved(desk: Desk, tx: Transaction, before: Roster, after: Roster) -> Saved:
    now = desk.now()
    hand_over.plan(tx, after, now)
    return Saved(after, tuple(on_duty.differences(before, after, now, now + SHOWN)))


def known(connection: sa.Connection, roster_id: int) -> Roster:
    found = stored.get(connection, roster_id)
    if found is None:
        raise Refused(f"no roster has the id {roster_id}: it may have been removed meanwhile", "Roster")
    return found


def unmoved(roster: Roster, revision: int | None) -> Roster:
    if revision is not None and roster.revision != revision:
        raise Refused(f"{roster.name} was changed by someone else meanwhile: look at it again")
    return roster


def note(desk: Desk, tx: Transaction, text: str) -> None:
    """What was done to a roster, for the review."""
    tx.review(desk.now(), ReviewEntry(Category.USER, text, operator=desk.operator, kind=EntryKind.CHANGE))


def _today(desk: Desk, roster: Roster) -> date:
    return desk.now().astimezone(on_duty.in_zone(roster)).date()


def _words(tx: Transaction, roster: Roster, rule: Rule) -> str:
    return rule_words(_with_names(tx.connection, replace(roster, rules=(rule,))), rule)


def _with_names(connection: sa.Connection, roster: Roster) -> Roster:
    return replace(roster, names={**roster.names, **stored.names_of(connection, roster.people)})


def _present(roster: Roster) -> dict[str, Any]:
    return {
        "name": roster.name,
        "zone": roster.zone,
        "fallback_user_id": roster.fallback_user,
        "fallback_group_id": roster.fallback_group,
    }


def _fallback(connection: sa.Connection, text: str) -> dict[str, int | None]:
    """The columns for a fallback by name."""
    if key_of(text) == NOBODY:
        return {"fallback_user_id": None, "fallback_group_id": None}
    try:
        found: Recipient = names.recipient(connection, text)
    except Refused as error:
        raise Refused(f"Fallback: {error.message}", "Fallback") from None
    if found.user_id is None and found.group_id is None:
        raise Refused("Fallback must be a user or a group: name one", "Fallback")
    return {"fallback_user_id": found.user_id, "fallback_group_id": found.group_id}


def _check_free(connection: sa.Connection, name: str, own_id: int | None = None) -> None:
    other = stored.by_name(connection, name)
    if other is not None and other.id != own_id:
        raise Refused(f"Name {other.name} is taken by another roster: choose another", "Name")
