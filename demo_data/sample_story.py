"""What has happened at the sample site in the days before it is opened, and what waits when it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from demo_data.sample_past import BUSY, NO_ANSWER, TOO_MANY, Fate, Past, refused_by, unreached
from demo_data.sample_rules import (
    BERLIN,
    EACH_MINUTE,
    FIRE,
    GAS,
    GATE,
    PATROL,
    PUMP,
    REPORT,
    SIREN,
    TANK,
    add_alerts,
    add_task,
    set_next_due,
)
from demo_data.sample_setup import FINE, FLAKY, XML, Cast
from scheduling import alerting, cron, firing, lifecycle, recipients
from scheduling.gateways.advice import CAUSES, Cause
from scheduling.gateways.outcome import Balance, GatewayError, Outcome
from scheduling.monitor import judge
from scheduling.recorder import apply
from storage import audience, handlers, occurrences, outbox, tasks
from storage.alerts import Alert
from storage.outbox import Submission
from storage.records import Handler, Message, ReviewEntry, Task
from storage.vocabulary import (
    Category,
    EntryKind,
    Level,
    MessageState,
    Origin,
    OutcomeKind,
    RunKind,
    RunState,
    Stage,
)

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
EACH_MINUTE_SINCE = 12 * MINUTE
FIRST_SEND = timedelta(milliseconds=300)  # from the queue to the gateway


@dataclass(frozen=True, slots=True)
class Pace:
    """When what waits at the start is tried again, counted from then."""

    first: timedelta = 13 * SECOND
    last: timedelta = 40 * SECOND


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that was tried `tried` times without success, and waits for its next attempt."""

    handler: str
    person: str
    text: str
    tried: int


WAITING = (
    Waiting(FLAKY, "Grace Adeyemi", "Lift 2 has lost a phase. Can you look at it?", 1),
    Waiting(FINE, "Sam Whitlock", "Your slot at bay 3 moved to 15:00", 2),
    Waiting(FLAKY, "Nick Papas", "Please bring the spare radio to the tank farm", 4),
    Waiting(XML, "Teresa Gomez", "Visitors from the insurer at 14:00: two badges", 1),
    Waiting(FLAKY, "Olivia Chen", "Tank 7 is out of service until Friday", 3),
    Waiting(FINE, "Leo Marchetti", "Bay 1 is free now", 1),
)


