"""Keys and passwords that cannot be sent, found before they reach the HTTP layer."""

import unicodedata

from scheduling.gateways.advice import CAUSES, Cause
from scheduling.gateways.outcome import Outcome
from storage.vocabulary import OutcomeKind


def refused_key(key: str, label: str = "API Key") -> Outcome | None:
    """Why a key cannot stand in a header, as an account error; None for one that can."""
    if not key:
        return refused(f"the {label} is empty")
    if has_control_characters(key):
        return refused(f"the {label} holds a line break or another control character")
    try:
        key.encode("latin-1")
    except UnicodeEncodeError:
        return refused(f"the {label} holds a character that no key has (not Latin-1)")
    return None


def has_control_characters(value: str) -> bool:
    """Whether a text holds what neither a header nor XML can hold."""
    # Halves of surrogate pairs (Cs), U+FFFE and U+FFFF cannot stand in XML either.
    return any(unicodedata.category(c) in ("Cc", "Cs") or c in "\ufffe\uffff" for c in value)


def refused(error: str) -> Outcome:
    """An account error for credentials that cannot be sent."""
    return Outcome(OutcomeKind.ACCOUNT, error=error, advice=CAUSES[Cause.BAD_CREDENTIALS].check)
