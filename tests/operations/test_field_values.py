"""Values of custom fields: what is taken, in which form it is kept, and what is refused."""

import pytest

from storage.records import CustomField
from storage.vocabulary import FieldType
from tui.operations.errors import Refused
from tui.operations.field_values import check_value, shown


def field(kind: FieldType, required: bool = False) -> CustomField:
    return CustomField(1, "Thing", kind, 1, required, choices=("Day", "Night"))


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (FieldType.TEXT, "  a [b]  {c}\nd ", "a [b]  {c}\nd"),
        (FieldType.TELEPHONE_NUMBER, "+61 400 000 000", "+61400000000"),
        (FieldType.TELEPHONE_NUMBER, "0044 (0)7911 123456", "+447911123456"),
        (FieldType.NUMBER, "007.50", "7.5"),
        (FieldType.NUMBER, "-0.0", "0"),
        (FieldType.NUMBER, "−12", "-12"),
        (FieldType.NUMBER, "100", "100"),
        (FieldType.NUMBER, ".5", "0.5"),
        (FieldType.DATE, "2026-3-1", "2026-03-01"),
        (FieldType.YES_NO, "TRUE", "Yes"),
        (FieldType.YES_NO, "n", "No"),
        (FieldType.EMAIL, "Ann.Lee@Example.com", "Ann.Lee@Example.com"),
        (FieldType.CHOICE, "nIGHT", "Night"),
    ],
)
def test_a_value_is_kept_in_one_form(kind: FieldType, typed: str, kept: str) -> None:
    found = check_value(field(kind), typed)
    assert found is not None and (found.value, found.warning) == (kept, None)
    again = check_value(field(kind), kept)
    assert again is not None and again.value == kept


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        (FieldType.TELEPHONE_NUMBER, "0400 000 000", "country calling code"),
        (FieldType.NUMBER, "1,5", "decimal point"),
        (FieldType.NUMBER, "1e5", "not a number"),
        (FieldType.NUMBER, "nan", "not a number"),
        (FieldType.NUMBER, "٣", "not a number"),
        (FieldType.NUMBER, "9" * 40, "not a number"),
        (FieldType.DATE, "2026-02-30", "2026-11-23"),
        (FieldType.DATE, "01/02/2026", "2026-11-23"),
        (FieldType.YES_NO, "maybe", "neither Yes nor No"),
        (FieldType.EMAIL, "ann at example.com", "name@example.com"),
        (FieldType.EMAIL, "a@b@c", "name@example.com"),
        (FieldType.CHOICE, "Nite", 'did you mean "Night"'),
        (FieldType.CHOICE, "x", "Day, Night"),
        (FieldType.TEXT, "x" * 1001, "1,000 at most"),
        (FieldType.TEXT, "a\udc80", "not UTF-8"),
    ],
)
def test_what_is_refused_names_the_field_and_the_remedy(kind: FieldType, typed: str, said: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_value(field(kind), typed)
    assert said in refusal.value.message and "Thing" in refusal.value.message
    assert refusal.value.field == "Thing"


def test_a_number_that_looks_invalid_is_a_warning() -> None:
    found = check_value(field(FieldType.TELEPHONE_NUMBER), "+61 400 000 00")
    assert found is not None and found.value == "+6140000000"
    assert found.warning and "looks invalid" in found.warning


@pytest.mark.parametrize("kind", list(FieldType))
def test_empty_is_no_value_unless_required(kind: FieldType) -> None:
    assert check_value(field(kind), "  ") is None
    with pytest.raises(Refused, match="Thing is required"):
        check_value(field(kind, required=True), " ")


def test_numbers_show_in_groups() -> None:
    assert shown(field(FieldType.TELEPHONE_NUMBER), "+61400000000") == "+61 400 000 000"
    assert shown(field(FieldType.TEXT), "+61400000000") == "+61400000000"
