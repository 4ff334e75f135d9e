"""What other systems give with a raise is kept, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from storage.alerts import AlertField
from tui.operations.raised_values import LONGEST_KEY, LONGEST_VALUE, MOST_VALUES, kept_key, kept_values

ANY = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x00\x1b\r\n \ud800~ab")), max_size=400)


@given(ANY, ANY)
def test_keys_that_differ_stay_two_and_one_given_as_kept_is_the_same(one: str, other: str) -> None:
    (first, note), (second, _) = kept_key(one), kept_key(other)
    assert (first == second) is (one.split() == other.split())
    for key in filter(None, (first, second)):
        key.encode()
        assert len(key) <= LONGEST_KEY and kept_key(key) == (key, None)
    assert (note is None) is (" ".join(one.split()) == (first or ""))


@given(st.dictionaries(ANY, ANY, max_size=8))
def test_values_are_kept_or_said(values: dict[str, str]) -> None:
    found, notes = kept_values(values, [AlertField("Zone")])
    for name, value in found.items():
        (name + value).encode()
        assert 0 < len(name) <= LONGEST_KEY and "\r" not in value and "\x1b" not in value
    if not notes:
        assert len(found) == len({" ".join(name.split()) for name in values})


def test_the_limits() -> None:
    found, notes = kept_values(
        {f"n{number}": "x" * 20_000 for number in range(150)} | {"Zone": "N"}, [AlertField("zone")]
    )
    assert len(found) == MOST_VALUES and next(iter(found)) == "Zone"
    assert all(len(value) <= LONGEST_VALUE for value in found.values())
    assert notes[-1] == "151 values were given: the first 100 are kept"
