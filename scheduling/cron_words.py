"""A cron expression in words, or the expression itself where words would mislead."""

from scheduling.cron import parse
from scheduling.cron_syntax import (
    DAY_OF_WEEK,
    FIELDS,
    MONTH,
    CronError,
    both_days_needed,
    lax_forms,
    spelled_out,
    split,
)

_EITHER, _BOTH = ", or on ", ", and only on "


def in_words(expression: str) -> str:
    """E.g. "At 09:00, Monday through Friday". Times are of the 24-hour clock."""
    try:
        parse(expression, "UTC")
    except CronError:
        return expression
    fields = split(expression)
    # The library does not know what the lax forms mean here, all but steps that leave one value.
    if lax_forms(tuple(_without_idle_step(place, value) for place, value in enumerate(fields))):
        return expression
    words = _described(_plainer(fields))
    if words is None:
        return expression
    if both_days_needed(fields):
        return words.replace(_EITHER, _BOTH) if words.count(_EITHER) == 1 else expression
    return words


def _described(fields: tuple[str, ...]) -> str | None:
    from cron_descriptor import Options, get_description  # type: ignore[import-untyped]

    options = Options()
    options.use_24hour_time_format = True
    options.locale_code = "en"
    try:
        return str(get_description(" ".join(fields), options))
    except Exception:  # it raises its own and whatever its parsing runs into
        return None


def _plainer(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The expression rewritten so that the library describes it correctly."""
    plain = [_without_idle_step(place, value) for place, value in enumerate(spelled_out(fields))]
    plain[MONTH] = _months(plain[MONTH])
    return tuple(plain)


def _without_idle_step(place: int, value: str) -> str:
    """`59/15` is minute 59 alone."""
    begins, slash, step = value.partition("/")
    number = FIELDS[place].number(begins)
    highest = 6 if place == DAY_OF_WEEK else FIELDS[place].high
    if slash and number is not None and step.isdigit() and number + int(step) > highest:
        return begins
    return value


def _months(value: str) -> str:
    """`*/3` as the months it means: "every 3 months" would hide that each of their days counts."""
    begins, slash, step = value.partition("/")
    first = 1 if begins == "*" else FIELDS[MONTH].number(begins)
    if not slash or first is None or not step.isdigit() or not int(step):
        return value
    return ",".join(str(month) for month in range(first, FIELDS[MONTH].high + 1, int(step)))
