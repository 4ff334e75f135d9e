"""Two people change one list of actions."""

from dataclasses import replace

import pytest

from tui.editors.action_merge import Held, merge_actions
from tui.operations.action_form import ActionForm
from tui.operations.alert_form import StageAction


def plain(text: str) -> ActionForm:
    return ActionForm(handler_id=1, recipients=(), text=text)


def texts(words: str) -> list[ActionForm]:
    return [plain(word) for word in words.split()]


def held(words: str) -> list[Held]:
    """`a b→x +n`: the first as it was, the second changed to x, and a new one; left out is taken out."""
    places = {word: place for place, word in enumerate(["a", "b", "c"])}
    found = []
    for word in words.split():
        before, arrow, after = word.partition("→")
        if word.startswith("+"):
            found.append(Held(plain(word[1:])))
        else:
            found.append(Held(plain(after if arrow else before), places[before]))
    return found


@pytest.mark.parametrize(
    ("mine", "theirs", "becomes", "taken", "both"),
    [
        ("a b c", "a x c n", "a x c n", True, False),
        ("a b→y c", "a b c", "a y c", False, False),
        ("a b→y c", "x b c n", "x y c n", True, False),
        ("a b→y c", "a x c", "a y c", False, True),
        ("c b a", "a b x", "x b a", True, False),
        ("a c +m", "a b c n", "a c m n", True, False),
        ("a c", "a x c", "a c", False, True),
        ("a b c +m", "a", "a m", True, False),
        ("a→y b c", "b c", "y b c", False, True),
    ],
)
def test_what_becomes_of_the_list(mine: str, theirs: str, becomes: str, taken: bool, both: bool) -> None:
    merged = merge_actions(texts("a b c"), held(mine), texts(theirs))
    assert " ".join(each.form.text for each in merged.held) == becomes
    assert (merged.taken, merged.both) == (taken, both)


def test_the_next_person_is_followed_as_the_first_was() -> None:
    once = merge_actions(texts("a b c"), held("a b→y c"), texts("x b c"))
    again = merge_actions(texts("x b c"), once.held, texts("x b z"))
    assert [each.form.text for each in again.held] == ["x", "y", "z"]


def test_an_action_keeps_its_id_while_it_is_there_and_is_a_new_one_after() -> None:
    def numbered(number: int, text: str) -> StageAction:
        return StageAction(handler_id=1, recipients=(), text=text, stage="Created", id=number)

    first = [numbered(1, "a"), numbered(2, "b")]
    mine = [Held(replace(form, text=f"{form.text} mine"), place) for place, form in enumerate(first)]
    merged = merge_actions(first, mine, [numbered(2, "b theirs"), numbered(3, "n")])
    assert [(each.form.text, getattr(each.form, "id", None)) for each in merged.held] == [
        ("a mine", 0),
        ("b mine", 2),
        ("n", 3),
    ]
    assert merged.both and merged.taken
