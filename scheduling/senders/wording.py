"""Text from outside, made fit to stand in an error sentence: one line, short, no secrets."""

import base64
import re
import unicodedata
from collections.abc import Collection, Sequence
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

MOST_CHARACTERS = 300
_MASK = "••••"
_GATEWAY_ID = re.compile(r"[\x21-\x7e]{1,100}")


def outside_text(value: object, secrets: Collection[str] = ()) -> str:
    """`value` as one line of at most 300 characters in which none of `secrets` occurs.

    Control, format and surrogate characters become spaces or go, so that the result can be
    stored as UTF-8. Secrets are found in the spellings in which a gateway could echo them:
    as they are, percent-encoded, escaped for XML, in Base64.
    """
    hidden = sorted(spellings(secrets), key=len, reverse=True)
    # Cut only when masked: half a secret would not be found.
    text = _mask(str(value), hidden)[: MOST_CHARACTERS * 20]
    # Once more afterwards: joining lines and dropping characters can put a secret together.
    text = _mask(" ".join("".join(map(_printable, text)).split()), hidden)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"


def gateway_id(value: object, secrets: Collection[str] = ()) -> str | None:
    """A message id of the gateway's: at most 100 visible ASCII characters, and no secret."""
    text = value.strip() if isinstance(value, str) else ""
    usable = _GATEWAY_ID.fullmatch(text) and not any(spelling in text for spelling in spellings(secrets))
    return text if usable else None


def _mask(text: str, hidden: Sequence[str]) -> str:
    for spelling in hidden:
        text = text.replace(spelling, _MASK)
    return text


def spellings(secrets: Collection[str]) -> set[str]:
    """Every way in which these secrets may be written in a text; empty ones are left out."""
    found: set[str] = set()
    for secret in filter(None, secrets):
        octets = secret.encode("utf-8", "replace")
        encoded = {quote(octets), quote(octets, safe=""), quote_plus(octets)}
        found |= {secret, secret.strip(), escape(secret), escape(secret, {'"': "&quot;", "'": "&apos;"})}
        found |= encoded | {base64.b64encode(octets).decode("ascii")}
        found.add(secret.encode("unicode_escape").decode("ascii"))
    return found - {""}


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") else character
