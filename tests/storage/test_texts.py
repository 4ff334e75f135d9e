"""What may stand in a kept or sent text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.texts import for_phone, line_breaks, without_controls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb", "a\nb"),
        ("a\rb\r", "a\nb\n"),
        ("a\n\rb", "a\n\nb"),
        ("a\r\r\nb", "a\nb"),
        ("a\n\nb", "a\n\nb"),
        ("a\vb\x85c\u2028d\u2029e", "a\nb\nc\nd\ne"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b1mbold", "bold"),
        ("a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c", "abc"),
        ("a\x1b(Bb", "ab"),
        ("a\x1bb\x00\x07\x08\x7f\x84c", "abc"),
        ("tab\tform\ffeed", "tab\tform\ffeed"),
        ("half \ud83d", "half ?"),
        ("می\u200cخواهم 👩\u200d👩\u200d👧 שלום", "می\u200cخواهم 👩\u200d👩\u200d👧 שלום"),
    ],
)
def test_a_text_for_a_phone(text: str, expected: str) -> None:
    assert for_phone(text) == expected


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("\r\n\v\x1b[]\x07\x9b\x9c;mB1\\\x00\x85\t\f é\ud800"), st.characters()
        )
    )
)
def test_nothing_is_left_that_a_phone_cannot_have_and_twice_is_once(text: str) -> None:
    found = for_phone(text)
    assert not any((char < " " and char not in "\n\t\f") or "\x7f" <= char < "\xa0" for char in found)
    found.encode()
    assert for_phone(found) == found
    assert len(found) <= len(text)
    assert line_breaks(line_breaks(text)) == line_breaks(text)


@given(st.text())
def test_what_can_be_seen_stays(text: str) -> None:
    if text.isprintable():
        assert without_controls(text) == text
