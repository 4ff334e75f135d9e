"""What one check says: what was tried, what came back, and what to do about it."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Result(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer. `about` names the handler, user, task or message that it is about.

    `advice` is empty where there is nothing to do.
    """

    check: str
    result: Result
    tried: str
    found: str
    advice: str = ""
    about: str = ""

    def on(self, about: str) -> "Finding":
        return replace(self, about=about)


def ok(check: str, tried: str, found: str) -> Finding:
    return Finding(check, Result.OK, tried, found)


def warning(check: str, tried: str, found: str, advice: str) -> Finding:
    return Finding(check, Result.WARNING, tried, found, advice)


def problem(check: str, tried: str, found: str, advice: str) -> Finding:
    return Finding(check, Result.PROBLEM, tried, found, advice)


def worst(findings: list[Finding]) -> Result:
    order = list(Result)
    return max((finding.result for finding in findings), key=order.index, default=Result.OK)
