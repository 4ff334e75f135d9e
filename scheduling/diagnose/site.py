"""The site as a whole: its engine, its file and disk, the clock, what waits and what was left lying."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from scheduling import unheard
from scheduling.diagnose.finding import Finding, ok, problem, warning
from scheduling.site_zone import Difference, SiteZone
from scheduling.unheard import Unheard
from scheduling.zones import offset_at, zone_named
from storage import integrity, sqlite
from storage.adoption import Hold
from storage.folder import NETWORK_FILE_SYSTEMS
from storage.instances import Instance
from storage.leases import Lease

START = "start one: commsdesk run, or open the console"
OVERDUE = timedelta(minutes=2)
SILENT = timedelta(seconds=30)
BUILT = datetime(2026, 1, 1, tzinfo=UTC)


def engine(lease: Lease, running: bool, now: datetime) -> Finding:
    tried = "look for the process that fires and sends"
    if lease.holder is None or not running:
        return problem("Engine", tried, "no scheduler is running: nothing is fired or sent", START)
    age = now - lease.beaten_at if lease.beaten_at is not None else None
    who = f"commsdesk {lease.holder_kind}, process {lease.holder_pid}"
    if age is not None and age > SILENT:
        advice = f"is process {lease.holder_pid} stopped, or the disk stuck? End it, and start another"
        found = f"{who} has shown no life for {int(age.total_seconds())} s"
        return problem("Engine", tried, found, advice)
    return ok("Engine", tried, f"{who}")


def held(hold: Hold | None) -> Finding:
    tried = "see whether this is the live site"
    if hold is None:
        return ok("Live site", tried, "it is")
    found = (
        f"held since {hold.since.astimezone():%d %b %H:%M}: this database is {hold.reason}; nothing is sent"
    )
    advice = "if the original no longer runs: commsdesk adopt, then decide what the held messages should do"
    return problem("Live site", tried, found, advice)


def library() -> Finding:
    tried = "read the version of the SQLite library"
    said = sqlite.library_warning()
    version = ".".join(str(part) for part in sqlite.library_version())
    if said is None:
        return ok("SQLite library", tried, version)
    return warning("SQLite library", tried, said, "install the pysqlite3 package, or a newer Python")


def disk(free: int) -> Finding:
    tried = "read how much room the disk has"
    room = f"{free / integrity.MEGABYTE:,.0f} MB free"
    advice = "free some space, or move the site to a larger disk"
    if free < integrity.LEAST:
        return problem("Disk", tried, f"{room}: nothing is sent until there is more", advice)
    if free < integrity.SCARCE:
        return warning("Disk", tried, room, advice)
    return ok("Disk", tried, room)


def file_system(kind: str) -> Finding:
    tried = "read the type of the data folder's file system"
    if kind in NETWORK_FILE_SYSTEMS or kind.startswith("fuse."):
        advice = "move the site to a local disk (backup there, restore here, adopt)"
        return problem(
            "File system", tried, f"a network file system ({kind}): the database could be damaged", advice
        )
    return ok("File system", tried, kind or "local, as far as can be told")


def rights(folder_mode: int, loose: Sequence[str]) -> Finding:
    """`loose` are the files that others than the owner may read or write."""
    tried = "read who may open the data folder and its files"
    if folder_mode & 0o077 == 0:
        return ok("Rights", tried, "the owner only")
    if not loose:
        return ok("Rights", tried, "others may enter the folder, and open no file in it")
    names = ", ".join(loose)
    return warning("Rights", tried, f"others may open {names}", "chmod 700 the folder, and 600 the files")


def sound(found: Sequence[str]) -> Finding:
    tried = "let SQLite check the whole file"
    if not found:
        return ok("Database", tried, "sound")
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    advice = f"{integrity.WHAT_TO_DO} ({integrity.HINT})"
    return problem("Database", tried, f"damaged: {found[0]}{more}", advice)


def clock(
    now: datetime,
    newest_entry: datetime | None,
    last_beat: datetime | None,
    tasks_held_until: datetime | None = None,
) -> Finding:
    """The wall clock against what it showed before, and whether tasks wait because it jumped."""
    tried = "compare the clock with the newest times written down"
    seen = max((at for at in (newest_entry, last_beat) if at is not None), default=None)
    advice = "set the clock and let it be kept by the network (NTP): tasks fire by it"
    if now < BUILT:
        return problem("Clock", tried, f"it shows {now.astimezone():%Y-%m-%d %H:%M}, which is past", advice)
    if tasks_held_until is not None:
        until = f"{tasks_held_until.astimezone():%H:%M}"
        advice = "if the clock is right: commsdesk task go-on; else set it, and let it be kept by the network"
        return problem("Clock", tried, f"it jumped: scheduled tasks wait until {until}", advice)
    if seen is not None and seen - now > timedelta(seconds=60):
        ahead = int((seen - now).total_seconds() // 60)
        return problem("Clock", tried, f"it is {ahead} min behind what was written down before", advice)
    return ok("Clock", tried, f"{now.astimezone():%Y-%m-%d %H:%M:%S %Z}")


def zone(found: SiteZone, parts: Difference | None, now: datetime) -> Finding:
    """The zone that new tasks get against what this machine's own clock shows."""
    tried = "compare the time zone of new tasks with this machine's clock, for a year"
    said = f"{found.name} ({_offset(found.name, now)})"
    advice = "set TZ or COMMSDESK_ZONE to a name such as Europe/London, or give tasks their zone (--zone)"
    if parts is not None:
        since = "" if parts.at - now < timedelta(days=1) else f" from {parts.at:%d %b %Y} on"
        shows = f"this machine shows {_hours(parts.machine)}{since}, {found.name} {_hours(parts.zone)}"
        return warning("Time zone", tried, f"{found.doubt}; {shows}" if found.doubt else shows, advice)
    if found.doubt:
        return warning("Time zone", tried, found.doubt, advice)
    return ok("Time zone", tried, said)


