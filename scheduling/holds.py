"""Whether a message is made now or held: one decision for quiet hours, silences and limits. Pure.

The order is silence, settle, who, quiet, limit; the first that holds is the reason. Silence and settle
are about a whole tab of an occurrence (`for_tab`), quiet hours and limits about one message to one
person (`decide`). Documented in docs/quiet.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduling import quiet_windows
from scheduling.quiet_windows import Window
from scheduling.zones import ZoneError, zone_named
from storage.holds import Limit, Quiet, Silence
from storage.vocabulary import HoldKind, Stage

DIGESTS_APART = timedelta(minutes=5)  # between two messages of what a limit held
ENDS = (Stage.RESTORED, Stage.FINALISED)
_A_DAY = timedelta(days=1)
_MOST_STEPS = 40  # quiet hours that follow each other, before a moment is named all the same


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that is about to be made. `priority` is its alert's; None for a task.

    `by_hand`: a person asked for it. `by_duty`: its person is reached because they are on duty.
    `first`: the first message of its occurrence to this person.
    """

    priority: int | None = None
    by_hand: bool = False
    by_duty: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True)
class QuietNow:
    """Quiet hours that hold for a person at a moment. Alerts of priority `through` and higher pass."""

    hold_id: int
    since: datetime
    until: datetime
    through: int
    zone: ZoneInfo
    tell_all: bool = False


@dataclass(frozen=True, slots=True)
class LimitNow:
    """A limit and what counts against it for one number. `waiting`: something is held for it already."""

    limit: Limit
    places: Sequence[datetime] = ()
    last_digest: datetime | None = None
    waiting: bool = False

    def free_at(self, now: datetime) -> datetime:
        """When the next message may be made; `now` where a place is free."""
        counting = sorted(at for at in self.places if at > now - self.limit.per)
        if len(counting) < self.limit.most:
            return now
        return counting[-self.limit.most] + self.limit.per

    def digest_at(self, now: datetime) -> datetime:
        """When what is held may go out: a place is free, and the last one was long enough ago."""
        free = self.free_at(now)
        return free if self.last_digest is None else max(free, self.last_digest + DIGESTS_APART)


@dataclass(frozen=True, slots=True)
class Send:
    """It is made now. `passes` are quiet hours that would have held it, with the reason why not."""

    passes: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """It is held. `since` is the beginning of the hold as its digest names it ("22:00")."""

    kind: HoldKind
    hold_id: int
    until: datetime
    why: str
    since: str


SEND = Send()


def decide(
    wanted: Wanted, now: datetime, *, quiet: QuietNow | None = None, limit: LimitNow | None = None
) -> Send | Hold:
    """Whether this message is made now or held until when, and why."""
    passes = None
    if quiet is not None and quiet.since <= now < quiet.until:
        passes = _passes_quiet(wanted, quiet)
        if passes is None:
            until, since = (at.astimezone(quiet.zone) for at in (quiet.until, quiet.since))
            clock = "%H:%M" if until - since < _A_DAY else "%a %d %b %H:%M"
            why = f"quiet hours until {until.strftime(clock)}"
            return Hold(HoldKind.QUIET, quiet.hold_id, quiet.until, why, f"{since:%H:%M}")
    if limit is not None and not _passes_limit(wanted, limit.limit):
        free = limit.digest_at(now) if limit.waiting else limit.free_at(now)
        if free > now or limit.waiting:
            until = max(limit.digest_at(now), now)
            return Hold(
                HoldKind.LIMIT, limit.limit.id, until, limit_said(limit.limit), f"{now.astimezone():%H:%M}"
            )
    return Send(passes)


def counts(wanted: Wanted, limit: Limit) -> bool:
    """Whether a message that is made takes a place: one that passes the limit takes none."""
    return not _passes_limit(wanted, limit)


def _passes_quiet(wanted: Wanted, quiet: QuietNow) -> str | None:
    if wanted.by_hand:
        return "sent by hand"
    if wanted.by_duty:
        return "on duty"
    if wanted.priority is not None and wanted.priority <= quiet.through:
        return f"priority {wanted.priority}"
    return None


def _passes_limit(wanted: Wanted, limit: Limit) -> bool:
    urgent = wanted.priority is not None and wanted.priority <= limit.through
    return wanted.by_hand or wanted.by_duty or urgent or wanted.first


