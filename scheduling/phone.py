"""Telephone numbers: read as people write them, kept as E.164, shown readable.

`phonenumbers` knows the numbering plans; it is loaded at first use, as it takes a while.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

EXAMPLE = "+61 400 000 000"

_API_FORM = re.compile(r"[1-9][0-9]{6,14}")
_PUNCTUATION = frozenset(" -.()/\t")
# What spreadsheets make of numbers: '+61…  ="+61…"  6.14E+10  …67.0  61,400,000,067
_TEXT_CELL = re.compile(r"^(?:'|=\"?)(\+?[^\"]*)\"?$")
_POWER = re.compile(r"(\+?)([1-9])(?:[.,]([0-9]*))?[eE]\+?([0-9]{1,3})")
_DECIMAL = re.compile(
    r"(\+?(?:[0-9]{7,}|[0-9]{1,3}(?:[,' \u00a0\u202f\u2019][0-9]{3})+(?=\.)"
    r"|[0-9]{1,3}(?:[. ][0-9]{3})+(?=,)))[.,]([0-9]{1,2})"
)
_THOUSANDS = re.compile(r"\+?[0-9]{1,3}([,.' \u00a0\u202f\u2019])[0-9]{3}(?:\1[0-9]{3})*")
_OPTIONAL_ZERO = re.compile(r"\(\s*0\s*\)")
_LONGEST_QUOTE = 40
_WITH_COUNTRY = 11  # digits: so many or more may well begin with a country calling code
_MANY_COUNTRIES = 10  # sharing one calling code: then a number outside every plan has no country

# libphonenumber's number types.
_KINDS = (
    "fixed line",
    "mobile",
    "fixed line or mobile",
    "toll-free",
    "premium rate",
    "shared cost",
    "internet telephone",
    "personal number",
    "pager",
    "company number",
    "voicemail",
)
_FIXED_LINE = 0

# Where the time zone database's own country list differs from what people say, or has no entry.
_COUNTRIES = {
    "001": "international",
    "AC": "Ascension Island",
    "AS": "American Samoa",
    "GB": "United Kingdom",
    "KP": "North Korea",
    "KR": "South Korea",
    "MM": "Myanmar",
    "SZ": "Eswatini",
    "TA": "Tristan da Cunha",
    "VG": "British Virgin Islands",
    "VI": "US Virgin Islands",
    "WS": "Samoa",
    "XK": "Kosovo",
}


class PhoneError(ValueError):
    """A number that cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that was understood.

    `e164` is what is stored (`+61400000000`). `country` is an English name, empty where the
    calling code is shared by many; `kind` is "mobile", "fixed line", … or "unknown".
    `warning` is a sentence about a number that may not work; it never forbids the number.
    """

    e164: str
    readable: str
    country: str
    kind: str
    warning: str | None = None


def parse(text: str) -> Phone:
    """The number in `text`, which must begin with + (or 00) and the country calling code.

    Spaces, dashes, dots, slashes, brackets and "(0)" are passed over, digits of any script
    are taken. What a spreadsheet makes of a number is read where no digit is in doubt:
    `+61400000067.0`, `+6.1400000067E+10`, `+61,400,000,067`. Raises `PhoneError`.
    """
    text = _from_spreadsheet(text)
    digits = _international_digits(text)
    number = _understood(digits, text)
    if _OPTIONAL_ZERO.search(text) and not _is_valid(number):
        # "(0)" is left out when dialled from abroad, except in the few plans that keep it (Italy).
        with_zero = _understood(_international_digits(text, keep_zero=True), text)
        number = with_zero if _is_valid(with_zero) else number
    return _phone(number, text)


def _from_spreadsheet(text: str) -> str:
    """The number as it was before a spreadsheet took it for a quantity. Raises `PhoneError`."""
    plain = "".join(char for char in text if unicodedata.category(char) != "Cf").strip()
    plain = _TEXT_CELL.sub(r"\1", plain)
    power = _POWER.fullmatch(plain)
    if power:
        sign, whole, part, exponent = power[1], power[2], power[3] or "", int(power[4])
        if exponent > 20 or len(part.rstrip("0")) > exponent:
            raise PhoneError(f"{_quote(text)} is no telephone number: write it as {EXAMPLE}.")
        if len(part) < exponent:
            raise PhoneError(
                f"{_quote(text)} was rounded by a spreadsheet and its last digits are lost:"
                " make the column text there and enter the number again."
            )
        return sign + whole + part[:exponent]
    decimal = _DECIMAL.fullmatch(plain)
    if decimal and decimal[2].strip("0"):
        raise PhoneError(
            f"{_quote(text)} has decimals, which no telephone number has: write it as {EXAMPLE}."
        )
    if decimal:
        plain = decimal[1]
    return re.sub(r"[,.' \u00a0\u202f\u2019]", "", plain) if _THOUSANDS.fullmatch(plain) else plain


@lru_cache(maxsize=20_000)  # the same people get many messages
def readable(e164: str) -> str:
    """A stored number in groups ("+61 400 000 000"); what cannot be read comes back as it is."""
    import phonenumbers

    number = _split(e164)
    if number is None:
        try:
            number = phonenumbers.parse(e164)
        except phonenumbers.NumberParseException:
            return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _split(e164: str) -> "PhoneNumber | None":
    """A number in E.164 as the library's parts, where that is plain: parsing it anew takes 12 µs more."""
    import phonenumbers

    if not (e164.isascii() and e164[:1] == "+" and e164[1:].isdigit()):
        return None
    for digits in (1, 2, 3):
        code, rest = int(e164[1 : digits + 1]), e164[digits + 1 :]
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            # A leading zero is part of the number in some countries only.
            plain = rest and rest[0] != "0"
            return phonenumbers.PhoneNumber(country_code=code, national_number=int(rest)) if plain else None
    return None