class Story:
    """Writes the story down as events of a `Past`, which then plays them in order."""

    def __init__(self, past: Past, cast: Cast, began: datetime, now: datetime) -> None:
        self.past, self.tx = past, past.tx
        self.cast = cast
        self.began = began
        self.now = now
        self._alerts: dict[str, Alert] = {}

    def tell(self, pace: Pace) -> None:
        """All of it."""
        for place, name in enumerate((FINE, XML, FLAKY)):
            self.past.at(self.began + 10 * MINUTE + place * SECOND, self._found_running(name))
        self.past.at(self.began + 40 * MINUTE, self._enter_alerts)
        for place, name in enumerate((REPORT, SIREN, BERLIN, PATROL)):
            self.past.at(self.began + (70 + 4 * place) * MINUTE, self._task_begins(name))
        for name in EACH_MINUTE:
            self.past.at(self.now - EACH_MINUTE_SINCE, self._task_begins(name))
        self._messages_by_hand()
        self._occurrences()
        self._outage()
        for place, waiting in enumerate(WAITING):
            step = (pace.last - pace.first) / (len(WAITING) - 1)
            self._left_waiting(waiting, self.now + pace.first + place * step)

    # Handlers

    def _found_running(self, name: str) -> Callable[[datetime], None]:
        def check(at: datetime) -> None:
            handler = self._handler(name)
            self._judge(handler, _balance(handler), at)

        return check

    def _judge(self, handler: Handler, found: Balance | GatewayError, at: datetime) -> None:
        before = handlers.status_of(self.tx.connection, handler.id)
        values, said = judge(handler, before, found, at)
        handlers.set_status(self.tx, handler.id, **values)
        self.tx.review(at, *said)

    def _outage(self) -> None:
        """Two days ago the legacy account could not be reached for a quarter of an hour."""
        began = self.now - 2 * DAY - 3 * HOUR

        def down(at: datetime) -> None:
            handler = self._handler(XML)
            error = refused_by(handler).error or ""
            self._judge(handler, GatewayError(OutcomeKind.NOT_SENT, error, CAUSES[Cause.REFUSED].check), at)

        self.past.at(began + 20 * SECOND, down)
        text = "Gate 2 stays shut until the crane has gone"
        self._by_hand("tom", XML, ("Security",), text, began, lambda handler, message: refused_by(handler))
        self.past.at(began + 16 * MINUTE, self._found_running(XML))

    # Messages by hand

    def _messages_by_hand(self) -> None:
        now = self.now
        text = "New route card from Monday: please fetch it at gate 1"
        self._by_hand("ana", FINE, ("Drivers",), text, now - 7 * DAY)
        text = "Budget meeting moved to Thursday, 15:00 site time"
        self._by_hand("priya", FINE, ("Managers", "Head office"), text, now - 5 * DAY - 2 * HOUR)
        text = "Peak load tonight: all hands at 18:00. Überstunden: ja."
        self._by_hand("ana", FINE, ("Tank farm", "Maintenance"), text, now - 3 * DAY - 5 * HOUR)
        text = "Can you call the control room about the chlorine sample?"
        self._by_hand("joe", FLAKY, ("Dr Sue Hall",), text, now - 26 * HOUR, _always(NO_ANSWER))
        self._cancelled(now - 22 * HOUR)
        text = "Certificates for the fire pumps are in your inbox"
        self._by_hand("priya", XML, ("Ella Brooks",), text, now - 5 * HOUR)
        text = "Crane on site from 13:00: keep gate 2 clear"
        self._by_hand("tom", FLAKY, ("Security", "Drivers"), text, now - 3 * HOUR)

    def _by_hand(
        self,
        operator: str,
        handler_name: str,
        to: Sequence[str],
        text: str,
        when: datetime,
        fate: Fate | None = None,
        then: Callable[[Sequence[int]], None] = lambda ids: None,
    ) -> None:
        def send(at: datetime) -> None:
            ids = self._queue(operator, handler_name, to, text, at)
            then(ids)
            self.past.send(ids, at + FIRST_SEND, fate)

        self.past.at(when, send)

    def _queue(
        self, operator: str, handler_name: str, to: Sequence[str], text: str, at: datetime
    ) -> list[int]:
        handler = self._handler(handler_name)
        field_id = audience.telephone_field(self.tx, handler.telephone_field_id)
        reached, missed = recipients.choose(audience.candidates(self.tx, self.cast.to(*to), field_id))
        composed = recipients.compose(
            reached,
            text,
            handler_id=handler.id,
            now=at,
            useful_life=handler.useful_life,
            most_parts=handler.most_parts,
            literal=True,
        )
        left_out = tuple({"name": person.name, "reason": person.reason} for person in missed)
        submission = Submission(Origin.MANUAL, operator=operator, left_out=left_out)
        number = len(composed.drafts)
        count = f"{number} {'message' if number == 1 else 'messages'}"
        said = f"{count} by hand through {handler.name} to {', '.join(to)}: “{text}”"
        about = {"operator": operator, "handler_id": handler.id, "handler": handler.name}
        entry = ReviewEntry(Category.OPERATOR, said, kind=EntryKind.QUEUED, **about)  # type: ignore[arg-type]
        self.tx.review(at, entry)
        if missed:
            names = "; ".join(str(person) for person in missed)
            said = f"Left out by hand: {names}"
            kind = EntryKind.LEFT_OUT
            entry = ReviewEntry(Category.OPERATOR, said, Level.WARNING, kind=kind, **about)  # type: ignore[arg-type]
            self.tx.review(at, entry)
        return outbox.enqueue(self.tx, submission, composed.drafts, at)

    def _cancelled(self, when: datetime) -> None:
        def cancel(ids: Sequence[int]) -> Callable[[datetime], None]:
            def do(at: datetime) -> None:
                (message,) = outbox.current(self.tx, ids).values()
                step = lifecycle.Step(MessageState.CANCELLED, finished_at=at, error_code=message.error_code)
                apply(self.tx, {message.id: step}, at)
                self.tx.review(at, _about(message, f"{message.recipient}: cancelled", "mei"))

            return do

        self._by_hand(
            "mei",
            FLAKY,
            ("Marc Tremblay",),
            "Please ignore the last price list",
            when,
            _always(BUSY),
            lambda ids: self.past.at(when + 95 * SECOND, cancel(ids)),
        )

    def _left_waiting(self, waiting: Waiting, next_at: datetime) -> None:
        """Tried in vain until now, so that the next attempt of its plan falls on `next_at`."""
        handler = self._handler(waiting.handler)
        first = next_at - waiting.tried * handler.retry_rate
        fate = _always(TOO_MANY) if waiting.handler == FLAKY else lambda owner, message: unreached(owner)
        self._by_hand("tom", waiting.handler, (waiting.person,), waiting.text, first - FIRST_SEND, fate)

    # Scheduled tasks

    def _task_begins(self, name: str) -> Callable[[datetime], None]:
        def begin(at: datetime) -> None:
            task = add_task(self.tx, self.cast, name, at)
            schedule = cron.parse(task.cron, task.zone)
            due_times = list(schedule.between(at, self.past.until)) if task.enabled else []
            absent = due_times[1] if name == REPORT and len(due_times) > 1 else None
            if absent is not None:
                self._nobody_there(task, absent)
            for due_at in due_times:
                if due_at != absent:
                    self.past.at(due_at + FIRST_SEND, self._fire(task, schedule, due_at))
            set_next_due(self.tx, task, self.past.until)

        return begin

    def _fire(self, task: Task, schedule: cron.Schedule, due_at: datetime) -> Callable[[datetime], None]:
        def fire(at: datetime) -> None:
            following = schedule.next_after(due_at)
            fired = firing.fire(self.tx, task, RunKind.SCHEDULED, due_at, at, next_due_at=following)
            tasks.advance(self.tx, task.id, last_due_at=due_at, last_run_at=at)
            self.past.send(fired.message_ids, at + FIRST_SEND)

        return fire

    def _nobody_there(self, task: Task, due_at: datetime) -> None:
        """One morning no engine ran: a message expired, and the report was missed."""
        back = due_at + 20 * MINUTE

        def queue(at: datetime) -> None:
            text = "Is anybody in the control room?"
            ids = self._queue("kim", FINE, ("Duty phone",), text, at)
            self.past.at(back, self.past.expire(ids))

        def missed(at: datetime) -> None:
            reason = f"missed by more than its grace of {int(task.grace / MINUTE)} min"
            tasks.record_run(self.tx, task.id, due_at, RunKind.SCHEDULED, RunState.MISSED, at, note=reason)
            text = f"{task.name} missed {due_at.astimezone():%d %b %H:%M}: {reason}"
            self.tx.review(at, firing.said_of(task, EntryKind.MISSED, text, Level.WARNING))

        self.past.at(due_at - 90 * MINUTE, queue)
        self.past.at(back, missed)

    # Alerts

    def _enter_alerts(self, at: datetime) -> None:
        self._alerts = add_alerts(self.tx, self.cast, at)

    def _occurrences(self) -> None:
        now = self.now
        tank = {"Tank": "12", "Level": "91"}
        steps = _steps((3, Stage.CLAIMED, "tom", ""), (41, Stage.RESTORED, "scada", ""))
        steps += _steps((52, Stage.FINALISED, "tom", "Gauge checked by hand"))
        self._occurrence(TANK, "T12", tank, now - 6 * DAY - 4 * HOUR, steps)
        steps = _steps((2, Stage.CLAIMED, "mei", ""), (9, Stage.ACTIONED, "mei", "Lock broken, guard posted"))
        steps += _steps((75, Stage.RESTORED, "mei", ""), (80, Stage.FINALISED, "kim", "Lock replaced"))
        self._occurrence(GATE, "north", {"Gate": "north"}, now - 5 * DAY - 9 * HOUR, steps, again=(1,))
        fire = {"Zone": "A2", "Detector": "17"}
        steps = _steps((1, Stage.CLAIMED, "ana", ""), (6, Stage.ACTIONED, "ana", "Drill, all out in 5 min"))
        steps += _steps(
            (20, Stage.RESTORED, "ana", "Drill over"), (31, Stage.FINALISED, "ana", "Yearly drill")
        )
        self._occurrence(FIRE, "A2", fire, now - 4 * DAY - 2 * HOUR, steps)
        pump = {"Pump": "P-101", "Reason": "overload"}
        steps = _steps((4, Stage.CLAIMED, "joe", ""), (19, Stage.ESCALATED, "joe", "Second trip tonight"))
        steps += _steps((38, Stage.ACTIONED, "lars", "Impeller cleared"), (44, Stage.RESTORED, "scada", ""))
        steps += _steps((60, Stage.FINALISED, "joe", "Strainer to be replaced"))
        self._occurrence(PUMP, "P-101", pump, now - 3 * DAY - 11 * HOUR, steps, again=(2, 15))
        gas = {"Place": "Pump house", "Reading": "H2S 12 ppm"}
        steps = _steps((2, Stage.CLAIMED, "tom", ""), (14, Stage.RESTORED, "scada", ""))
        steps += _steps((25, Stage.FINALISED, "tom", "Sensor was wet"))
        self._occurrence(GAS, "PH", gas, now - 30 * HOUR, steps)
        pump = {"Pump": "P-204", "Reason": "dry run"}
        steps = _steps(
            (5, Stage.CLAIMED, "tom", ""), (16, Stage.ESCALATED, "tom", "Reserve pump does not start")
        )
        self._occurrence(PUMP, "P-204", pump, now - 34 * MINUTE, steps, again=(3, 22))

    def _occurrence(
        self,
        name: str,
        key: str,
        given: dict[str, str],
        when: datetime,
        steps: "Sequence[_Step]",
        again: Sequence[int] = (),
    ) -> None:
        """Raised by the plant's own system at `when`; `again` are the minutes of later raises."""

        def raise_it(at: datetime) -> None:
            raised = alerting.raise_alert(self.tx, self._alerts[name], key, given, at, operator="scada")
            self.past.send(raised.queued.message_ids, at + FIRST_SEND)
            for step in steps:
                self.past.at(when + step.after, self._enter(name, raised.occurrence_id, step))

        def count(at: datetime) -> None:
            alerting.raise_alert(self.tx, self._alerts[name], key, given, at, operator="scada")

        self.past.at(when, raise_it)
        for minutes in again:
            self.past.at(when + minutes * MINUTE, count)

    def _enter(self, name: str, occurrence_id: int, step: "_Step") -> Callable[[datetime], None]:
        def enter(at: datetime) -> None:
            occurrence = occurrences.get(self.tx, occurrence_id)
            assert occurrence is not None
            queued = alerting.enter(
                self.tx,
                self._alerts[name],
                occurrence,
                step.stage,
                at,
                operator=step.operator,
                note=step.note,
            )
            self.past.send(queued.message_ids, at + FIRST_SEND)

        return enter

    def _handler(self, name: str) -> Handler:
        found = handlers.get(self.tx.connection, self.cast.handlers[name])
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class _Step:
    after: timedelta
    stage: Stage
    operator: str
    note: str


def _steps(*steps: tuple[int, Stage, str, str]) -> list[_Step]:
    return [_Step(minutes * MINUTE, stage, operator, note) for minutes, stage, operator, note in steps]


def _always(outcome: Outcome) -> Fate:
    return lambda handler, message: outcome


def _about(message: Message, text: str, operator: str) -> ReviewEntry:
    return ReviewEntry(
        Category.OPERATOR,
        text,
        operator=operator,
        handler_id=message.handler_id,
        handler=message.handler,
        user_id=message.user_id,
        user=message.user,
        message_id=message.id,
        kind=EntryKind.CANCELLED,
    )


def _balance(handler: Handler) -> Balance:
    held = {FINE: ("87.41", "EUR"), XML: ("431.6", "credits"), FLAKY: ("23.60", "EUR")}
    amount, currency = held[handler.name]
    return Balance(Decimal(amount), currency)
