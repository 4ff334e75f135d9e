"""A code and its words: kept apart, and put together for people in one place."""

import pytest

from scheduling.gateways.one_api.codes import CODES as ONE_API
from scheduling.gateways.outcome import Outcome
from scheduling.gateways.verdict import by_code
from scheduling.gateways.wording import said
from scheduling.lifecycle import reason_of
from storage.vocabulary import WITHDRAWN, OutcomeKind


@pytest.mark.parametrize(
    ("code", "words", "shown"),
    [
        ("25", "invalid number", "25 invalid number"),
        ("25", "251 numbers are too many", "25 251 numbers are too many"),
        ("1", "105 is not known", "1 105 is not known"),
        ("1", "10 attempts: 1 failed", "1 10 attempts: 1 failed"),
        ("19", "please retry, 19 of 20", "19 please retry, 19 of 20"),
        ("20", "20 no credit", "20 no credit"),  # a row of schema 3
        ("20", "20", "20"),
        ("20", None, "20"),
        (None, "20 no credit", "20 no credit"),
        ("", "no answer", "no answer"),
        (None, None, ""),
        (WITHDRAWN, "restored at 14:03", "withdrawn: restored at 14:03"),
    ],
)
def test_a_code_stands_before_its_words_once(code: str | None, words: str | None, shown: str) -> None:
    assert said(code, words) == shown


@pytest.mark.parametrize("code", sorted(ONE_API))
def test_an_outcome_keeps_its_code_out_of_its_words(code: str) -> None:
    found = by_code(ONE_API[code], code, "no credit", status=400)
    assert (found.code, found.error) == (code, "no credit")
    assert reason_of(found) == f"{code} no credit"


def test_a_reason_without_words_is_the_kind_with_its_code() -> None:
    assert reason_of(Outcome(OutcomeKind.ACCOUNT, code="20")) == "20 account"
    assert reason_of(Outcome(OutcomeKind.NOT_SENT)) == "not sent"
