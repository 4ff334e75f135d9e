"""The field for a time zone: any part of a name finds zones, up and down go through those found."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

from tui.widgets.fields import TextField
from tui.widgets.inputs import TextInput

MOST_NAMED = 4


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """All IANA zones that are named after places, and UTC. Reads files the first time."""
    found = (name for name in available_timezones() if "/" in name or name == "UTC")
    return tuple(sorted(name for name in found if not name.startswith(("Etc/", "posix/", "right/"))))


def zones_like(text: str) -> list[str]:
    """The zones that have every word of the text in their name; the best come first."""
    words = text.casefold().replace("_", " ").split()
    found = [name for name in zone_names() if all(word in _searched(name) for word in words)]
    return sorted(found, key=lambda name: not _searched(name.rpartition("/")[2]).startswith(tuple(words[:1])))


def hint(text: str) -> str | None:
    """What is said below the field while the text is not yet a zone; None when it is one."""
    if text.strip() in zone_names() or not text.strip():
        return None
    found = zones_like(text)
    if not found:
        return None
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"down takes one of: {', '.join(found[:MOST_NAMED])}{more}"


def _searched(name: str) -> str:
    return name.casefold().replace("_", " ")


class ZoneInput(TextInput):
    """A line for the name of a zone."""

    HELP = """\
A time zone, such as Europe/Berlin. Type a part of its name, such as berl or new york: down and up go \
through the zones found."""

    _found: tuple[str, ...] = ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return True

    def action_choice(self, step: int) -> None:
        """Take the next of the zones found, or the one before."""
        if self.value not in self._found:
            self._found = tuple(zones_like(self.value))
            place = 0 if step > 0 else -1
        else:
            place = (self._found.index(self.value) + step) % len(self._found)
        if self._found:
            self.value = self._found[place]
            self.cursor_position = len(self.value)


@dataclass(frozen=True, kw_only=True)
class ZoneField(TextField):
    """A time zone by its IANA name."""

    def build(self, value: str) -> TextInput:
        return ZoneInput(value, placeholder=self.placeholder)
