"""Which result belongs to which message, whatever spelling of the number comes back."""

import json
from itertools import permutations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.gateways.outcome import Outcome, OutgoingMessage
from scheduling.gateways.pairing import SPELLINGS, pair, told_apart
from storage.vocabulary import OutcomeKind
from tests.gateways.support import accepted, one_sender, refused, sent_entries

ACCEPTED, REJECTED, UNKNOWN = OutcomeKind.ACCEPTED, OutcomeKind.REJECTED, OutcomeKind.UNKNOWN
UK, ARGENTINA, MEXICO = "447700900123", "5491123456789", "525512345678"

SPELT = {
    "as it is": UK,
    "with +": f"+{UK}",
    "with 00": f"00{UK}",
    "with spaces": "+44 7700 900123",
    "with dashes": "44-7700-900-123",
    "with (0)": "+44 (0)7700 900123",
    "with the trunk 0": "4407700900123",
    "national": "07700900123",
    "with leading zeros": f"000{UK}",
}


@pytest.mark.parametrize("spelt", SPELT.values(), ids=SPELT.keys())
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_number_is_known_in_every_spelling(spelt: str, place: int) -> None:
    asked = [UK, ARGENTINA, MEXICO]
    answered = [MEXICO, ARGENTINA]
    answered.insert(place, spelt)
    found = pair(asked, answered)
    assert [answered[index] for index in found if index is not None] == [spelt, ARGENTINA, MEXICO]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("5491123456789", "541123456789"), ("525512345678", "5215512345678"), ("5511987654321", "551187654321")],
    ids=["Argentina's 9", "Mexico's 1", "Brazil's 9"],
)
def test_a_national_digit_makes_no_other_number(asked: str, answered: str) -> None:
    assert pair([asked, UK], [UK, answered]) == [1, 0]


def test_what_two_could_be_is_neither() -> None:
    assert pair([UK, f"1{UK}"], [f"00{UK}", f"99{UK}"])[0] == 0
    assert pair([UK, UK, ARGENTINA], [ARGENTINA, UK, UK]) == [None, None, 0]
    assert pair([UK, ARGENTINA], [UK, UK, ARGENTINA]) == [None, 2]


NUMBERS = st.lists(st.integers(10**7, 10**14).map(str), min_size=1, max_size=6, unique_by=lambda n: n[-8:])


@given(NUMBERS, st.data())
def test_any_order_in_any_spelling_is_told_apart(numbers: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(numbers))))
    spell = st.sampled_from(
        [lambda n: n, lambda n: f"+{n}", lambda n: f"00{n}", lambda n: f"{n[:3]} {n[3:]}"]
    )
    answered = [data.draw(spell)(numbers[index]) for index in order]
    found = pair(numbers, answered)
    assert [order[index] for index in found if index is not None] == list(range(len(numbers)))


@given(
    st.lists(st.text("0123+ ()", max_size=12), max_size=5),
    st.lists(st.text("0123+ ()", max_size=12), max_size=5),
)
def test_no_result_is_given_to_two(asked: list[str], answered: list[str]) -> None:
    found = [index for index in pair(asked, answered, SPELLINGS) if index is not None]
    assert len(found) == len(set(found))
    assert all(0 <= index < len(answered) for index in found)


def test_one_verdict_of_all_that_are_left_is_each_ones_without_an_id() -> None:
    well = Outcome(ACCEPTED, "a")
    told = told_apart([None, 0, None], [well, Outcome(ACCEPTED, "b"), Outcome(ACCEPTED, "c")])
    assert [each and each.gateway_id for each in told] == [None, "a", None]
    assert [each and each.kind for each in told] == [ACCEPTED] * 3
    mixed = [well, Outcome(ACCEPTED, "b"), Outcome(REJECTED, code="25")]
    assert told_apart([None, 0, None], mixed) == [None, well, None]
    assert told_apart([None, None], [well]) == [None, None], "fewer results than messages"


def gateway(spelling: str, order: tuple[int, ...] = (0, 1, 2), codes: tuple[int, ...] = ()):
    """Answers in `order`, every `to` replaced; the messages whose places are in `codes` are refused."""

    def answer(request: httpx.Request) -> httpx.Response:
        entries = sent_entries(request)
        results = [
            refused(entries[n]["to"], 25) if n in codes else accepted(entries[n], n)
            for n in order
            if n < len(entries)
        ]
        for result in results:
            result["to"] = spelling.format(result["to"])
        return httpx.Response(207, content=json.dumps({"messages": results, "error": None}))

    return answer


BATCH = [OutgoingMessage(f"{n:032x}", f"+{number}", "x") for n, number in enumerate((UK, ARGENTINA, MEXICO))]


@pytest.mark.parametrize("spelling", ["{}", "+{}", "00{}", " {} ", "0{}", "x{}"])
@pytest.mark.parametrize("order", permutations(range(3)), ids=str)
async def test_a_mixed_answer_in_another_order_and_spelling(spelling: str, order: tuple[int, ...]) -> None:
    outcomes = await one_sender(gateway(spelling, order, codes=(1,))).send(BATCH)
    assert [outcome.kind for outcome in outcomes] == [ACCEPTED, REJECTED, ACCEPTED]
    assert [outcome.gateway_id for outcome in outcomes] == [f"{0:032x}", None, f"{2:032x}"]


@pytest.mark.parametrize("echo", ["someone else", "", "447700900999", "7"])
async def test_one_asked_one_answered_is_that_verdict(echo: str) -> None:
    (outcome,) = await one_sender(gateway(echo)).send(BATCH[:1])
    assert (outcome.kind, outcome.gateway_id) == (ACCEPTED, f"{0:032x}")
    (outcome,) = await one_sender(gateway(echo, codes=(0,))).send(BATCH[:1])
    assert (outcome.kind, outcome.code) == (REJECTED, "25")


async def test_mixed_verdicts_that_belong_to_nobody_are_unknown() -> None:
    outcomes = await one_sender(gateway("nobody", codes=(1,))).send(BATCH)
    assert {outcome.kind for outcome in outcomes} == {UNKNOWN}
