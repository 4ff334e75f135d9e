"""Reading an amount of money or credits in an answer."""

from decimal import Decimal, InvalidOperation
from typing import Any


def money(value: Any) -> Decimal | None:
    """An amount of a sensible size, from a number or its text."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else value)
    except (InvalidOperation, ValueError):
        return None
    sensible = amount.is_finite() and amount.adjusted() < 15 and int(amount.as_tuple().exponent) > -15
    return amount if sensible else None
