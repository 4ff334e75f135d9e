"""Parts as the gateway counts and charges them."""

import pytest

from demo_data.clickatell.parts import as_gsm, count_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # 152 places, then a pair that does not fit into the 153rd.
        ("x" * 152 + "€" + "x" * 151, 2),
        ("x" * 152 + "€" + "x" * 152, 3),
        ("Ж" * 70, 1),
        ("Ж" * 71, 2),
        ("Ж" * 134, 2),
        ("Ж" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        # 33 pairs to a part of 67 units: one unit stays empty.
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("`" + "x" * 70, 2),
    ],
)
def test_parts(text: str, parts: int) -> None:
    assert count_parts(text) == parts


def test_unicode_may_be_asked_for() -> None:
    assert (count_parts("x" * 71), count_parts("x" * 71, unicode=True)) == (1, 2)


def test_the_phone_shows_a_question_mark_for_what_gsm_lacks() -> None:
    assert as_gsm("ä[€]ç`Ж") == "ä[€]???"
