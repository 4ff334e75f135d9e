"""Looking at the site as a whole, for Diagnose: each function reads, and lets `scheduling.diagnose` judge."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from scheduling import unheard
from scheduling.diagnose import person, plan
from scheduling.diagnose import site as judge
from scheduling.diagnose.finding import Finding, problem
from scheduling.gateways import wording
from scheduling.site_zone import difference
from storage import (
    adoption,
    audience,
    clock_hold,
    instances,
    integrity,
    message_history,
    outbox,
    review_verify,
    users,
)
from storage import alerts as stored_alerts
from storage import handlers as stored_handlers
from storage import review as stored_review
from storage import rosters as stored_rosters
from storage import tasks as stored_tasks
from storage.folder import DataFolder, file_system_of
from storage.records import Task
from storage.tables import messages
from storage.vocabulary import MessageState
from tui.operations import alert_health, duty, task_preview
from tui.operations.desk import Desk
from tui.operations.diagnose_bench import Bench
from tui.operations.moments import site_zone

NEWEST_ENTRIES = 5000
LATELY = timedelta(hours=24)
NEWEST_FAILURES = 1000
FAILED = (MessageState.FAILED, MessageState.EXPIRED, MessageState.UNDELIVERED)


def held(bench: Bench) -> Iterator[Finding]:
    with bench.desk.database.read() as connection:
        yield judge.held(adoption.hold_of(connection))


def engine(bench: Bench) -> Iterator[Finding]:
    yield judge.engine(bench.lease, bench.engine_running, bench.desk.now())


def queue(bench: Bench) -> Iterator[Finding]:
    now = bench.desk.now()
    with bench.desk.database.read() as connection:
        waiting = sum(found.total for found in stored_handlers.queues(connection).values())
        oldest = outbox.oldest_due(connection, now)
        unknown = message_history.count_undecided(connection)
    yield judge.queue(waiting, oldest, now)
    yield judge.unknown(unknown)


def told(bench: Bench) -> Iterator[Finding]:
    with bench.desk.database.read() as connection:
        yield judge.told(unheard.look(connection, bench.desk.now()))


def failures(bench: Bench) -> Iterator[Finding]:
    since = bench.desk.now() - LATELY
    m = messages.c
    newest = (
        sa.select(m.error_code, m.error, m.state, m.finished_at)
        .where(m.state.in_(FAILED))
        .order_by(m.id.desc())
        .limit(NEWEST_FAILURES)
    )
    with bench.desk.database.read() as connection:
        rows = connection.execute(newest).all()
    lately = [row for row in rows if row.finished_at is not None and row.finished_at >= since]
    reasons = Counter(wording.said(row.error_code, row.error or row.state) for row in lately)
    yield judge.failures(reasons.most_common(), int(LATELY.total_seconds() // 3600))


def people(bench: Bench) -> Iterator[Finding]:
    """Every enabled user's number in the field that handlers send to unless they name another."""
    fields = bench.telephone_fields
    chosen = fields[0] if fields else None
    wanted = users.UserFilter(enabled=True)
    with bench.desk.database.read() as connection:
        found = users.everyone(connection, wanted)
        numbers = ((user.name, user.values.get(chosen.id) if chosen else None) for user in found)
        yield person.everyone(chosen.name if chosen else None, numbers)


def tasks(bench: Bench) -> Iterator[Finding]:
    now = bench.desk.now()
    with bench.desk.database.read() as connection:
        known = [task for task in stored_tasks.listing(connection) if task.enabled]
    for task in known:
        reach = task_preview.reach(bench.desk, task)
        yield from plan.task(task, len(reach.reached), _troubles(bench.desk, task), now)


def _troubles(desk: Desk, task: Task) -> list[str]:
    """What keeps its actions from being carried out, a sentence each."""
    found = []
    with desk.database.read() as connection:
        if not any(action.enabled for action in task.actions):
            found.append("it has no action: nothing is sent when it fires")
        for action in task.actions:
            handler = stored_handlers.get(connection, action.handler_id)
            if handler is None or handler.removed_at is not None:
                found.append(f"its handler {action.handler} was removed: choose another")
            elif not handler.enabled:
                found.append(f"its handler {handler.name} is disabled: messages would wait")
            elif any(person.by_name for person in action.recipients) and (
                audience.telephone_field(connection, handler.telephone_field_id) is None
            ):
                found.append("the site has no Telephone Number field yet")
    return list(dict.fromkeys(found))


def alerts(bench: Bench) -> Iterator[Finding]:
    with bench.desk.database.read() as connection:
        gaps = alert_health.DutyGaps(connection, bench.desk.now())
        for alert in stored_alerts.listing(connection):
            if alert.enabled:
                yield from plan.alert(alert.name, alert_health.broken(connection, alert, gaps))


def rosters(bench: Bench) -> Iterator[Finding]:
    """Where nobody is on duty in the next 31 days, roster by roster."""
    now = bench.desk.now()
    with bench.desk.database.read() as connection:
        known = stored_rosters.names(connection)
        holes = {roster.id: (roster, gaps) for roster, gaps in duty.gaps(connection, now)}
    for roster_id, name in known:
        roster, gaps = holes.get(roster_id, (None, []))
        yield plan.roster(name, duty.gaps_words(roster, gaps) if roster else None)


def clock(bench: Bench) -> Iterator[Finding]:
    with bench.desk.database.read() as connection:
        newest = stored_review.before(connection, None, 1)
        hold = clock_hold.hold_of(connection)
    yield judge.clock(
        bench.desk.now(),
        newest[0].at if newest else None,
        bench.lease.beaten_at,
        hold.until if hold else None,
    )


def zone(bench: Bench) -> Iterator[Finding]:
    found, now = site_zone(), bench.desk.now()
    yield judge.zone(found, difference(found.name, now), now)


def database(bench: Bench) -> Iterator[Finding]:
    yield judge.sound(integrity.full_check(bench.desk.database.path))


def review(bench: Bench) -> Iterator[Finding]:
    with bench.desk.database.read() as connection:
        last = stored_review.last_id(connection)
    verdict = review_verify.verify(bench.desk.database, start=max(1, last - NEWEST_ENTRIES + 1))
    yield judge.review(verdict.problem, verdict.checked, [str(gap) for gap in verdict.missing])


def disk(bench: Bench) -> Iterator[Finding]:
    yield judge.disk(integrity.free_bytes(bench.desk.database.folder.path))


def file_system(bench: Bench) -> Iterator[Finding]:
    yield judge.file_system(file_system_of(bench.desk.database.folder.path))


def rights(bench: Bench) -> Iterator[Finding]:
    yield _rights(bench.desk.database.folder)


def _rights(folder: DataFolder) -> Finding:
    files = [folder.database, folder.secret_key, folder.keys_file]
    loose = [file.name for file in files if file.exists() and file.stat().st_mode & 0o077]
    return judge.rights(folder.path.stat().st_mode, loose)


def library(bench: Bench) -> Iterator[Finding]:
    yield judge.library()


def processes(bench: Bench) -> Iterator[Finding]:
    with bench.desk.database.read() as connection:
        alive = instances.alive(connection, bench.desk.now())
    yield judge.processes(alive, bench.version)


def without_opening(folder: DataFolder, error: str) -> Iterator[Finding]:
    """What can still be said of a site that does not open."""
    yield problem("Database", f"open the site in {folder.path}", error, "do what it says, and try again")
    if folder.path.is_dir():
        yield judge.disk(integrity.free_bytes(folder.path))
        yield judge.file_system(file_system_of(folder.path))
        yield _rights(folder)
    yield judge.library()
