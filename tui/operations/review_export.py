"""Writing the review out: CSV for a spreadsheet, JSON lines for a program."""

import csv
import json
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from storage.review import EVERYTHING, ReviewFilter
from tui.operations import review
from tui.operations.csv_table import guarded
from tui.operations.desk import Desk
from tui.operations.views import review_json

COLUMNS = ("id", "at", "category", "level", "text", "operator", "handler", "user", "message", "alert", "task")


def write(desk: Desk, out: TextIO, wanted: ReviewFilter = EVERYTHING, *, as_csv: bool) -> int:
    """Write what fits, the oldest first; how many entries that were."""
    put = _csv(out) if as_csv else _json(out)
    count = 0
    for entry in review.listing(desk, wanted):
        put(review_json(entry))
        count += 1
    return count


def _csv(out: TextIO) -> Callable[[Mapping[str, Any]], None]:
    writer = csv.writer(out)
    writer.writerow(COLUMNS)

    def put(entry: Mapping[str, Any]) -> None:
        cells = ("" if entry.get(name) is None else str(entry[name]) for name in COLUMNS)
        # A spreadsheet must not take what a gateway or a person wrote for a formula.
        writer.writerow([guarded(cell) for cell in cells])

    return put


def _json(out: TextIO) -> Callable[[Mapping[str, Any]], None]:
    def put(entry: Mapping[str, Any]) -> None:
        out.write(json.dumps(entry, ensure_ascii=False) + "\n")

    return put