def _offset(name: str, now: datetime) -> str:
    return _hours(offset_at(now, zone_named(name)))


def _hours(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def queue(waiting: int, oldest_due: datetime | None, now: datetime) -> Finding:
    tried = "look for messages that should have gone long ago"
    if oldest_due is not None and now - oldest_due > OVERDUE:
        minutes = int((now - oldest_due).total_seconds() // 60)
        advice = "see the checks of the engine and the handlers: one of them holds them up"
        return problem("Queue", tried, f"{waiting:,} waiting, the oldest due for {minutes} min", advice)
    return ok("Queue", tried, f"{waiting:,} waiting")


def unknown(count: int) -> Finding:
    tried = "count the messages whose outcome is unknown"
    if not count:
        return ok("Unknown outcomes", tried, "none")
    noun = "message waits" if count == 1 else "messages wait"
    advice = "decide each: commsdesk message list --state unknown, then message resend, arrived or drop"
    return warning("Unknown outcomes", tried, f"{count:,} {noun} for a person", advice)


def told(found: Unheard) -> Finding:
    """Active alerts of which nobody was told."""
    tried = "look for active alerts of which nobody was told"
    if found.nobody_told:
        advice = (
            "tell them another way; commsdesk alert occurrence ID says why nobody was reached, and"
            " commsdesk alert send-again ID sends once more"
        )
        return problem("Told", tried, unheard.said(len(found.nobody_told)), advice)
    if found.unsure:
        advice = "decide each: commsdesk message list --state unknown, then message resend, arrived or drop"
        return warning("Told", tried, unheard.unsure_said(len(found.unsure)), advice)
    return ok("Told", tried, "none")


def failures(by_error: Sequence[tuple[str, int]], hours: int) -> Finding:
    """What failed lately, by error, the most frequent first."""
    tried = f"count what failed in the last {hours} h"
    if not by_error:
        return ok("Failures", tried, "none")
    total = sum(count for _, count in by_error)
    error, count = by_error[0]
    noun = "message" if total == 1 else "messages"
    found = f"{total:,} {noun} not sent or not delivered; most often ({count:,}): {error}"
    return warning(
        "Failures", tried, found, "commsdesk message list --state failed; doctor --message ID says more"
    )


def review(trouble: str | None, checked: int, missing: Sequence[str]) -> Finding:
    tried = f"check the newest {checked:,} entries of the review, and its end"
    if trouble:
        advice = (
            "commsdesk review verify checks all of it; compare with a backup (review verify --against FILE)"
        )
        return problem("Review", tried, trouble, advice)
    if missing:
        advice = "check them with the secret key of then: commsdesk review verify --with-key FILE"
        return warning("Review", tried, f"cannot be judged: {'; '.join(missing)}", advice)
    return ok("Review", tried, "nothing was altered or taken out")


def processes(alive: Sequence[Instance], version: str) -> Finding:
    tried = "look at the processes that have the site open"
    others = sorted({instance.version for instance in alive if instance.version != version})
    names = ", ".join(f"{instance.kind} {instance.pid}" for instance in alive) or "none but this one"
    if others:
        found = f"{names}; of version {', '.join(others)}, and this is {version}"
        return warning("Processes", tried, found, "restart them, so that all are of one version")
    return ok("Processes", tried, names)
