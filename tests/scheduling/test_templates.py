"""`{Field}` in messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.templates import MISSING, check, fields_in, render, user_values
from tests.scheduling.properties import steady

KNOWN = ("Name", "First Name", "Zone", "Straße")


def test_fields_are_found_once_as_first_written() -> None:
    assert fields_in("{Zone} { name }, {ZONE} {{Not}} {Name} {}") == ("Zone", "name")


@pytest.mark.parametrize(
    "text", ["", "plain", "Hi {First Name}", "{ first name }{ZONE}", "{{x}}", "{{{Zone}}}", "{STRASSE}"]
)
def test_what_can_be_saved(text: str) -> None:
    assert check(text, KNOWN) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{Zonee}", "Unknown field {Zonee}: did you mean {Zone}?"),
        ("{frist name}", "Unknown field {frist name}: did you mean {First Name}?"),
        ("{Gate}", "Unknown field {Gate}: use {Name}, {First Name}, {Zone}, {Straße}."),
        ("{}", "Empty field {}: put a field's name between the braces."),
        ("{ }", "Empty field {}: put a field's name between the braces."),
        ("a } b", "The } at character 3 has no {: write }} for a brace that is meant as text."),
        ("a {b", "The { at character 3 has no }: write {{ for a brace that is meant as text."),
        ("{a{Zone}", "The { at character 1 has no }: write {{ for a brace that is meant as text."),
        ("{Zone}}", "The } at character 7 has no {: write }} for a brace that is meant as text."),
    ],
)
def test_what_cannot_be_saved(text: str, said: str) -> None:
    assert check(text, KNOWN) == [said]


def test_each_problem_is_told_once_and_all_are_told() -> None:
    assert len(check("{x1} {x1} {y2} {", ("Zone",))) == 3
    assert check("{x}", ()) == ["Unknown field {x}: no fields can be used here."]


def test_values_are_put_in_without_regard_to_case_and_space() -> None:
    found = render("Hi { FIRST name }, {zone} {{kept}}", {"First Name": "Ana", " Zone ": "North"})
    assert (found.text, found.missing) == ("Hi Ana, North {kept}", ())


def test_values_are_never_expanded_again() -> None:
    assert render("{A}{B}", {"A": "{B}", "B": "{{A}}"}).text == "{B}{{A}}"


def test_missing_and_empty_values_show_as_a_dash_and_are_named_once() -> None:
    found = render("{Zone} {Gate} {zone} {Door}", {"Door": " "})
    assert (found.text, found.missing) == ("- - - -", ("Zone", "Gate", "Door"))
    assert MISSING == "-"


def test_a_broken_message_is_still_sent_as_it_stands() -> None:
    assert render("fire } at {Zone} {now", {"Zone": "A"}).text == "fire } at A {now"


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("Ana María López", {}, "Ana"),
        ("Ana", {"first name": "Anita"}, "Anita"),
        ("Ana López", {"First Name": "  "}, "Ana"),
        ("López, Ana", {}, "López"),
        ("", {}, ""),
    ],
)
def test_first_name(name: str, fields: dict[str, str], expected: str) -> None:
    values = user_values(name, fields)
    assert (values["Name"], values["First Name"]) == (name, expected)


def test_every_custom_field_is_there_and_none_hides_the_name() -> None:
    assert user_values("Ana López", {"Mobile": "+61400000000", "NAME": "x"}) == {
        "Name": "Ana López",
        "First Name": "Ana",
        "Mobile": "+61400000000",
    }


@steady
@given(st.text("{}ab \n", max_size=30))
def test_any_text_renders_and_what_passes_the_check_leaves_nothing_missing(text: str) -> None:
    values = {"a": "1", "b": "2", "ab": "3"}
    found = render(text, values)
    if not check(text, values):
        assert found.missing == ()


@steady
@given(st.text(max_size=40))
def test_doubled_braces_say_any_text(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert check(doubled, ()) == []
    assert render(doubled, {}).text == text
