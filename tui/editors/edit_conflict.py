"""Two people edit one record: the second to save is told, and nothing that was typed is lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tui.dialogs.editor_screen import EditorScreen
from tui.operations.errors import Refused
from tui.widgets.fields import Field
from tui.widgets.form import Form

Record = TypeVar("Record")
Saved = TypeVar("Saved")


@dataclass(frozen=True)
class Merged:
    """What became of the fields: `taken` are theirs now, `both` were changed here and there."""

    taken: tuple[str, ...] = ()
    both: tuple[str, ...] = ()


class MergingForm(Form):
    """A form that can follow its record.

    The fields that belong `together` count as touched when one of them was.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        values: Mapping[str, Any] | None = None,
        *,
        together: Collection[str] = (),
        id: str | None = None,
    ) -> None:
        super().__init__(fields, values, id=id)
        self._together = together

    def rebase(self, theirs: Mapping[str, Any]) -> Merged:
        """Begin from another version of the record.

        A field that was not touched takes their value; one that was keeps what was typed.
        """
        taken, both = [], []
        touched_together = any(self._is_touched(key) for key in self._together)
        for key, row in self._rows.items():
            if key not in theirs or theirs[key] == self._given.get(key):
                continue
            mine = row.value
            touched = touched_together if key in self._together else self._is_touched(key)
            row.value = self._given[key] = theirs[key]
            self._first[key] = row.value
            if touched and mine != row.value:
                row.value = mine
                both.append(row.field.label)
            elif not touched:
                taken.append(row.field.label)
        return Merged(tuple(taken), tuple(both))

    def _is_touched(self, key: str) -> bool:
        return bool(self._rows[key].value != self._first[key])


class ChangedMeanwhile(Exception):
    """Someone else has saved the record since it was opened; `now` is the record as it is."""

    def __init__(self, now: Any) -> None:
        super().__init__("changed meanwhile")
        self.now = now


class MergingEditor(EditorScreen[Saved], Generic[Saved, Record]):
    """An editor of a record that others may change. Its forms are `MergingForm`s."""

    seen: Record | None = None
    """The record as it was read; None while it is a new one."""

    # What a subclass says

    def write(self, values: Mapping[str, Any]) -> Saved:
        """Save, on a thread. Raises `Refused`."""
        raise NotImplementedError

    def read_again(self) -> Record:
        """The record as it is now, on a thread. Raises `Refused` when it is gone."""
        raise NotImplementedError

    def differs(self, now: Record) -> bool:
        """Whether this is another version than the one seen."""
        return now != self.seen

    def values_of(self, record: Record) -> dict[str, Any]:
        """The record as the forms hold it."""
        raise NotImplementedError

    def rebase(self, now: Record) -> list[Merged]:
        """Let all that is edited follow the record; what became of it, by label."""
        theirs = self.values_of(now)
        return [form.rebase(theirs) for form in self.forms if isinstance(form, MergingForm)]

    # The rest

    def save_values(self, values: Mapping[str, Any]) -> Any:
        try:
            return self.write(values)
        except Refused:
            if self.seen is not None and self.differs(now := self.read_again()):
                raise ChangedMeanwhile(now) from None
            raise

    def _show_error(self, error: BaseException | None) -> None:
        if isinstance(error, ChangedMeanwhile):
            self._follow(error.now)
        else:
            super()._show_error(error)

    def _follow(self, now: Record) -> None:
        found = self.rebase(now)
        self.seen = now
        self._show_heading()
        taken = ", ".join(label for merged in found for label in merged.taken)
        both = ", ".join(label for merged in found for label in merged.both)
        self._show_trouble(
            "Someone else changed this meanwhile. Nothing was saved yet, and what you typed is still here."
            + (f" Theirs is shown in: {taken}." if taken else "")
            + (f" You both changed: {both}; yours is shown." if both else "")
            + " ctrl+s saves what is shown."
        )
