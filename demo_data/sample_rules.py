"""What the sample site sends by itself: its alerts with their stages, and its scheduled tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from demo_data.sample_setup import ADMINISTRATOR, FINE, FLAKY, XML, Cast
from scheduling import cron, misfire
from scheduling.firing import DEFAULT_GRACE, DEFAULT_MOST_CATCH_UP
from storage import actions as stored_actions
from storage import alerts, tasks
from storage.alerts import Alert, AlertField
from storage.database import Transaction
from storage.records import Action, ReviewEntry, Task
from storage.vocabulary import Category, EntryKind, Stage, WhenMissed

HOME_ZONE = "Australia/Brisbane"


@dataclass(frozen=True, slots=True)
class Send:
    """One action: through which handler, to whom, which text; `stage` for alerts."""

    handler: str
    to: tuple[str, ...]
    text: str
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class AlertPlan:
    name: str
    priority: int
    description: str
    fields: tuple[AlertField, ...]
    sends: tuple[Send, ...]


@dataclass(frozen=True, slots=True)
class TaskPlan:
    name: str
    cron: str
    sends: tuple[Send, ...]
    zone: str = HOME_ZONE
    enabled: bool = True
    when_missed: WhenMissed = WhenMissed.LATEST
    notes: str = ""


FIRE, PUMP, GATE, TANK, GAS = (
    "Fire panel",
    "Pump stopped",
    "Gate forced",
    "Tank level high",
    "Gas detected",
)

ALERTS = (
    AlertPlan(
        FIRE,
        1,
        "From the fire panel in building A",
        (AlertField("Zone"), AlertField("Detector", "not known")),
        (
            Send(
                FINE, ("Fire wardens", "Control room"), "FIRE {Zone}, detector {Detector}. Go now.", "Created"
            ),
            Send(FINE, ("Managers",), "Fire panel {Zone}: wardens called {Raised At}", "Created"),
            Send(FINE, ("Fire wardens",), "{Alert} {Zone}: claimed by {Claimed By}", "Claimed"),
            Send(FINE, ("Managers",), "{Alert} {Zone}: {Note}", "Actioned"),
            Send(FLAKY, ("Managers", "Head office"), "{Alert} {Zone} escalated by {Operator}", "Escalated"),
            Send(FINE, ("Fire wardens", "Managers"), "{Alert} {Zone} restored. {Note}", "Restored"),
            Send(XML, ("Head office",), "{Alert} {Zone}: closed. {Note}", "Finalised"),
        ),
    ),
    AlertPlan(
        PUMP,
        2,
        "A pump has tripped",
        (AlertField("Pump"), AlertField("Reason", "trip")),
        (
            Send(FLAKY, ("Maintenance",), "{First Name}: pump {Pump} stopped ({Reason}).", "Created"),
            Send(FINE, ("Control room",), "{Alert} {Pump}: {Claimed By} has it", "Claimed"),
            Send(FINE, ("Control room",), "{Alert} {Pump}: {Note}", "Actioned"),
            Send(FINE, ("Priya Raman",), "{Alert} {Pump} escalated, raised {Count} times", "Escalated"),
            Send(FINE, ("Control room", "Maintenance"), "Pump {Pump} runs again", "Restored"),
            Send(XML, ("Priya Raman",), "{Alert} {Pump} closed by {Operator}. {Note}", "Finalised"),
        ),
    ),
    AlertPlan(
        GATE,
        2,
        "A gate was opened without a card",
        (AlertField("Gate"),),
        (
            Send(FINE, ("Security", "Duty phone"), "Gate {Gate} forced at {Raised At}", "Created"),
            Send(FINE, ("Duty phone",), "{Alert} {Gate}: {Claimed By} is on the way", "Claimed"),
            Send(FINE, ("Kim Novak",), "{Alert} {Gate}: {Note}", "Actioned"),
            Send(FINE, ("Managers",), "{Alert} {Gate} escalated: {Note}", "Escalated"),
            Send(FINE, ("told",), "Gate {Gate} shut again", "Restored"),
            Send(XML, ("Kim Novak",), "{Alert} {Gate} closed. {Note}", "Finalised"),
        ),
    ),
    AlertPlan(
        TANK,
        3,
        "From the level gauges",
        (AlertField("Tank"), AlertField("Level")),
        (
            Send(FINE, ("Tank farm",), "Tank {Tank} at {Level} %. Stop filling.", "Created"),
            Send(FINE, ("Duty phone",), "Tank {Tank}: {Claimed By}", "Claimed"),
            Send(
                FLAKY, ("Drivers",), "Tank {Tank} is closed to deliveries until further notice", "Escalated"
            ),
            Send(FINE, ("Tank farm",), "Tank {Tank} back below its limit", "Restored"),
        ),
    ),
    AlertPlan(
        GAS,
        1,
        "Fixed gas detectors",
        (AlertField("Place"), AlertField("Reading")),
        (
            Send(
                FINE, ("Control room", "Fire wardens"), "GAS {Place}: {Reading}. Clear the area.", "Created"
            ),
            Send(FINE, ("Managers", "Dr Sue Hall"), "Gas at {Place}, {Reading}", "Created"),
            Send(FINE, ("Control room",), "Gas {Place}: clear", "Restored"),
        ),
    ),
)

HEARTBEAT, RADIO, REPORT, SIREN, BERLIN, PATROL = (
    "Gate heartbeat",
    "Tank radio check",
    "Weekday report",
    "Monthly siren test",
    "Handover to Berlin",
    "Night patrol",
)
EACH_MINUTE = (HEARTBEAT, RADIO)

TASKS = (
    TaskPlan(
        HEARTBEAT,
        "* * * * *",
        (Send(FINE, ("Duty phone", "Sam Whitlock"), "North Gate: gates and tills answer"),),
        when_missed=WhenMissed.SKIP,
        notes="Sam has opted out, so one of the two fails each time",
    ),
    TaskPlan(
        RADIO,
        "* * * * *",
        (Send(FLAKY, ("Duty phone", "Yuki Tanaka"), "{First Name}: radio check, tank farm"),),
        when_missed=WhenMissed.SKIP,
        notes="Through the backup, which is often busy",
    ),
    TaskPlan(
        REPORT,
        "0 6 * * 1-5",
        (Send(XML, ("Control room", "Security"), "Good morning {First Name}. Report at 06:15."),),
    ),
    TaskPlan(
        SIREN,
        "0 10 1 * *",
        (Send(FINE, ("Fire wardens", "Drivers"), "Siren test at 10:30 today. No need to act."),),
    ),
    TaskPlan(
        BERLIN,
        "30 17 * * 1-5",
        (Send(FINE, ("Head office",), "{First Name}, the evening figures are in the portal."),),
        zone="Europe/Berlin",
    ),
    TaskPlan(
        PATROL,
        "0 22,2 * * *",
        (Send(FINE, ("Security",), "{First Name}: patrol round now"),),
        enabled=False,
        notes="Off since the new fence",
    ),
)


def add_alerts(tx: Transaction, cast: Cast, at: datetime) -> dict[str, Alert]:
    """All alerts by name, entered as of `at`."""
    made: dict[str, Alert] = {}
    for place, plan in enumerate(ALERTS):
        when = at + timedelta(minutes=3 * place)
        values = {
            "name": plan.name,
            "priority": plan.priority,
            "description": plan.description,
            "enabled": True,
        }
        alert_id = alerts.add(tx, values, when)
        alerts.set_fields(tx, alert_id, plan.fields)
        stored_actions.set_of_alert(tx, alert_id, [_action(cast, send) for send in plan.sends])
        found = alerts.get(tx, alert_id)
        assert found is not None
        made[plan.name] = found
        said = ReviewEntry(
            Category.ALERT,
            f"{plan.name} added: priority {plan.priority}, {len(plan.sends)} actions",
            operator=ADMINISTRATOR,
            alert_id=alert_id,
            alert=plan.name,
            kind=EntryKind.CHANGE,
        )
        tx.review(when, said)
    return made


def add_task(tx: Transaction, cast: Cast, name: str, at: datetime) -> Task:
    """One of `TASKS`, entered as of `at`; `next_due_at` is not set yet."""
    plan = next(plan for plan in TASKS if plan.name == name)
    values: Mapping[str, object] = {
        "name": plan.name,
        "cron": plan.cron,
        "zone": plan.zone,
        "enabled": plan.enabled,
        "when_missed": plan.when_missed,
        "grace": DEFAULT_GRACE,
        "most_catch_up": DEFAULT_MOST_CATCH_UP,
        "notes": plan.notes,
    }
    task_id = tasks.add(tx, values, at)
    stored_actions.set_of_task(tx, task_id, [_action(cast, send) for send in plan.sends])
    found = tasks.get(tx, task_id)
    assert found is not None
    text = f"{name} added: {plan.cron}, {plan.zone}"
    tx.review(
        at,
        ReviewEntry(
            Category.TASK,
            text,
            operator=ADMINISTRATOR,
            task_id=task_id,
            task=name,
            kind=EntryKind.CHANGE,
        ),
    )
    return found


def set_next_due(tx: Transaction, task: Task, now: datetime) -> Task:
    """Let the engine fire the task from `now` on; a disabled one has no next due time."""
    found = misfire.next_due(task, cron.parse(task.cron, task.zone), now) if task.enabled else None
    tasks.advance(tx, task.id, next_due_at=found)
    return replace(task, next_due_at=found)


def _action(cast: Cast, send: Send) -> Action:
    return Action(
        id=0,
        handler_id=cast.handlers[send.handler],
        handler=send.handler,
        text=send.text,
        recipients=cast.to(*send.to),
        stage=Stage(send.stage) if send.stage else None,
    )
