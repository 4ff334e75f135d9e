"""Which sign an entry of the review gets in the live panel and in lists."""

from storage.records import Category, Level, Review
from tui.widgets.review_lines import Kind, ReviewLine


def kind_of(entry: Review) -> Kind:
    """By category, level and how the engine words what came of an attempt."""
    text = entry.text
    if entry.category is Category.RETRY:
        return "unknown" if "outcome unknown" in text else "retry"
    if entry.category is Category.MESSAGE:
        if ": accepted" in text:
            return "accepted"
        if ": delivered" in text:
            return "delivered"
        if "outcome unknown" in text or "left unknown" in text:
            return "unknown"
        if entry.level is Level.ERROR:
            return "failed"
        if entry.level is Level.WARNING and "next at" in text:
            return "retry"
    if entry.level is Level.ERROR:
        return "error"
    return "warning" if entry.level is Level.WARNING else "info"


def line_of(entry: Review) -> ReviewLine:
    who = f"{entry.operator}: " if entry.operator and entry.category is not Category.SYSTEM else ""
    return ReviewLine(entry.id, entry.at, kind_of(entry), str(entry.category), who + entry.text)
