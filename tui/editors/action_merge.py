"""Two people change the actions of one task or alert: what becomes of each action. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from tui.operations.action_form import ActionForm


@dataclass(frozen=True)
class Held:
    """An action as it is edited; `origin` is its place among those that were read, None for a new one."""

    form: ActionForm
    origin: int | None = None


@dataclass(frozen=True)
class MergedActions:
    """The actions to go on with; their origins are places among the other person's.

    `taken` says that something of theirs is among them, `both` that one action was changed here
    and there: then it is as it was here.
    """

    held: tuple[Held, ...]
    taken: bool = False
    both: bool = False


def merge_actions(
    first: Sequence[ActionForm], mine: Sequence[Held], theirs: Sequence[ActionForm]
) -> MergedActions:
    """Bring together what was made of `first` here and elsewhere."""
    if _alike(first, theirs):
        # The same, perhaps under other ids.
        pairs = {place: place for place in range(len(first))}
        return MergedActions(tuple(_carried(each, pairs, theirs) for each in mine))
    if _alike([each.form for each in mine], first):
        return MergedActions(tuple(Held(form, place) for place, form in enumerate(theirs)), taken=True)
    return _interleave(first, mine, theirs, _pairs(first, theirs))


def _interleave(
    first: Sequence[ActionForm],
    mine: Sequence[Held],
    theirs: Sequence[ActionForm],
    pairs: dict[int, int],
) -> MergedActions:
    held: list[Held] = []
    taken = both = False
    for each in mine:
        origin = each.origin
        if origin is None:
            held.append(each)
            continue
        there = pairs.get(origin)
        changed_there = there is None or not _same(first[origin], theirs[there])
        if not _same(each.form, first[origin]):
            both = both or changed_there
            held.append(_carried(each, pairs, theirs))
        elif there is not None:
            held.append(Held(theirs[there], there))
            taken = taken or changed_there
        else:
            taken = True
    kept = {each.origin for each in mine}
    gone = [place for place in range(len(first)) if place not in kept]
    # Taken out here and changed there: it stays out, and is said.
    both = both or any(place in pairs and not _same(first[place], theirs[pairs[place]]) for place in gone)
    new = [place for place in range(len(theirs)) if place not in pairs.values()]
    held += [Held(theirs[place], place) for place in new]
    return MergedActions(tuple(held), taken or bool(new), both)


def _carried(each: Held, pairs: dict[int, int], theirs: Sequence[ActionForm]) -> Held:
    """What was typed here, as the action that it now is: under their id, or as a new one."""
    there = None if each.origin is None else pairs.get(each.origin)
    number = 0 if there is None else _id_of(theirs[there])
    return Held(_with_id(each.form, number), there)


def _pairs(first: Sequence[ActionForm], theirs: Sequence[ActionForm]) -> dict[int, int]:
    """Which of theirs each of the first ones has become; one that is missing was taken out."""
    ids = {_id_of(form): place for place, form in enumerate(theirs) if _id_of(form)}
    pairs = {place: ids[_id_of(form)] for place, form in enumerate(first) if _id_of(form) in ids}
    if any(map(_id_of, first)):
        return pairs
    # Without ids that last: those that are the same, and what stands in the place of one that is not.
    matcher = SequenceMatcher(
        None, [_with_id(form, 0) for form in first], [_with_id(form, 0) for form in theirs]
    )
    for kind, start, end, there, there_end in matcher.get_opcodes():
        if kind in ("equal", "replace"):
            pairs.update(zip(range(start, end), range(there, there_end), strict=False))
    return pairs


def _alike(some: Sequence[ActionForm], others: Sequence[ActionForm]) -> bool:
    return len(some) == len(others) and all(map(_same, some, others))


def _same(one: ActionForm, other: ActionForm) -> bool:
    return _with_id(one, 0) == _with_id(other, 0)


def _id_of(form: ActionForm) -> int:
    return int(getattr(form, "id", 0))


def _with_id(form: ActionForm, number: int) -> ActionForm:
    values: dict[str, Any] = {"id": number}
    return replace(form, **values) if hasattr(form, "id") else form
