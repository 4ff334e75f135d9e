"""What a gateway is, as values: its settings, how much goes in one call, its codes, and its sender.

Editor, checks, command line, JSON, change log, Diagnose and engine loop over these values; nothing
outside a gateway's folder asks which gateway it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scheduling.clock import Clock
from scheduling.gateways.codes import Code
from scheduling.gateways.outcome import HandlerConfig, Sender

Value = str | int | bool | None


class Kind(StrEnum):
    """What a setting holds; it decides the editor's field, the check and the option's type."""

    TEXT = "text"  # one line
    LONG_TEXT = "long text"
    ADDRESS = "address"  # of the gateway: https, or http where that is allowed
    NUMBER = "number"
    YES_NO = "yes or no"
    CHOICE = "choice"  # one of `choices`
    SECRET = "secret"  # encrypted, in a column of its own


class BadSetting(ValueError):
    """A value that a gateway does not take: one sentence that names the setting and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a gateway.

    `key` names it in the handler's `settings`, in the editor and as a parameter of the command line;
    two gateways may have a key, an option or a JSON name in common only if the whole setting is the
    same. `check` raises `BadSetting`; `doubt` gives a warning about a value that can be saved.
    """

    key: str
    label: str
    kind: Kind = Kind.TEXT
    preset: Value = ""
    required: bool = False
    least: int = 0  # the smallest number
    most: int = 200  # characters, or the largest number
    choices: tuple[str, ...] = ()  # a text may be any other, a choice may not
    example: str = ""  # of an address without a preset
    help: str = ""  # below the field
    option: str = ""  # "--channel"
    metavar: str | None = None
    usage: str = ""  # the option's help
    json: str = ""  # where it is not the key
    on_more: bool = False  # on the editor's second tab
    guards_secret: bool = False  # where the secret goes, or whose it is: a change asks for it again
    check: Callable[[Any], None] | None = None
    doubt: Callable[[Any], str | None] | None = None

    @property
    def json_name(self) -> str:
        return self.json or self.key

    @property
    def is_secret(self) -> bool:
        return self.kind is Kind.SECRET


@dataclass(frozen=True, slots=True)
class Batch:
    """How many messages go in one call: at first, at most, and at most of alerts."""

    preset: int
    most: int
    of_alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway's description. `name` is its API Type as stored and typed; `label` is for people."""

    name: str
    label: str
    provider: str  # whose gateway it is
    settings: tuple[Setting, ...]  # in the editor's order; exactly one is the secret
    batch: Batch
    codes: Mapping[str, Code]
    make_sender: Callable[[HandlerConfig, Clock], Sender]
    needs: str  # what an account's owner has at hand: "the API Key of …"
    account: str  # how the review names an account, with the settings' keys in braces
    credentials: str  # what is refused with a wrong secret
    subject: str = ""  # the key of the setting that a list shows beside the API Type
    knows_ids: bool = False  # it can be asked for a client message id after an unknown outcome
    tells_delivery: bool = True  # it can be asked what became of an accepted message
    parts_note: str = ""  # what messages of several parts need at the provider's
    parts_usage: str = ""  # the same in short, for the option's help

    @property
    def secret(self) -> Setting:
        return next(each for each in self.settings if each.is_secret)

    @property
    def plain(self) -> tuple[Setting, ...]:
        """The settings that are no secret."""
        return tuple(each for each in self.settings if not each.is_secret)

    @property
    def addresses(self) -> tuple[Setting, ...]:
        return tuple(each for each in self.settings if each.kind is Kind.ADDRESS)

    def value(self, settings: Mapping[str, Any], key: str) -> Any:
        """What holds for one setting: the stored value, else its preset; None where there is neither."""
        stored = settings.get(key)
        if stored is not None:
            return stored
        preset = next((each.preset for each in self.plain if each.key == key), None)
        return None if preset == "" else preset

    def values(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What holds for each of its settings, and what else is stored."""
        return {**settings, **{each.key: self.value(settings, each.key) for each in self.plain}}

    def address_of(self, settings: Mapping[str, Any]) -> str | None:
        """Where it is called, as stored."""
        return next((str(settings[each.key]) for each in self.addresses if settings.get(each.key)), None)

    def subject_of(self, settings: Mapping[str, Any]) -> str:
        return str(settings.get(self.subject) or "")

    def account_in_words(self, settings: Mapping[str, Any]) -> str:
        """`One API, channel SMS, https://platform.clickatell.com`."""
        told = {each.key: settings.get(each.key) for each in self.plain}
        return f"{self.label}, {self.account.format_map(told)}"


def each_once(gateways: Iterator[Gateway]) -> tuple[Setting, ...]:
    """The settings of all, secrets included, each key once, in the gateways' order."""
    found: dict[str, Setting] = {}
    for gateway in gateways:
        for setting in gateway.settings:
            found.setdefault(setting.key, setting)
    return tuple(found.values())


def clashes(gateways: Iterator[Gateway]) -> list[str]:
    """Keys, options and JSON names that two different settings have in common."""
    wrong = []
    taken: dict[tuple[str, str], Setting] = {}
    for gateway in gateways:
        for setting in gateway.settings:
            names = {"key": setting.key, "option": setting.option, "JSON name": setting.json_name}
            for what, name in names.items():
                if name and taken.setdefault((what, name), setting) != setting:
                    wrong.append(f"{what} {name} of {gateway.label}")
    return wrong
