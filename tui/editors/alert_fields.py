"""The fields that an alert declares, as its editor holds them: one a line, `Zone` or `Level=high`."""

from collections.abc import Sequence

from storage.alerts import AlertField


def lines_of(fields: Sequence[AlertField]) -> str:
    """The text that the editor opens with."""
    return "\n".join(item.name if item.default is None else f"{item.name}={item.default}" for item in fields)


def fields_of(text: str, before: Sequence[AlertField] = ()) -> tuple[AlertField, ...]:
    """The fields that a text declares; names and defaults are checked when it is saved.

    A text that was not touched gives exactly the fields it was made from: a default may hold a
    line break where a command set it.
    """
    if text == lines_of(before):
        return tuple(before)
    found = []
    for line in text.splitlines():
        name, parted, default = line.partition("=")
        if line.strip():
            found.append(AlertField(name.strip(), default.strip() or None if parted else None))
    return tuple(found)
