"""cronsim's firings beside ours, in zones whose clocks change by whole hours.

cronsim can loop for ever elsewhere, so it runs in a process of its own with a time limit.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime

from scheduling.cron import parse

ZONES = ("Europe/London", "America/New_York", "Australia/Sydney", "Europe/Dublin", "America/Santiago", "UTC")
EXPRESSIONS = (
    "30 1 * * *",
    "0,15 2 * * *",
    "30 2 * * 0",
    "*/20 * * * *",
    "0 */6 * * *",
    "0 0 * * *",
    "0 9 * * 1-5",
    "0 9 1,15 * *",
    "0 0 13 * 5",
    "0 0 */2 * 1",
    "0 12 L * *",
    "0 12 * * 5#3",
    "59 23 31 12 *",
)
STARTS = ("2026-10-02T00:00:00+00:00", "2027-03-12T00:00:00+00:00", "2028-02-27T00:00:00+00:00")
COUNT = 40

SCRIPT = """
import json, sys
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo
from cronsim import CronSim
for line in sys.stdin:
    zone, expression, start, count = json.loads(line)
    begin = datetime.fromisoformat(start).astimezone(ZoneInfo(zone))
    print(json.dumps([fire.timestamp() for fire in islice(CronSim(expression, begin), count)]))
"""


def test_cronsim_agrees_in_whole_hour_zones() -> None:
    cases = [
        (zone, expression, start, COUNT) for zone in ZONES for expression in EXPRESSIONS for start in STARTS
    ]
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input="\n".join(json.dumps(case) for case in cases),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = answer.stdout.splitlines()
    assert len(lines) == len(cases)
    for (zone, expression, start, count), line in zip(cases, lines, strict=True):
        schedule, at = parse(expression, zone), datetime.fromisoformat(start)
        ours: list[float] = []
        while len(ours) < count:
            following = schedule.next_after(at)
            assert following is not None
            at = following
            ours.append(at.timestamp())
        theirs = json.loads(line)
        assert ours == theirs, (zone, expression, datetime.fromtimestamp(theirs[0], UTC))
