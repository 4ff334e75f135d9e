"""Keys and passwords that cannot be sent, found before they reach the HTTP layer."""

import unicodedata

from scheduling.gateways.advice import CAUSES, Cause
from scheduling.gateways.outcome import HandlerConfig, Outcome
from storage.vocabulary import OutcomeKind


def refused_key(key: str) -> Outcome | None:
    """Why an API key cannot stand in a header, as an account error; None for one that can."""
    if not key:
        return _refused("the API Key is empty")
    if _has_control_characters(key):
        return _refused("the API Key holds a line break or another control character")
    try:
        key.encode("latin-1")
    except UnicodeEncodeError:
        return _refused("the API Key holds a character that no key has (not Latin-1)")
    return None


def refused_login(cfg: HandlerConfig) -> Outcome | None:
    """Why XML API credentials cannot be sent, as an account error; None for ones that can."""
    for name, value in (("User Name", cfg.user_name), ("Password", cfg.secret), ("API ID", cfg.api_id)):
        if not value.strip():
            return _refused(f"the {name} is empty")
        if _has_control_characters(value):
            return _refused(f"the {name} holds a line break or another control character")
    if _has_control_characters(cfg.sender_id):
        return _refused("From holds a line break or another control character")
    return None


def _has_control_characters(value: str) -> bool:
    # Halves of surrogate pairs (Cs), U+FFFE and U+FFFF cannot stand in XML either.
    return any(unicodedata.category(c) in ("Cc", "Cs") or c in "\ufffe\uffff" for c in value)


def _refused(error: str) -> Outcome:
    return Outcome(OutcomeKind.ACCOUNT, error=error, advice=CAUSES[Cause.BAD_CREDENTIALS].check)
