"""An expression in words."""

import pytest

from scheduling.cron_words import in_words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("30 9 * * *", "At 09:30"),
        ("30 21 * * 1-5", "At 21:30, Monday through Friday"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("@daily", "At 00:00"),
        ("0 9 * * 7", "At 09:00, only on Sunday"),
        ("0 9 L * *", "At 09:00, on the last day of the month"),
        ("0 0 13 * 5", "At 00:00, on day 13 of the month, or on Friday"),
        # Where the library by itself would say something that does not happen.
        ("0 0 */2 * 1", "At 00:00, every 2 days, and only on Monday"),
        ("59/15 * * * *", "At 59 minutes past the hour"),
        ("0 9 * */3 *", "At 09:00, only in January, April, July, and October"),
    ],
)
def test_words(expression: str, words: str) -> None:
    assert in_words(expression) == words


@pytest.mark.parametrize(
    "expression",
    [
        "*/90 * * * *",
        "5-1 * * * *",
        "0 9 * * SUN-SUN",
        "0 0 ? * *",
        "99 99 * * *",
        "0 0 0 * * *",
        "0 9 30 2 *",
        "garbage",
        "",
        "R * * * *",
    ],
)
def test_the_expression_itself_where_words_would_mislead(expression: str) -> None:
    assert in_words(expression) == expression
