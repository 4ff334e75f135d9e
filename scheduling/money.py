"""Amounts as people read them."""

from decimal import Decimal


def money(amount: Decimal | None, currency: str | None) -> str:
    """An amount to two places with its currency: "EUR 87.41", "431.60 credits"; a dash for none."""
    if amount is None:
        return "–"
    figure = f"{amount:,.2f}"
    return f"{figure} credits" if currency == "credits" else f"{currency or ''} {figure}".strip()
