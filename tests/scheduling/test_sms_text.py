"""GSM 03.38 and UCS-2: what a text costs, how it is cut, how XML carries it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.sms_text import clusters, measure, name_of, normalise, shorten, xml_text
from tests.scheduling.properties import steady

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "^{}\\[~]|€\f"
NOT_GSM = "`\tçáíóúÁ’“”–—\u00a0…αΑ😀\x1b\x00"
FAMILY = "👨‍👩‍👧"
FLAG = "🇦🇺"


def test_the_alphabet_is_complete() -> None:
    assert len(BASIC) == 127  # 128 codes, one of them the escape
    assert all(measure(char).encoding == "GSM" and measure(char).units == 1 for char in BASIC)
    assert all(measure(char).encoding == "GSM" and measure(char).units == 2 for char in EXTENSION)


@pytest.mark.parametrize("char", NOT_GSM)
def test_a_character_outside_it_makes_the_whole_text_unicode(char: str) -> None:
    found = measure("plain" + char)
    assert found.encoding == "Unicode"
    assert [(costly.index, costly.char) for costly in found.costly] == [(5, char)]


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts", "left"),
    [
        ("", "GSM", 0, 0, 160),
        ("a", "GSM", 1, 1, 159),
        ("a" * 160, "GSM", 160, 1, 0),
        ("a" * 161, "GSM", 161, 2, 145),
        ("a" * 306, "GSM", 306, 2, 0),
        ("a" * 307, "GSM", 307, 3, 152),
        ("€" * 80, "GSM", 160, 1, 0),
        # 153 is odd: the pair that would straddle moves on, and each part holds 152.
        ("€" * 81, "GSM", 162, 2, 153 - 10),
        ("€" * 153, "GSM", 306, 3, 153 - 2),
        ("a" * 152 + "€" + "a" * 152, "GSM", 306, 3, 153 - 1),
        ("ж" * 70, "Unicode", 70, 1, 0),
        ("ж" * 71, "Unicode", 71, 2, 63),
        ("ж" * 134, "Unicode", 134, 2, 0),
        ("ж" * 135, "Unicode", 135, 3, 66),
        ("😀" * 35, "Unicode", 70, 1, 0),
        ("😀" * 36, "Unicode", 72, 2, 61),
        ("😀" * 67, "Unicode", 134, 3, 65),
    ],
)
def test_parts(text: str, encoding: str, units: int, parts: int, left: int) -> None:
    found = measure(text)
    assert (found.encoding, found.units, found.parts, found.units_left_in_part) == (
        encoding,
        units,
        parts,
        left,
    )


def test_costly_characters_are_named_for_people() -> None:
    (found,) = measure("it’s").costly
    assert found.index == 2
    assert found.reason.startswith("’ (right single quotation mark) ")
    (euro,) = measure("5 € or 6 €").costly
    assert (euro.index, euro.reason) == (2, "€ (euro sign) takes two places")


def test_at_most_five_are_named_each_once() -> None:
    assert "".join(costly.char for costly in measure("áíóúáç`ê").costly) == "áíóúç"


@pytest.mark.parametrize(
    "char", ["\t", "\x1b", "\x00", "\u202e", "\u200d", "\u0301", "\ud800", "\u00a0", "\ue000"]
)
def test_a_character_that_cannot_be_shown_is_never_put_raw_into_a_sentence(char: str) -> None:
    assert char not in name_of(char)
    assert f"U+{ord(char):04X}" in name_of(char)


def test_line_ends_and_lone_surrogates() -> None:
    assert normalise("a\r\nb\rc\nd\ud83dx\udc00") == "a\nb\nc\nd?x?"
    assert measure("\ud83d").units == 1
    assert xml_text("\ud83d") == (True, "FFFD")


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("a" * 161, "a" * 157 + "..."),
        ("ж" * 71, "ж" * 67 + "..."),
        ("€" * 81, "€" * 78 + "..."),
        (FAMILY * 9, FAMILY * 8 + "..."),  # 8 units each
        ("e\u0301" * 40, "e\u0301" * 33 + "..."),
        (FLAG * 20, FLAG * 16 + "..."),
        ("👍🏽" * 18, "👍🏽" * 16 + "..."),
        ("क्ष" * 24, "क्ष" * 22 + "..."),
        # The character that costs stands behind the cut: what is left is GSM and may be longer.
        ("a" * 200 + "ж", "a" * 157 + "..."),
    ],
)
def test_cut_to_one_part(text: str, cut: str) -> None:
    assert shorten(text, 1) == (cut, True)


def test_what_fits_is_left_alone() -> None:
    assert shorten("a" * 459, 3) == ("a" * 459, False)
    assert shorten("a" * 460, 3) == ("a" * 456 + "...", True)
    assert shorten("", 1) == ("", False)
    with pytest.raises(ValueError, match="1 or more"):
        shorten("a", 0)


def test_one_endless_character_is_cut_to_the_dots() -> None:
    assert shorten("e" + "\u0301" * 100, 1) == ("...", True)


def test_flags_are_taken_in_pairs_also_after_a_letter() -> None:
    text = "a" + FLAG * 3
    assert [text[:end] for end in clusters(text)] == ["a", "a" + FLAG, "a" + FLAG * 2, text]


pieces = st.text(
    st.one_of(
        st.sampled_from(BASIC + EXTENSION + NOT_GSM),
        st.sampled_from(["\u0301", "\u200d", "🇦", "👩", "🏽", "\ufe0f", "\ud800", "क", "्"]),
        st.characters(),
    ),
    max_size=250,
)


@steady
@given(text=pieces, most=st.integers(1, 4))
def test_a_cut_text_fits_and_no_more_would(text: str, most: int) -> None:
    short, was_cut = shorten(text, most)
    assert measure(short).parts <= most
    assert was_cut == (measure(text).parts > most)
    if not was_cut:
        assert short == text
        return
    kept = short.removesuffix("...")
    ends = [0, *clusters(text)]
    assert text.startswith(kept) and len(kept) in ends
    longer = text[: ends[ends.index(len(kept)) + 1]]
    assert measure(longer + "...").parts > most


@steady
@given(text=pieces)
def test_parts_hold_what_is_counted(text: str) -> None:
    found = measure(text)
    unicode = found.encoding == "Unicode"
    single, each = (70, 67) if unicode else (160, 153)
    assert found.units == (len(text.encode("utf-16-be", "surrogatepass")) // 2 if unicode else found.units)
    if found.parts <= 1:
        assert found.units + found.units_left_in_part == single
    else:
        assert found.units > single
        lost = found.parts * each - found.units_left_in_part - found.units
        assert 0 <= lost < found.parts  # at most one place a part, where a pair did not fit


@pytest.mark.parametrize("text", ["Gate 4: {open} [now] ~50% ^ | \\ \n<b>&\"'", "", " "])
def test_ascii_in_the_alphabet_goes_plain_to_xml(text: str) -> None:
    assert xml_text(text) == (False, text)


@pytest.mark.parametrize(
    ("text", "hexed"),
    [
        ("Ωμέγα", "03A903BC03AD03B303B1"),
        ("é", "00E9"),
        ("`", "0060"),
        ("a\tb", "006100090062"),
        ("\f", "000C"),
        ("\x7f", "007F"),
        ("😀", "D83DDE00"),
        ("é\r\n", "00E9000A"),
    ],
)
def test_all_else_goes_as_hex(text: str, hexed: str) -> None:
    assert xml_text(text) == (True, hexed)
