"""The two local Clickatells behind the sample site: one that is well, and one that is flaky."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from demo_data.clickatell import Settings, ThreadedClickatell
from demo_data.sample_people import BAD_NUMBER, OPTED_OUT, number_of

# The flaky one's first sends, so that a retry is seen soon; then chance decides.
FIRST_FAULTS = ("rate-429-after=2", "http-503", "shuffled", "rate-429-after=2")
FAULTS = ("http-503:14%", "timeout:7%", "rate-429-after=3:14%", "message-19:7%", "refuse-connection=2:4%")
ANSWERS_WITHIN = 0.15  # seconds that an answer takes


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the handlers call: base URLs of the two One APIs, and the API URI of the first's XML API."""

    fine: str
    xml: str
    flaky: str


@dataclass(frozen=True, slots=True)
class SampleClickatells:
    """Both, listening on this machine."""

    fine: ThreadedClickatell
    flaky: ThreadedClickatell

    @property
    def addresses(self) -> Addresses:
        return Addresses(self.fine.base_url, self.fine.api_uri, self.flaky.base_url)


@contextmanager
def sample_clickatells(seed: int | None = None) -> Iterator[SampleClickatells]:
    """Both listening inside, gone outside. `seed` makes ids and the choice of faults repeatable."""
    other = None if seed is None else seed + 1  # else both would give out the same ids
    with ThreadedClickatell(_fine(seed)) as fine, ThreadedClickatell(_flaky(other)) as flaky:
        flaky.clickatell.faults.next(*FIRST_FAULTS)
        flaky.clickatell.faults.every(*FAULTS)
        yield SampleClickatells(fine, flaky)


def _fine(seed: int | None) -> Settings:
    return Settings(
        balance=Decimal("87.41"),
        credits=Decimal("431.6"),
        credit_price=Decimal("0.8"),
        opted_out=_opted_out(),
        endings=_endings(),
        latency=ANSWERS_WITHIN,
        seed=seed,
    )


def _flaky(seed: int | None) -> Settings:
    return Settings(
        balance=Decimal("23.60"),
        price=Decimal("0.06"),
        opted_out=_opted_out(),
        endings=_endings(),
        latency=ANSWERS_WITHIN * 3,
        seed=seed,
    )


def _opted_out() -> frozenset[str]:
    return frozenset({_digits(OPTED_OUT)})


def _endings() -> dict[str, str]:
    return {_digits(BAD_NUMBER): "RECIPIENT_DOES_NOT_EXIST"}


def _digits(name: str) -> str:
    return number_of(name).removeprefix("+")
