"""Which result of an answer belongs to which message asked for. Pure.

No page of Clickatell's promises an order, and a number may come back in another spelling. So: place
by place where all agree; else by number, exactly, then however it is spelt, where that names one on
both sides; else, where there are as many results as messages, by being the only one left on each side,
or by all that are left having one verdict.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from scheduling.gateways.outcome import Outcome

SAME_NUMBER = 8
"""Digits at the end by which two spellings of a number agree: a leading or a national digit differs."""

Key = Callable[[str], str]


def exact(number: str) -> str:
    return number


def bare(number: str) -> str:
    """Digits alone, without `+`, `00`, spaces, or the `(0)` that people write."""
    return "".join(filter(str.isdecimal, number.replace("(0)", ""))).lstrip("0")


def ending(number: str) -> str:
    """The last digits; nothing for a number that is too short to be told by them."""
    digits = bare(number)
    return digits[-SAME_NUMBER:] if len(digits) >= SAME_NUMBER else ""


SPELLINGS: tuple[Key, ...] = (exact, bare, ending)


def pair(asked: Sequence[str], answered: Sequence[str], keys: Sequence[Key] = SPELLINGS) -> list[int | None]:
    """For each asked for the index of its result, or None where that cannot be told."""
    if list(asked) == list(answered):
        return list(range(len(asked)))
    found: list[int | None] = [None] * len(asked)
    open_asked, open_answered = list(range(len(asked))), list(range(len(answered)))
    for key in keys:
        wanted = Counter(key(asked[place]) for place in open_asked)
        there = Counter(key(answered[index]) for index in open_answered)
        by_key = {key(answered[index]): index for index in open_answered}
        for place in open_asked:
            name = key(asked[place])
            if name and wanted[name] == there[name] == 1:
                found[place] = by_key[name]
        open_asked = [place for place in open_asked if found[place] is None]
        open_answered = [index for index in open_answered if index not in set(found)]
    if len(asked) == len(answered) and len(open_asked) == 1:
        found[open_asked[0]] = open_answered[0]
    return found


def told_apart(found: Sequence[int | None], outcomes: Sequence[Outcome]) -> list[Outcome | None]:
    """The outcome of each message asked for, from `pair` and from what each result says.

    Where there are as many results as messages, and those that belong to nobody all say the same,
    that is said of each message left. Which id is whose is then not known, and none is kept.
    """
    left = [outcome for index, outcome in enumerate(outcomes) if index not in set(found)]
    same = {(each.kind, each.code) for each in left}
    shared = None
    if len(found) == len(outcomes) and len(same) == 1:
        shared = replace(left[0], gateway_id=None)
    return [shared if index is None else outcomes[index] for index in found]
