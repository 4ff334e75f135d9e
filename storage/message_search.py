"""Which messages have certain words: in what a row of a list shows.

That is the name, the number in any spelling, the text, the sender, the word for the state, and why it
failed. Every word must occur in one of them, without regard to case.
"""

import re
import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa

from storage.search_words import search_words
from storage.tables import handlers, messages
from storage.vocabulary import MessageState

m = messages.c

WAITING, RETRY = "waiting", "retry"
"""How lists show a queued message: before its first attempt, and after one. Others by their own name."""

FAILED_STATES = (
    MessageState.FAILED,
    MessageState.UNDELIVERED,
    MessageState.EXPIRED,
    MessageState.UNKNOWN,
)

_NUMBER = re.compile(r"[+(]?[\d][\d()./\-–]*")


def is_problem() -> sa.ColumnElement[bool]:
    """Messages that failed, have an unknown outcome, or were tried and wait for another attempt."""
    return sa.or_(m.state.in_(FAILED_STATES), _retrying())


def conditions(words: str) -> list[sa.ColumnElement[bool]]:
    """What a message must fit to have these words."""
    found = []
    for group in _groups(words):
        anywhere = sa.and_(*(_holds(word) for word in group))
        if digits := _digits("".join(group)):
            # The pieces of one number, or figures that stand apart in a text.
            anywhere = sa.or_(m.to_number.contains(digits, autoescape=True), anywhere)
        found.append(anywhere)
    return found


def _groups(words: str) -> Iterator[list[str]]:
    """The words one by one; those that follow one another and look like pieces of a number together."""
    run: list[str] = []
    for word in search_words(unicodedata.normalize("NFKC", words)):
        if _NUMBER.fullmatch(word):
            run.append(word)
            continue
        if run:
            yield run
            run = []
        yield [word]
    if run:
        yield run


def _digits(text: str) -> str:
    """The figures of a number as it is kept: without what leads abroad (00) or within a country (0)."""
    plain = text.replace("(0)", "")
    return "".join(char for char in plain if char in "0123456789").lstrip("0")


def _holds(word: str) -> sa.ColumnElement[bool]:
    typed = word.casefold()
    places: list[sa.ColumnElement[bool]] = [
        column.icontains(word, autoescape=True) for column in (m.user_name, m.body, m.error, m.error_code)
    ]
    sender = sa.select(handlers.c.id).where(handlers.c.name.icontains(word, autoescape=True))
    places.append(m.handler_id.in_(sender))
    if states := sorted(str(state) for state in MessageState if typed in state):
        places.append(m.state.in_(states))
    if typed in WAITING:
        places.append(sa.and_(m.state == MessageState.QUEUED, m.first_attempt_at.is_(None)))
    if typed in RETRY:
        places.append(_retrying())
    if _NUMBER.fullmatch(word) and (digits := _digits(word)):
        places.append(m.to_number.contains(digits, autoescape=True))
    return sa.or_(*places)


def _retrying() -> sa.ColumnElement[bool]:
    return sa.and_(m.state == MessageState.QUEUED, m.first_attempt_at.is_not(None))
