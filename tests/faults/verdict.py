"""The arithmetic: what was asked for, what commsdesk says, what the phones hold."""

import collections
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from demo_data.clickatell import ThreadedClickatell
from storage import process, review_verify
from storage.database import Database
from storage.tables import attempts, held, instances, leases, messages, occurrences, reviews, task_runs, tasks
from storage.vocabulary import EntryKind, HeldState
from tests.faults import order
from tests.faults.journal import AskedFor

ON_A_PHONE = ("accepted", "delivered", "undelivered")
NEVER_SENT = ("expired", "cancelled")
SAID_UNKNOWN = (str(EntryKind.UNKNOWN), str(EntryKind.WITHDRAWN))


@dataclass(slots=True)
class Verdict:
    """`lost`, `doubled` and `wrong` must be empty. The counts say how much was thrown and went through."""

    asked: int = 0
    messages: int = 0
    attempts: int = 0
    arrived: int = 0
    explained: int = 0  # arrivals beyond the first with an unknown outcome behind them
    epochs: int = 0
    firings: int = 0
    states: collections.Counter[str] = field(default_factory=collections.Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)

    def __str__(self) -> str:
        return f"lost {self.lost[:5]}, doubled {self.doubled[:5]}, wrong {self.wrong[:5]}"


def judge(database: Database, clickatells: Iterable[ThreadedClickatell], asked: AskedFor) -> Verdict:
    """Compare the three records of a site on which nothing runs any more."""
    phones = [message for one in clickatells for message in list(one.clickatell.account.inbox)]
    verdict = Verdict(asked=len(asked.promised), arrived=len(phones))
    with database.read() as connection:
        _messages(connection, phones, asked, verdict)
        _tasks(connection, verdict)
        _alerts(connection, asked, verdict)
        _order(connection, phones, verdict)
        _held(connection, verdict)
        _fence(connection, verdict)
        _left_behind(connection, verdict)
        sound = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    if sound != "ok":
        verdict.wrong.append(f"the file is damaged: {sound}")
    review = review_verify.verify(database)
    if not review.intact:
        verdict.wrong.append(f"the review does not hold: {review}")
    return verdict


def _messages(connection: sa.Connection, phones: list, asked: AskedFor, verdict: Verdict) -> None:
    rows = connection.execute(sa.select(messages)).mappings().all()
    tries: dict[int, list[sa.RowMapping]] = collections.defaultdict(list)
    for row in connection.execute(sa.select(attempts).order_by(attempts.c.n)).mappings():
        tries[row["message_id"]].append(row)
    unknowns = collections.Counter(
        connection.execute(sa.select(reviews.c.message_id).where(reviews.c.kind.in_(SAID_UNKNOWN))).scalars()
    )
    verdict.messages, verdict.attempts = len(rows), sum(map(len, tries.values()))
    verdict.states.update(row["state"] for row in rows)
    on_phones = collections.defaultdict(list)
    for phone in phones:
        on_phones[phone.client_message_id].append(phone)
    for row in rows:
        here = on_phones.pop(row["client_message_id"], [])
        _one(row, here, tries[row["id"]], _unknowns(unknowns[row["id"]], tries[row["id"]]), verdict)
    verdict.wrong += [f"a phone holds what no site sent: {name}" for name in on_phones]
    there = collections.Counter((row["body"], row["to_number"]) for row in rows)
    verdict.lost += [f"promised and not there: {key}" for key in asked.promised - set(there)]
    by_client = collections.Counter({(r["body"], r["to_number"]): 1 for r in rows if r["origin"] != "task"})
    verdict.wrong += [f"nobody asked for {key}" for key in set(by_client) - asked.begun]
    verdict.doubled += [f"queued {n} times: {key}" for key, n in there.items() if n > 1]


def _unknowns(entries: int, tries: list[sa.RowMapping]) -> int:
    """How many outcomes were unknown: said so in the review, of attempts that may have arrived.

    An attempt of unknown outcome is accepted later where a late answer or a query says so. An entry may
    also say that a message was withdrawn, or is left unknown, after an attempt that nothing came of.
    """
    return min(entries, sum(one["outcome"] in ("accepted", "unknown") for one in tries))