def limit_said(limit: Limit) -> str:
    minutes = limit.per.total_seconds() / 60
    return f"limit of {limit.most:,} in {minutes:g} min"


# Quiet hours of a person


@dataclass(frozen=True, slots=True)
class Person:
    """Whose quiet hours are asked for: a user with groups, or a bare number (`user_id` None)."""

    user_id: int | None = None
    groups: frozenset[int] = frozenset()
    zone: str | None = None


def concerns(quiet: Quiet, person: Person) -> bool:
    if quiet.user_id is not None:
        return quiet.user_id == person.user_id
    return quiet.group_id is None or quiet.group_id in person.groups


def quiet_at(quiets: Iterable[Quiet], person: Person, site_zone: str, at: datetime) -> QuietNow | None:
    """The quiet hours that hold for a person at a moment: all that concern them, taken together."""
    mine = [quiet for quiet in quiets if concerns(quiet, person)]
    found = [(quiet, span) for quiet in mine if (span := _span(quiet, person, site_zone, at)) is not None]
    if not found:
        return None
    holding = [quiet for quiet, _ in found]
    last, (_, until) = max(found, key=lambda one: one[1][1])
    for _ in range(_MOST_STEPS):
        following = [span for quiet in mine if (span := _span(quiet, person, site_zone, until)) is not None]
        if not following:
            break
        until = max(end for _, end in following)
    return QuietNow(
        last.id,
        min(begin for _, (begin, _) in found),
        until,
        min(quiet.through for quiet in holding),
        zone_of(last, person, site_zone),
        any(quiet.tell_all for quiet in holding),
    )


def _span(quiet: Quiet, person: Person, site_zone: str, at: datetime) -> quiet_windows.Span | None:
    return _holding(quiet.windows, zone_of(quiet, person, site_zone), at)


@lru_cache(maxsize=256)  # the same hours hold for many people at one moment
def _holding(texts: tuple[str, ...], zone: ZoneInfo, at: datetime) -> quiet_windows.Span | None:
    return quiet_windows.holding(windows_of(texts), zone, at)


def zone_of(quiet: Quiet, person: Person, site_zone: str) -> ZoneInfo:
    """The hold's own zone, else the person's, else the site's; one that does not exist is passed over."""
    for name in (quiet.zone, person.zone):
        try:
            if name:
                return zone_named(name)
        except ZoneError:
            continue
    return zone_named(site_zone)


@lru_cache(maxsize=256)
def windows_of(texts: tuple[str, ...]) -> tuple[Window, ...]:
    """The windows as they are kept; one altered by hand into something else holds nothing."""
    found = []
    for text in texts:
        try:
            found.append(quiet_windows.parse(text))
        except ValueError:
            continue
    return tuple(found)


# Silences


def silencing(silences: Iterable[Silence], alert_id: int, key: str | None, at: datetime) -> Silence | None:
    """The silence that holds for an alert and key at a moment: of several the one that ends last."""
    found = [one for one in silences if one.holds_at(at) and one.is_about(alert_id, key)]
    return max(found, key=lambda one: (one.ends_at, one.id), default=None)


def silence_said(silence: Silence) -> str:
    """ "silenced until 16:00 (ana: works on door 7)"."""
    by = f"{silence.by}: " if silence.by else ""
    return f"silenced until {_moment(silence.ends_at, silence.from_at)} ({by}{silence.reason})"


def _moment(at: datetime, seen_from: datetime) -> str:
    local = at.astimezone()
    same_day = local.date() == seen_from.astimezone().date()
    return f"{local:%H:%M}" if same_day else f"{local:%a %d %b %H:%M}"


# Settling


def settles(settle: timedelta | None, key: str | None) -> timedelta | None:
    """How long a stage must last before it is told of; None where that makes no difference."""
    return settle if settle and key else None


def reopens(stage: Stage, ended_at: datetime | None, settle: timedelta | None, now: datetime) -> bool:
    """Whether a raise is taken as the going on of an occurrence that has just been restored."""
    if settle is None or stage is not Stage.RESTORED or ended_at is None:
        return False
    return timedelta(0) <= now - ended_at < settle
