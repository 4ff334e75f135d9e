"""What people set once for the console: `settings.toml` in the data folder, beside `keys.toml`.

    theme = "light"          # auto, dark, light, terminal, or a theme that Textual brings along
    mouse = true             # false leaves it to the terminal, to select text with
    link = "auto"            # fast, slow, or auto: slow under SSH
    section = "handlers"     # the one that is shown first, where no alert is open
    bell = true              # ring the terminal's bell once for each new alert

    [operator."ana"]         # the same for one person: it wins over what stands above
    theme = "dark"

An option of the command line wins over the file. A mistake is told and passed over. This module
loads nothing of the screen: it is read before the first frame.
"""

import difflib
import fcntl
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tui.keys.places import SECTIONS, Place
from tui.text.plain import plain_str

NAME = "settings.toml"
OPERATOR = "operator"


class Link(StrEnum):
    """What lies between the console and the eyes on it; `auto` is slow under SSH."""

    AUTO = "auto"
    FAST = "fast"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Choices:
    """What holds for one person."""

    theme: str = "auto"
    mouse: bool = True
    link: str = "auto"
    section: str = Place.HANDLERS
    bell: bool = True


def _one_of(names: tuple[str, ...]) -> Callable[[object], str | None]:
    said = f"{', '.join(names[:-1])} or {names[-1]}, in quotes"
    return lambda value: None if value in names else said


def _yes_or_no(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


# What a value must be, where it is not that.
_CHECKS: Mapping[str, Callable[[object], str | None]] = {
    "theme": lambda value: None if isinstance(value, str) else "the name of a theme, in quotes",
    "mouse": _yes_or_no,
    "link": _one_of(tuple(Link)),
    "section": _one_of(tuple(SECTIONS)),
    "bell": _yes_or_no,
}
KEYS = tuple(each.name for each in fields(Choices))


@dataclass(frozen=True, slots=True)
class Preferences:
    """The file as it was read, and the options that were given, which win over it."""

    path: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    everyone: Mapping[str, Any] = field(default_factory=dict)
    operators: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """One sentence for each thing wrong in the file."""

    def of(self, operator: str | None) -> Choices:
        """What holds for this person; None is someone whose name is not known yet."""
        wanted = (operator or "").casefold()
        own = next((held for name, held in self.operators.items() if name.casefold() == wanted), {})
        return replace(Choices(), **{**self.everyone, **own, **self.options})


def read_preferences(path: Path, **options: Any) -> Preferences:
    """Read the file; one that is not there is empty. An option that is None was not given."""
    given = {key: value for key, value in options.items() if value is not None}
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Preferences(path, given)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = f"{path.name} cannot be read: {plain_str(str(error))}. The presets hold."
        return Preferences(path, given, problems=(said,))
    return _checked(path, given, found)


def _checked(path: Path, given: Mapping[str, Any], found: Mapping[str, Any]) -> Preferences:
    problems: list[str] = []
    people = found.get(OPERATOR, {})
    everyone = _sound({key: value for key, value in found.items() if key != OPERATOR}, "", problems)
    if not isinstance(people, Mapping) or not all(isinstance(each, Mapping) for each in people.values()):
        problems.append(
            f'{OPERATOR}: write [{OPERATOR}."NAME"] on a line of its own, and the settings below.'
        )
        people = {}
    operators = {name: _sound(held, f"{plain_str(name)}, ", problems) for name, held in people.items()}
    return Preferences(path, given, everyone, operators, tuple(problems))


def _sound(held: Mapping[str, Any], whose: str, problems: list[str]) -> dict[str, Any]:
    """Those of the settings that can hold; what is wrong with the others is added to `problems`."""
    sound = {}
    for key, value in held.items():
        if key not in _CHECKS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(KEYS)}."
            problems.append(f"{whose}{plain_str(key)}: there is no such setting. {hint}")
        elif wanted := _CHECKS[key](value):
            problems.append(f"{whose}{key}: write {wanted}.")
        else:
            sound[key] = value
    return sound


def remember(path: Path, operator: str, key: str, value: str) -> None:
    """Write one setting of one person into the file; all else in it stays as it is, comments included.

    Raises `OSError` or `ValueError` where the file cannot be written or is not in order.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    with _alone(path.parent):
        text = path.read_text("utf-8") if path.exists() else ""
        try:
            document: Any = tomlkit.parse(text)
            people = document.setdefault(OPERATOR, tomlkit.table(is_super_table=True))
            name = next((each for each in people if each.casefold() == operator.casefold()), operator)
            people.setdefault(name, tomlkit.table())[key] = value
            written = tomlkit.dumps(document)
        except (TOMLKitError, TypeError, AttributeError) as error:
            raise ValueError(str(error)) from error
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(written)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Several consoles share the folder: one of them reads and writes the file at a time."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