def _one(
    row: sa.RowMapping, phones: list, tries: list[sa.RowMapping], unknowns: int, verdict: Verdict
) -> None:
    state, arrived = row["state"], len(phones)
    name = f"message {row['id']} ({state}, {arrived} arrived, {unknowns} unknown)"
    wrong = verdict.wrong
    if state in ON_A_PHONE and not arrived:
        verdict.lost.append(f"{name} is on no phone")
    if arrived > 1:
        if arrived - 1 > unknowns:
            verdict.doubled.append(name)
        else:
            verdict.explained += arrived - 1
    if state in ("queued", "sending"):
        wrong.append(f"{name} is stuck")
    if state == "failed" and arrived and not unknowns:
        wrong.append(f"{name} is called failed")
    withdrawn = state == "cancelled" and row["error_code"] == "withdrawn"
    if withdrawn and (arrived or any(one["outcome"] in ("accepted", "unknown") for one in tries)):
        wrong.append(f"{name} was withdrawn though it may have arrived")
    if state in NEVER_SENT and (arrived or (tries and not withdrawn)):
        wrong.append(f"{name} was tried {len(tries)} times")
    if state == "unknown" and not unknowns:
        wrong.append(f"{name} without an unknown outcome")
    if state in ON_A_PHONE and row["gateway_id"] not in {None, *(phone.gateway_id for phone in phones)}:
        wrong.append(f"{name} has the id of another: {row['gateway_id']}")
    if any((phone.text, f"+{phone.to}") != (row["body"], row["to_number"]) for phone in phones):
        wrong.append(f"{name} arrived with another text or number")
    if [one["n"] for one in tries] != list(range(1, row["attempts"] + 1)):
        wrong.append(f"{name}: its attempts are not counted through")
    if any(one["outcome"] is None for one in tries):
        wrong.append(f"{name} has an attempt without an end")
    accepted = [one for one in tries if one["outcome"] == "accepted"]
    if accepted and state not in ON_A_PHONE:
        wrong.append(f"{name} was accepted by attempt {accepted[0]['n']}")
    if state in ON_A_PHONE and not accepted:
        wrong.append(f"{name} has no accepted attempt")


def _tasks(connection: sa.Connection, verdict: Verdict) -> None:
    """Every task of a round is due once: one run, fired, with its one message."""
    runs = collections.defaultdict(list)
    for row in connection.execute(sa.select(task_runs)).mappings():
        runs[row["task_id"]].append((row["state"], row["queued"]))
    for task in connection.execute(sa.select(tasks)).mappings():
        verdict.firings += 1
        if task["next_due_at"] is not None or runs[task["id"]] != [("fired", 1)]:
            verdict.wrong.append(f"{task['name']} came to {runs[task['id']]}")


def _alerts(connection: sa.Connection, asked: AskedFor, verdict: Verdict) -> None:
    given = connection.execute(sa.select(occurrences.c.given)).scalars().all()
    counted = collections.Counter(f"Fire {values['Zone']}" for values in given if "Zone" in values)
    verdict.wrong += [f"{text} was raised {n} times" for text, n in counted.items() if n > 1]
    promised = {text for text, _ in asked.promised if text.startswith("Fire ")}
    verdict.lost += [f"{text}: no occurrence" for text in promised - set(counted)]


def _order(connection: sa.Connection, phones: list, verdict: Verdict) -> None:
    """Nobody reads OVER before ALARM, ALARM after OVER, or of an end without its beginning."""
    arrived = collections.defaultdict(list)
    for place, phone in enumerate(sorted(phones, key=lambda one: one.at)):
        arrived[phone.client_message_id].append(place)
    sent = order.read(connection, arrived)
    verdict.wrong += order.overtaken(sent)
    verdict.wrong += order.outlived(sent, order.observed_over(connection))
    verdict.wrong += order.unheard(sent)
    verdict.wrong += order.expired_early(connection)


def _held(connection: sa.Connection, verdict: Verdict) -> None:
    """What was held has ended, and is named by the message that released it."""
    for row in connection.execute(sa.select(held)).mappings():
        if row["state"] == HeldState.HELD:
            verdict.wrong.append(f"held message {row['id']} is held for ever")
        if row["state"] == HeldState.RELEASED and row["message_id"] is None:
            verdict.lost.append(f"held message {row['id']} was released by no message")


def _fence(connection: sa.Connection, verdict: Verdict) -> None:
    """One holder at a time: in the order of their commits, the tokens that claim and fire never go back."""
    for table, words in ((attempts, "claimed"), (task_runs, "fired")):
        epochs = connection.execute(sa.select(table.c.epoch).order_by(table.c.id)).scalars().all()
        late = [(a, b) for a, b in itertools.pairwise(epochs) if b < a]
        verdict.wrong += [f"epoch {b} {words} after epoch {a}" for a, b in late]
    who = connection.execute(sa.select(attempts.c.epoch, attempts.c.instance_id).distinct()).all()
    shared = [epoch for epoch, n in collections.Counter(row[0] for row in who).items() if n > 1]
    verdict.wrong += [f"epoch {epoch} had several holders" for epoch in shared]
    verdict.epochs = connection.execute(sa.select(leases.c.epoch)).scalar_one()


def _left_behind(connection: sa.Connection, verdict: Verdict) -> None:
    lease = connection.execute(sa.select(leases)).mappings().one()
    if lease["holder"] is not None:
        verdict.wrong.append("the lease was not given up")
    for row in connection.execute(sa.select(instances)).mappings():
        life = process.life_of(row["boot_id"], row["pid_namespace"], row["pid"], row["process_start"])
        if life is process.Life.ALIVE:
            verdict.wrong.append(f"process {row['pid']} still runs")
