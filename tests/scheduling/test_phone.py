"""Telephone numbers: what is understood, refused, and warned of."""

import re
import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.phone import PhoneError, describe, parse, readable
from tests.scheduling.properties import steady


@pytest.mark.parametrize(
    "text",
    [
        "+61 400 000 000",
        "+61400000000",
        "0061 400 000 000",
        "+61 (0)400-000-000",
        "+61 ( 0 ) 400.000.000",
        "+61 0400 000 000",
        "  +61\u00a0400\u2011000\u2013000 ",
        "\u202a+61 400 000 000\u202c",
        "＋６１ ４００ ０００ ０００",
        "+٦١ ٤٠٠ ٠٠٠ ٠٠٠",
        "٠٠٦١٤٠٠٠٠٠٠٠٠",
        "tel:+61-400-000-000",
        "+61/400/000/000",
    ],
)
def test_one_number_in_many_forms(text: str) -> None:
    phone = parse(text)
    assert phone.e164 == "+61400000000"
    assert phone.readable == "+61 400 000 000"
    assert (phone.country, phone.kind, phone.warning) == ("Australia", "mobile", None)
    assert describe(phone) == "+61 400 000 000 · Australia · mobile"


@pytest.mark.parametrize(
    "text",
    [
        "+61400000067.0", "+61400000067.00", "+61400000067,0", "0061400000067.0", "+61400000067.",
        "+6.1400000067E+10", "+6,1400000067E10", "+6.14000000670000E+10",
        "+61,400,000,067", "+61.400.000.067", "+61,400,000,067.00", "+61.400.000.067,00",
        "+61 400 000 067.0", "+61\u202f400\u202f000\u202f067.00", "+61’400’000’067",
        "'+61400000067", '="+61400000067"', '="0061400000067"', "=+61400000067", "\ufeff+61400000067\u200b",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_makes_of_a_number_is_that_number(text: str) -> None:
    assert parse(text).e164 == "+61400000067"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("6.14E+10", "its last digits are lost"),
        ("+6.14E+10", "its last digits are lost"),
        ("6,14E+10", "its last digits are lost"),
        ("+61400000067.5", "has decimals"),
        ("+6.14000000675E+10", "is no telephone number"),
        ("61400000067.0", "put a + in front: +61400000067."),
        ("6.1400000067E+10", "put a + in front: +61400000067."),
        ("1E+999", "is no telephone number"),
    ],
)
def test_where_a_spreadsheet_has_lost_digits_it_is_refused(text: str, said: str) -> None:
    with pytest.raises(PhoneError) as error:
        parse(text)
    assert said in str(error.value) and len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("+33 6.12.34.56.00", "+33612345600"),
        ("+33 6 12 34 56.00", "+33612345600"),
        ("+1 202.555.0143", "+12025550143"),
        ("+49 170.1234567", "+491701234567"),
        ("+44 20 7946 01.00", "+442079460100"),
    ],
)
def test_dots_that_people_write_lose_no_digit(text: str, e164: str) -> None:
    assert parse(text).e164 == e164


