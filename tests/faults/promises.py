"""For each promise: the line that keeps it is taken out, in a copy of the program, and a test must fail.

`python -m tests.faults.promises`; exit status 1 when a line was not missed.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("tui", "scheduling", "storage", "demo_data", "tests", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Removal:
    """`line` goes out of `file` (`instead` comes in, where the code must still be read) and `test` fails."""

    promise: str
    file: str
    line: str
    test: str
    instead: str = ""


REMOVALS = (
    Removal(
        "1 nothing is lost",
        "scheduling/engine.py",
        '            asyncio.create_task(self._sweep(epoch), name="sweep").add_done_callback(_log_failure)\n',
        "tests/engine/test_lease.py::test_what_a_lost_holder_was_sending_becomes_unknown_and_goes_again",
    ),
    Removal(
        "1 nothing is lost",
        "scheduling/delivery.py",
        "                    self._start(self._send(claim), handler.id, lane)\n            raise\n",
        "tests/faults/test_stop_in_a_claim.py",
        "                    pass\n            raise\n",
    ),
    Removal(
        "2 a duplicate is said",
        "scheduling/lifecycle.py",
        "            may_arrive_twice=True,\n",
        "tests/engine/test_unknown.py::test_send_again_is_marked_and_said",
    ),
    Removal(
        "2 a duplicate is said",
        "scheduling/lifecycle.py",
        "if on_unknown is OnUnknown.RESEND and unknowns",
        "tests/engine/test_unknown.py::test_hold_waits_for_an_operator",
        "if unknowns",
    ),
    Removal(
        "3 once per due time",
        "scheduling/firing.py",
        "    if run_id is None:\n        return Fired(None)\n",
        "tests/faults/test_due_once.py",
        "    run_id = run_id or 0\n",
    ),
    Removal(
        "4 a late holder does no harm",
        "scheduling/claims.py",
        "        leases.check(tx, epoch)\n",
        "tests/faults/test_fence.py",
    ),
    Removal(
        "5 one bad row stops nothing",
        "scheduling/planner.py",
        "                self._set_aside(task, epoch, error)\n",
        "tests/engine/test_tasks.py::test_a_broken_task_does_not_stop_the_others",
        "                raise error\n",
    ),
    Removal(
        "6 bad input changes nothing",
        "tui/operations/sending.py",
        "    _check_length(handler, composed)\n",
        "tests/operations/test_sending.py",
    ),
)


def missed(removal: Removal, copy: Path) -> bool:
    """Whether the test fails without the line, having passed with it."""
    file = copy / removal.file
    whole = file.read_text()
    if whole.count(removal.line) != 1:
        raise SystemExit(f"{removal.file} does not hold once: {removal.line!r}")
    if _run(removal.test, copy):
        raise SystemExit(f"{removal.test} fails as it is")
    file.write_text(whole.replace(removal.line, removal.instead))
    try:
        return _run(removal.test, copy) == 1
    finally:
        file.write_text(whole)


def _run(test: str, folder: Path) -> int:
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--timeout", "30", test]
    return subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in COPIED:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / part)
        unseen = 0
        for removal in REMOVALS:
            found = missed(removal, copy)
            unseen += not found
            word = "caught by" if found else "NOT SEEN BY"
            print(f"{removal.promise}: {removal.file}, {removal.line.strip()!r}: {word} {removal.test}")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
