"""Sentences of operations as a screen shows them."""

import re

# Operations also serve the command line, and name its options in brackets.
_OPTIONS = re.compile(r"\s*\((?:--|commsdesk |message )[^()]*\)")


def for_screen(sentence: str) -> str:
    """The sentence without hints for the command line."""
    return _OPTIONS.sub("", sentence)
