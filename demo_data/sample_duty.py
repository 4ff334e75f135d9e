"""Who is on duty at the sample site: a roster with a hole next week, when the one in turn is on leave."""

from datetime import datetime, timedelta

from demo_data.sample_people import ON_LEAVE
from demo_data.sample_rules import HOME_ZONE
from demo_data.sample_setup import ADMINISTRATOR, Cast
from scheduling.zones import zone_named
from storage import rosters
from storage.database import Transaction
from storage.records import ReviewEntry
from storage.roster_records import Rule
from storage.vocabulary import Category, EntryKind, TurnUnit

NIGHT = "Night watch"
MORNING, EVENING = 6 * 60, 18 * 60
AT_NIGHT = ("Kim Novak", ON_LEAVE, "Yuki Tanaka")
BY_DAY = ("Priya Raman", "Dr Sue Hall")


def add_roster(tx: Transaction, cast: Cast, at: datetime, now: datetime) -> None:
    """Nights in turn by the week, days in turn by the day; entered as of `at`, seen at `now`."""
    today = now.astimezone(zone_named(HOME_ZONE)).date()
    monday = today - timedelta(days=today.weekday())
    roster_id = rosters.add(tx, {"name": NIGHT, "zone": HOME_ZONE}, at)
    night = Rule(0, _turn(cast, AT_NIGHT), 1, TurnUnit.WEEKS, 0, EVENING, monday, start=EVENING, end=MORNING)
    day = Rule(0, _turn(cast, BY_DAY), 1, TurnUnit.DAYS, 0, MORNING, monday, start=MORNING, end=EVENING)
    rosters.set_rules(tx, roster_id, [night, day])
    text = f"roster {NIGHT} added: {HOME_ZONE}, 2 rules"
    tx.review(at, ReviewEntry(Category.USER, text, operator=ADMINISTRATOR, kind=EntryKind.CHANGE))


def _turn(cast: Cast, names: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple((cast.users[name],) for name in names)
