"""What is said below a custom field while one types."""

import pytest

from storage.records import CustomField
from storage.vocabulary import FieldType
from tui.editors.user_fields import Note, Problem, note_for

MOBILE = CustomField(1, "Mobile", FieldType.TELEPHONE_NUMBER, 1)
BORN = CustomField(2, "Born", FieldType.DATE, 2)


@pytest.mark.parametrize("typed", ["+", "0", "00", "+6", "+61", "+614", "+61 400", "0061", "(+61"])
def test_a_number_that_is_not_yet_complete_is_no_error(typed: str) -> None:
    note = note_for(MOBILE, typed)
    assert isinstance(note, Note) and note.kind == "note" and note.text.startswith("Go on")
    assert isinstance(note_for(MOBILE, typed, done=True), Problem)


@pytest.mark.parametrize("typed", ["0400", "04", "4", "+61x", "+61+", "+999", "+61400000000123456"])
def test_what_no_more_digits_can_mend_is_an_error_at_once(typed: str) -> None:
    assert isinstance(note_for(MOBILE, typed), Problem)


def test_country_and_kind_are_shown() -> None:
    assert note_for(MOBILE, "+61 400 000 000") == Note("+61 400 000 000 · Australia · mobile")


def test_a_number_that_looks_invalid_is_a_warning_even_when_done() -> None:
    note = note_for(MOBILE, "+61 411 222 33", done=True)
    assert isinstance(note, Note) and note.kind == "warning" and "looks invalid" in note.text


@pytest.mark.parametrize("typed", ["", "  ", None])
def test_nothing_is_said_of_nothing(typed: str | None) -> None:
    assert note_for(MOBILE, typed) is None
    assert note_for(BORN, typed, done=True) is None


def test_a_date_shows_its_weekday_and_is_wrong_only_when_left() -> None:
    assert note_for(BORN, "2026-11-23") == Note("Monday 23 November 2026")
    assert note_for(BORN, "2026-13") is None
    assert isinstance(note_for(BORN, "2026-13", done=True), Problem)