@given(
    st.integers(10**9, 10**13 - 1),
    st.sampled_from(["{0:.1f}", "{0:.2f}", "{0}.0", "{0:,}", "{0:,}.00", "{0:.15e}"]),
)
def test_a_number_is_never_read_as_another(number: int, form: str) -> None:
    written = form.format(float(number) if "f}" in form or "e}" in form else number)
    try:
        plain = parse(f"+{number}").e164
    except PhoneError:
        return
    assert parse(f"+{written}").e164 == plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0400 000 000", "needs the country calling code"),
        ("400000000", "needs the country calling code"),
        ("61400000000", "needs the country calling code"),
        ("", "A telephone number is needed"),
        ("  ", "A telephone number is needed"),
        ("+", "A telephone number is needed"),
        ("+999 123 456", "country calling code"),
        ("+1 800 FLOWERS", 'holds "F"'),
        ("+44 7700 900123 ext 5", 'holds "e"'),
        ("+44 7700 900123; +44 7700 900124", 'holds ";"'),
        ("+44 7700 900123 / +44 7700 900124", "more than one +"),
        ("+44 7700 900123 900123 900123", "too many digits"),
        ("+4917012345678901", "too many digits"),
        ("+44 1", "too few digits"),
        ("+44 12", "too few digits"),
        ("Joe", 'holds "J"'),
        ("+44\x1b[31m", "holds U+001B"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(PhoneError) as error:
        parse(text)
    message = str(error.value)
    assert said in message
    assert "+61 400 000 000" in message  # an example says how
    assert message.isprintable() and len(message) < 200


@pytest.mark.parametrize(
    ("text", "e164", "said"),
    [
        ("+44 7700 900123", "+447700900123", "United Kingdom is not known to use such numbers"),
        ("+61 400 000", "+61400000", "Australia"),
        ("+1 999 999 9999", "+19999999999", "the calling code +1"),
        ("+44 20 7946 0123", "+442079460123", "fixed line"),
    ],
)
def test_what_looks_wrong_is_a_warning_and_no_refusal(text: str, e164: str, said: str) -> None:
    phone = parse(text)
    assert phone.e164 == e164
    assert phone.warning is not None and said in phone.warning


@pytest.mark.parametrize(
    ("text", "country", "kind"),
    [
        ("+447624123456", "Isle of Man", "mobile"),
        ("+14155552671", "United States", "fixed line or mobile"),
        ("+8210 2123 4567", "South Korea", "mobile"),
        ("+383 43 201 234", "Kosovo", "mobile"),
        ("+80012345678", "international", "toll-free"),
    ],
)
def test_country_and_kind(text: str, country: str, kind: str) -> None:
    phone = parse(text)
    assert (phone.country, phone.kind) == (country, kind)


def test_a_plan_that_keeps_its_zero_keeps_it() -> None:
    assert parse("+39 (0)6 1234 5678").e164 == "+390612345678"
    assert parse("+39 06 1234 5678").e164 == "+390612345678"
    assert parse("+44 (0)7624 123456").e164 == "+447624123456"


def test_readable_never_fails() -> None:
    assert readable("+447700900123") == "+44 7700 900123"
    assert readable("not a number") == "not a number"
    assert readable("") == ""


def test_every_region_has_a_name() -> None:
    import phonenumbers

    from scheduling.phone import _country_names

    assert set(phonenumbers.SUPPORTED_REGIONS) - set(_country_names()) == set()


@steady
@given(st.one_of(st.text(max_size=40), st.text("+0123456789 -()", max_size=24)))
def test_any_text_gives_a_usable_number_or_a_sentence(text: str) -> None:
    try:
        phone = parse(text)
    except PhoneError as error:
        assert str(error).endswith(".") and str(error).isprintable()
    else:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", phone.e164)
        assert parse(phone.e164).e164 == phone.e164


def test_the_numbering_plans_are_not_loaded_until_needed() -> None:
    script = (
        "import sys, scheduling.phone, scheduling.cron, scheduling.cron_words, scheduling.cron_form;"
        "print([n for n in ('phonenumbers', 'croniter', 'cron_descriptor', 'dateutil') if n in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_a_stored_number_reads_as_the_library_would_write_it() -> None:
    """Example numbers of every region and kind, and of the codes of no region, as they are stored."""
    international = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    examples = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in range(11)
    ]
    examples += [
        phonenumbers.example_number_for_non_geo_entity(code)
        for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
        if regions == ("001",)
    ]
    stored = {phonenumbers.format_number(n, phonenumbers.PhoneNumberFormat.E164) for n in examples if n}
    assert len(stored) > 1000
    for e164 in stored:
        assert readable(e164) == phonenumbers.format_number(phonenumbers.parse(e164), international)