def describe(phone: Phone) -> str:
    """One line: "+61 400 000 000 · Australia · mobile"."""
    kind = "" if phone.kind == "unknown" else phone.kind
    return " · ".join(part for part in (phone.readable, phone.country, kind) if part)


def _international_digits(text: str, keep_zero: bool = False) -> str:
    """`+` and ASCII digits, or `PhoneError` naming what is in the way."""
    # Numbers copied from contact lists often carry invisible direction marks (category Cf).
    visible = "".join(char for char in text.strip() if unicodedata.category(char) != "Cf")
    visible = unicodedata.normalize("NFKC", visible).strip()
    if visible.lower().startswith("tel:"):
        visible = visible[4:].strip()
    if not keep_zero:
        visible = _OPTIONAL_ZERO.sub("", visible)
    kept = "".join(_as_ascii(char, text) for char in visible)
    if kept.startswith("00"):
        kept = "+" + kept[2:]
    if not kept.strip("+"):
        raise PhoneError(f"A telephone number is needed, with its country calling code, e.g. {EXAMPLE}.")
    if not kept.startswith("+"):
        long = len(kept) >= _WITH_COUNTRY and not kept.startswith("0")
        perhaps = f" If it has that already, put a + in front: +{kept}." if long else ""
        raise PhoneError(f"{_quote(text)} needs the country calling code, e.g. {EXAMPLE}.{perhaps}")
    if "+" in kept[1:]:
        raise PhoneError(f"{_quote(text)} holds more than one +: enter one number, e.g. {EXAMPLE}.")
    return kept


def _as_ascii(char: str, text: str) -> str:
    if char == "+":
        return char
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if char in _PUNCTUATION or char.isspace() or unicodedata.category(char) == "Pd" or char == "−":
        return ""
    shown = f'"{char}"' if char.isprintable() else f"U+{ord(char):04X}"
    raise PhoneError(f"{_quote(text)} holds {shown}: a telephone number is + and digits, e.g. {EXAMPLE}.")


def _understood(digits: str, text: str) -> "PhoneNumber":
    import phonenumbers

    try:
        return phonenumbers.parse(digits)
    except phonenumbers.NumberParseException as error:
        kind = error.error_type
    if kind == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
        reason = "does not begin with a country calling code that exists: write"
    elif kind == phonenumbers.NumberParseException.TOO_LONG:
        reason = "has too many digits: write"
    else:
        reason = "has too few digits: write the whole number,"
    raise PhoneError(f"{_quote(text)} {reason} e.g. {EXAMPLE}.") from None


def _phone(number: "PhoneNumber", text: str) -> Phone:
    import phonenumbers

    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _API_FORM.fullmatch(e164[1:]):
        amount = "few" if len(e164) < 9 else "many"
        raise PhoneError(f"{_quote(text)} has too {amount} digits: 7 to 15 are needed, e.g. {EXAMPLE}.")
    kind = phonenumbers.number_type(number)
    country = _country(number)
    return Phone(
        e164=e164,
        readable=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
        country=country,
        kind=_KINDS[kind] if kind < len(_KINDS) else "unknown",
        warning=_warning(number, country, kind),
    )


def _warning(number: "PhoneNumber", country: str, kind: int) -> str | None:
    import phonenumbers

    if phonenumbers.is_valid_number(number):
        return "This is a fixed line: few of them take text messages." if kind == _FIXED_LINE else None
    place = country or f"the calling code +{number.country_code}"
    reasons = {
        phonenumbers.ValidationResult.TOO_SHORT: f"it is too short for {place}",
        phonenumbers.ValidationResult.TOO_LONG: f"it is too long for {place}",
        phonenumbers.ValidationResult.INVALID_LENGTH: f"no number in {place} has that many digits",
        phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code seems to be missing",
    }
    reason = reasons.get(
        phonenumbers.is_possible_number_with_reason(number), f"{place} is not known to use such numbers"
    )
    return f"This number looks invalid: {reason}. Check it."


def _is_valid(number: "PhoneNumber") -> bool:
    import phonenumbers

    return phonenumbers.is_valid_number(number)


def _country(number: "PhoneNumber") -> str:
    import phonenumbers

    region = phonenumbers.region_code_for_number(number)
    if region is None:
        code = number.country_code or 0
        sharing = phonenumbers.region_codes_for_country_code(code)
        region = phonenumbers.region_code_for_country_code(code) if len(sharing) <= _MANY_COUNTRIES else ""
    return _country_names().get(region, "")


@cache
def _country_names() -> dict[str, str]:
    """English names by ISO 3166 code, from the list that comes with the time zone database.

    phonenumbers' own names would load every area description in the world: a third of a second.
    """
    from importlib.resources import files

    names: dict[str, str] = {}
    for line in files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            code, name = line.split("\t")
            names[code] = name.replace(" & ", " and ")
    return names | _COUNTRIES


def _quote(text: str) -> str:
    """What was typed, for an error sentence: printable and not too long."""
    shown = "".join(char if char.isprintable() else "�" for char in text.strip())
    return f'"{shown}"' if len(shown) <= _LONGEST_QUOTE else f'"{shown[: _LONGEST_QUOTE - 1]}…"'
