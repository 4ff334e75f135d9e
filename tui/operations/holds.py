"""Quiet hours, silences and the limit: what an operator may do with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scheduling import holding, quiet_windows
from scheduling.holds import Person, windows_of, zone_of
from scheduling.zones import zone_named
from storage import groups, held, occurrences, users
from storage import holds as stored
from storage.alerts import Alert
from storage.database import Transaction
from storage.holds import Limit, Quiet, Silence
from storage.names import key_of
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind, HoldKind, Role
from tui.operations import moments, names
from tui.operations.alerts import named as alert_named
from tui.operations.desk import Desk, refusal
from tui.operations.errors import NotAllowed, Refused
from tui.operations.form_values import counted, minutes_of, whole_minutes, whole_number
from tui.operations.hold_words import about_words
from tui.operations.names import check_text
from tui.operations.raised_values import kept_key

EVERYONE = "everyone"
LOWEST = 9
PRESET_THROUGH = 2
MOST_WINDOWS = 20
LONGEST_REASON = 200
NO_END = timedelta(days=11)  # quiet hours that follow each other for so long do so for ever
LONGEST_SILENCE = timedelta(days=30)
LONGEST_OF_OPERATORS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class About:
    """Whose quiet hours are meant: a user, a group, or (with neither) everyone."""

    name: str
    user_id: int | None = None
    group_id: int | None = None


def about(connection: sa.Connection, text: str) -> About:
    """USER, group:G or everyone. Raises `Refused`."""
    if key_of(text) == EVERYONE:
        return About(EVERYONE)
    if text.strip().casefold().startswith("group:"):
        group = names.group(connection, text)
        return About(group.name, group_id=group.id)
    user = names.user(connection, text)
    return About(user.name, user_id=user.id)


def quiet_set(
    desk: Desk,
    whom: str,
    windows: Sequence[str],
    *,
    zone: str | None = None,
    through: str | int | None = None,
    tell_all: bool = False,
) -> Quiet:
    """Set the quiet hours of a user, a group or everyone; they take the place of what was set."""
    parsed = _windows(windows)
    place = moments.check_zone(zone) if zone else None
    priority = PRESET_THROUGH if through is None else whole_number(through, "Through", 0, LOWEST)
    with desk.write(Role.ADMINISTRATOR, "setting quiet hours") as tx:
        now = desk.now()
        target = about(tx.connection, whom)
        before = _present(tx, target)
        for quiet in before:
            stored.change(tx, quiet.id, removed_at=now)
        values = {
            "user_id": target.user_id,
            "group_id": target.group_id,
            "windows": parsed,
            "zone": place,
            "through": priority,
            "tell_all": tell_all,
        }
        made = stored.add(tx, HoldKind.QUIET, values, desk.operator, now)
        _work_out_anew(tx, now)
        found = next(quiet for quiet in stored.quiet_hours(tx) if quiet.id == made)
        if quiet_windows.never_ends(windows_of(found.windows), zone_of(found, Person(), _site_zone()), now):
            raise Refused(
                "Window: the windows leave no time of the week: nobody would ever be told", "Window"
            )
        _check_together(tx, now)
        text = (
            f"quiet hours of {target.name}: {', '.join(parsed)}{f' {place}' if place else ''};"
            f" priority {priority} and higher passes"
        )
        _say(tx, desk, text, now)
        return found


def _check_together(tx: Transaction, now: datetime) -> None:
    """Refuse where all quiet hours that concern somebody together leave nothing of the week."""
    quiets = stored.quiet_hours(tx)
    people: set[int | None] = {quiet.user_id for quiet in quiets} | {None}
    for quiet in quiets:
        if quiet.group_id is not None:
            people |= {user_id for user_id, _ in groups.members(tx, quiet.group_id)}
    for user_id, found in holding.quiet_of(tx, quiets, people, now).items():
        if found is not None and found.until - now >= NO_END:
            known = users.get(tx.connection, user_id) if user_id is not None else None
            who = known.name if known else "a number"
            raise Refused(
                f"Window: with the other quiet hours no time of the week is left to {who}: leave some",
                "Window",
            )


def quiet_remove(desk: Desk, whom: str) -> About:
    """Remove quiet hours; what they hold is released at once unless other quiet hours hold it on."""
    with desk.write(Role.ADMINISTRATOR, "removing quiet hours") as tx:
        now = desk.now()
        target = about(tx.connection, whom)
        found = _present(tx, target)
        if not found:
            raise Refused(f"{target.name} has no quiet hours", hint="see commsdesk quiet list")
        for quiet in found:
            stored.change(tx, quiet.id, removed_at=now)
        _work_out_anew(tx, now)
        _say(tx, desk, f"quiet hours of {target.name} removed", now)
        return target


def quiet_list(desk: Desk) -> list[Quiet]:
    with desk.database.read() as connection:
        return stored.quiet_hours(connection)


def _present(tx: Transaction, target: About) -> list[Quiet]:
    return [
        quiet
        for quiet in stored.quiet_hours(tx)
        if (quiet.user_id, quiet.group_id) == (target.user_id, target.group_id)
    ]


def _windows(given: Sequence[str]) -> list[str]:
    if not given:
        raise Refused(f"Window is missing: write it like --window {quiet_windows.EXAMPLE}", "Window")
    if len(given) > MOST_WINDOWS:
        raise Refused(f"Window is given {len(given)} times: {MOST_WINDOWS} at most", "Window")
    try:
        return list(dict.fromkeys(str(quiet_windows.parse(text)) for text in given))
    except ValueError as error:
        raise Refused(f"Window: {error}", "Window") from None


def _site_zone() -> str:
    return moments.system_zone()


def _work_out_anew(tx: Transaction, now: datetime) -> None:
    """What quiet hours hold is due when they end as they now are; at once where none holds any more."""
    rows = [row for row in held.listing(tx) if row.kind is HoldKind.QUIET]
    quiet = holding.quiet_of(tx, stored.quiet_hours(tx), {row.user_id for row in rows}, now)
    for row in rows:
        found = quiet.get(row.user_id)
        held.set_until(tx, [row.id], now if found is None else found.until)


# Silences


@dataclass(frozen=True, slots=True)
class SilenceView:
    """A silence, and of how many occurrences it keeps something back."""

    silence: Silence
    held: int = 0


def silence_add(
    desk: Desk,
    alert: str | None,
    *,
    key: str | None = None,
    lasts: str | None = None,
    until: str | None = None,
    reason: str | None = None,
) -> SilenceView:
    """Silence an alert (None: all) from now on. An end and a reason are required."""
    why = check_text(reason or "", "Reason").strip()
    if not why:
        raise Refused('Reason is empty: say why nobody is told, e.g. --reason "works on door 7"', "Reason")
    if len(why) > LONGEST_REASON:
        raise Refused(f"Reason has {len(why):,} characters: {LONGEST_REASON} at most", "Reason")
    if (lasts is None) == (until is None):
        raise Refused("a silence needs one end: give either --for 2h or --until 16:00", "Until")
    with desk.write(Role.OPERATOR, "silencing an alert") as tx:
        now = desk.now()
        length = _length(lasts) if lasts is not None else None
        end = now + length if length is not None else _until(until or "", now)
        _check_length(tx.connection, desk, end - now)
        found: Alert | None = None if alert is None else alert_named(tx.connection, alert)
        kept, _ = kept_key(key)
        values = {
            "alert_id": found.id if found else None,
            "key": kept,
            "from_at": now,
            "until_at": end,
            "length": length,
            "reason": why,
        }
        made = stored.add(tx, HoldKind.SILENCE, values, desk.operator, now)
        silence = stored.silence(tx, made)
        assert silence is not None
        text = f"{about_words(silence)} silenced until {end.astimezone():%a %d %b %H:%M}: {why}"
        _say(tx, desk, text, now, alert=found, kind=EntryKind.SILENCED)
        return SilenceView(silence)


def silence_end(desk: Desk, silence_id: int) -> SilenceView:
    """End a silence now; what it kept back is sent by the engine."""
    with desk.write(Role.OPERATOR, "ending a silence") as tx:
        now = desk.now()
        found = stored.silence(tx, silence_id)
        if found is None:
            raise Refused(f"no silence has the id {silence_id}", hint="see commsdesk silence list")
        if found.ends_at <= now:
            raise Refused(f"silence {silence_id} is over already")
        stored.change(tx, silence_id, ended_at=now, ended_by=desk.operator)
        ended = stored.silence(tx, silence_id)
        assert ended is not None
        _say(tx, desk, f"silence of {about_words(found)} ended early", now, kind=EntryKind.SILENCED)
        return SilenceView(ended, _kept(tx.connection, [ended]).get(silence_id, 0))


def silence_list(desk: Desk, *, all_of: bool = False) -> list[SilenceView]:
    """The silences that hold now, else all that ever were; the newest last."""
    now = desk.now()
    with desk.database.read() as connection:
        found = stored.silences(connection, all_of=all_of)
        found = [one for one in found if all_of or one.holds_at(now)]
        kept = _kept(connection, found)
        return [SilenceView(one, kept.get(one.id, 0)) for one in found]


def _kept(connection: sa.Connection, silences: Sequence[Silence]) -> dict[int, int]:
    """Of how many occurrences that are still open each silence keeps something back."""
    kept = occurrences.kept_back(connection)
    return {
        one.id: sum(
            one.is_about(each.alert_id, each.key)
            and each.raised_at is not None
            and each.raised_at < one.ends_at
            for each in kept
        )
        for one in silences
    }


def _length(text: str) -> timedelta:
    start = datetime(2000, 1, 3, tzinfo=UTC)
    words = text.strip().removeprefix("+")
    length = moments.moment(f"+{words}", "For", start) - start
    if length <= timedelta(0):
        raise Refused("For must be longer than nothing: write it like 30m or 2h", "For")
    return length


def _until(text: str, now: datetime) -> datetime:
    words = text.strip()
    if len(words) in (4, 5) and words.replace(":", "").isdigit() and ":" in words:
        # A time of day alone is the next such time.
        zone = zone_named(moments.system_zone())
        for days in (0, 1):
            day = (now.astimezone(zone) + timedelta(days=days)).date()
            at = moments.moment(f"{day.isoformat()} {words.zfill(5)}", "Until", now)
            if at > now:
                return at
    at = moments.moment(words, "Until", now)
    if at <= now:
        raise Refused("Until lies in the past: a silence ends in the future", "Until")
    return at


def _check_length(connection: sa.Connection, desk: Desk, length: timedelta) -> None:
    if length > LONGEST_SILENCE:
        raise Refused("Until: a silence lasts 30 days at most", "Until")
    role = desk.standing(connection)
    if length > LONGEST_OF_OPERATORS and not role.allows(Role.ADMINISTRATOR):
        raise NotAllowed(refusal(desk.operator, role, "a silence of over 24 h", Role.ADMINISTRATOR))


# The limit


def limit_set(
    desk: Desk, most: str | int, per: str | int | None, *, through: str | int | None = None
) -> Limit | None:
    """So many messages to a number in so many minutes; `none` takes the limit away."""
    none = str(most).strip().casefold() == "none"
    number = 0 if none else whole_number(most, "Limit", 1, 1_000)
    if not none and per is None:
        raise Refused("Per (mins) is missing: give --per 10", "Per (mins)")
    length = timedelta(0) if none else whole_minutes(per or 0, "Per (mins)", low=1)
    if length > timedelta(days=1):
        raise Refused("Per (mins) must be 1 to 1,440 minutes", "Per (mins)")
    priority = 1 if through is None else whole_number(through, "Through", 0, LOWEST)
    with desk.write(Role.ADMINISTRATOR, "setting the limit") as tx:
        now = desk.now()
        before = stored.limit(tx)
        if before is not None:
            stored.change(tx, before.id, removed_at=now)
        if none:
            if before is None:
                raise Refused("there is no limit to take away", "Limit")
            held.set_until(tx, [row.id for row in held.listing(tx) if row.kind is HoldKind.LIMIT], now)
            _say(tx, desk, "limit taken away", now)
            return None
        values = {"most": number, "per": length, "through": priority}
        stored.add(tx, HoldKind.LIMIT, values, desk.operator, now)
        text = f"limit: {counted(number, 'message')} to a number in {minutes_of(length)} min"
        _say(tx, desk, f"{text}; priority {priority} and higher passes", now)
        return stored.limit(tx)


def limit_get(desk: Desk) -> Limit | None:
    with desk.database.read() as connection:
        return stored.limit(connection)


def quiet_until(connection: sa.Connection, user_ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    quiets = stored.quiet_hours(connection)
    found = holding.quiet_of(connection, quiets, list(user_ids), now) if quiets else {}
    return {user_id: one.until for user_id, one in found.items() if user_id is not None and one is not None}


def _say(
    tx: Transaction,
    desk: Desk,
    text: str,
    now: datetime,
    *,
    alert: Alert | None = None,
    kind: EntryKind = EntryKind.CHANGE,
) -> None:
    tx.review(
        now,
        ReviewEntry(
            Category.ALERT if kind is EntryKind.SILENCED else Category.USER,
            text,
            operator=desk.operator,
            alert_id=alert.id if alert else None,
            alert=alert.name if alert else None,
            kind=kind,
        ),
    )
