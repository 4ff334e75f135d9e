"""What another system gives with a raise, made fit to keep: cut, not refused. A cut alarm beats none."""

import hashlib
from collections.abc import Collection, Mapping

from scheduling.telling import known_fields
from storage.alerts import AlertField
from storage.names import key_of
from storage.texts import for_phone, line_breaks, storable, without_controls

LONGEST_KEY = 200  # characters of a key, and of the name of a value
LONGEST_VALUE = 10_000
MOST_VALUES = 100
NO_NAME = "(no name)"

_MARK = 16  # hexadecimal digits that tell apart what is alike once it is cut
_SHOWN = 40
_CUT = "..."


def kept_key(key: str | None) -> tuple[str | None, str | None]:
    """The key as it is kept (None for a blank one), and a sentence where that is not the whole of it.

    A key that is cut, or held what is no text, ends with a mark made of the whole: two keys that
    differ stay two. Giving the key as it is kept gives the same.
    """
    whole = _spaced(key or "")
    kept = _distinct(whole)
    if kept == whole:
        return kept or None, None
    what = f"has {len(whole):,} characters" if len(whole) > LONGEST_KEY else "holds what is no text"
    return kept, f"the key {what}: it is kept as {kept}"


def kept_values(
    given: Mapping[str, str], declared: Collection[AlertField]
) -> tuple[dict[str, str], list[str]]:
    """The values as they are kept, by name, and a sentence for each thing that was cut.

    Of too many the declared ones are kept first, then the others in their order.
    """
    own = {key_of(name) for name in known_fields(declared)}
    found: dict[str, str] = {}
    notes: list[str] = []
    for name, value in sorted(given.items(), key=lambda item: key_of(item[0]) not in own):
        if len(found) == MOST_VALUES:
            notes.append(f"{len(given):,} values were given: the first {MOST_VALUES} are kept")
            break
        whole = _spaced(name)
        kept = _distinct(whole) or NO_NAME
        if kept != whole:
            notes.append(f"a value's name was changed to {_short(kept)}: it was empty, too long or no text")
        found[kept] = _value(kept, value, notes)
    return found, notes


def _value(name: str, value: str, notes: list[str]) -> str:
    kept = for_phone(value)
    if kept != line_breaks(value):
        notes.append(f"the value of {_short(name)} holds what is no text: that was left out")
    if len(kept) > LONGEST_VALUE:
        notes.append(f"the value of {_short(name)} has {len(kept):,} characters: cut to {LONGEST_VALUE:,}")
        kept = kept[: LONGEST_VALUE - len(_CUT)] + _CUT
    return kept


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _distinct(whole: str) -> str:
    """At most `LONGEST_KEY` characters of plain text, another for each other text."""
    plain = storable(_spaced(without_controls(whole)))
    if plain == whole and len(plain) <= LONGEST_KEY:
        return plain
    mark = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    return f"{plain[: LONGEST_KEY - _MARK - 1].rstrip()}~{mark}"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - len(_CUT)]}{_CUT}"
