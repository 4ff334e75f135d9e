"""What a text costs, in figures and sentences."""

import pytest

from scheduling.recipients import Reached
from scheduling.sms_text import measure
from tui.operations.message_rules import cut_there, too_long
from tui.widgets.message_cost import cost_of, dear, figures

JOE = Reached(1, "Joe Hart", "+447700900123", {"Bay": "7"})
ANN = Reached(2, "Ann Lee", "+447700900124", {"Bay": "the one behind the old gate"})
ANN_AGAIN = Reached(None, None, "+447700900124", {})


def test_a_text_without_people_is_measured_as_it_stands() -> None:
    cost = cost_of("Fire in {Bay}", (), {})
    assert figures(cost) == "13 characters · 15 places · GSM · 1 part, 145 left"


def test_people_are_counted_and_equal_numbers_once() -> None:
    cost = cost_of("x" * 161, (JOE, ANN, ANN_AGAIN))
    assert (cost.people, cost.messages, cost.total_parts) == (3, 2, 4)
    assert figures(cost) == "161 characters · GSM · 2 parts, 145 left · 3 people, 4 parts in all"


def test_with_fields_the_longest_message_is_measured() -> None:
    cost = cost_of("Fire in {Bay}. " + "x" * 140, (JOE, ANN), {})
    assert (cost.characters, cost.measure.parts, cost.total_parts) == (177, 2, 3)
    assert cost_of("Fire in {Bay}", (JOE, ANN)).characters == 13


def test_values_for_all_and_missing_fields() -> None:
    cost = cost_of("{Zone} {Bay}", (JOE, ANN_AGAIN), {"Zone": "North"})
    assert cost.missing == ("Bay",)
    assert cost.characters == len("North 7")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("plain", None),
        ("don’t", "’ (right single quotation mark) makes it Unicode: 70 places a part, not 160"),
        ("’" * 71, "’ (right single quotation mark) makes it Unicode: 67 places a part, not 153"),
        ("5 €", "€ (euro sign) takes two places"),
        ("[x]", "[ (left square bracket), ] (right square bracket) take two places each"),
        (
            "‘’“”",
            "‘ (left single quotation mark), ’ (right single quotation mark) and 2 more make it Unicode:"
            " 70 places a part, not 160",
        ),
    ],
)
def test_the_costly_character_is_named(text: str, sentence: str | None) -> None:
    assert dear(measure(text)) == sentence


def test_the_limit() -> None:
    assert too_long(3, 3, "Clickatell") is cut_there(3, 3, "Clickatell") is None
    assert too_long(4, 3, "Clickatell") == (
        "Message is too long: 4 parts; Clickatell sends at most 3: shorten it"
    )
    assert cut_there(4, 3, "") == "4 parts: the sender sends at most 3, so it is cut there with ..."
