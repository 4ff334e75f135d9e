"""Text from outside, made fit to stand in an error sentence, and a code put together with its words."""

import re
import unicodedata
from collections.abc import Collection

from scheduling.gateways.masking import holds, mask
from storage.vocabulary import WITHDRAWN

MOST_CHARACTERS = 300
MOST_READ = MOST_CHARACTERS * 5
_GATEWAY_ID = re.compile(r"[\x21-\x7e]{1,100}")


def outside_text(value: object, secrets: Collection[str] = ()) -> str:
    """`value` as one line of at most 300 characters in which none of `secrets` can be read.

    Control, format and surrogate characters become spaces or go, so that the result can be
    stored as UTF-8. Secrets are found however the text spells them (`masking`).
    """
    text = mask(str(value)[:MOST_READ], secrets)
    # Once more afterwards: joining lines and dropping characters can put an escape together.
    text = mask(" ".join("".join(map(_printable, text)).split()), secrets)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"


def said(code: str | None, error: str | None) -> str:
    """A code and its words for people: "25 invalid number". Empty where neither is known.

    The one place that puts them together: an outcome, an attempt, a message and a handler's status keep
    them apart. Rows that schema 3 and before wrote hold the code in their words too; it is shown once. That
    is told by the code stored in the same row, and not by what the words look like: other codes in them
    stay as they are. The code of what was withdrawn is our own, and reads as a word.
    """
    words = error or ""
    if code == WITHDRAWN:
        return f"{WITHDRAWN}: {words}" if words else WITHDRAWN
    if not code or words == code or words.startswith(f"{code} "):
        return words
    return f"{code} {words}".rstrip()


def gateway_id(value: object, secrets: Collection[str] = ()) -> str | None:
    """A message id of the gateway's: at most 100 visible ASCII characters, and no secret."""
    text = value.strip() if isinstance(value, str) else ""
    return text if _GATEWAY_ID.fullmatch(text) and not holds(text, secrets) else None


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") else character
