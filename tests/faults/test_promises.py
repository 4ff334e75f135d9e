"""`make promises` takes each line out in turn; here the list is held against the program and one is tried."""

from pathlib import Path

import pytest

from tests.faults.promises import LATE, REMOVALS, ROOT, Removal, copy_program, missed


@pytest.mark.parametrize("removal", REMOVALS, ids=lambda each: f"{each.file}-{each.test.rpartition(':')[2]}")
def test_the_line_is_there_once_and_its_test_exists(removal: Removal) -> None:
    assert (ROOT / removal.file).read_text().count(removal.line) == 1
    file, _, name = removal.test.partition("::")
    assert f"def {name}" in (ROOT / file).read_text()


def test_every_promise_has_a_line() -> None:
    assert {removal.promise[0] for removal in REMOVALS} >= set("123456")


@pytest.mark.long
def test_without_the_fence_a_late_holder_claims_and_the_test_says_so(tmp_path: Path) -> None:
    fence = next(each for each in REMOVALS if each.promise == LATE and each.file == "scheduling/claims.py")
    assert missed(fence, copy_program(tmp_path))
