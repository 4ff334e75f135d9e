"""Which sign an entry of the review gets in the live panel and in lists."""

from storage.records import Review
from storage.vocabulary import Category, EntryKind, Level
from tui.review.lines import Kind, ReviewLine

# The signs of entries that say by themselves what they are; all others get that of their level.
SIGNS: dict[EntryKind, Kind] = {
    EntryKind.ACCEPTED: "accepted",
    EntryKind.DELIVERED: "delivered",
    EntryKind.UNDELIVERED: "failed",
    EntryKind.RETRY: "retry",
    EntryKind.ATTEMPT: "warning",
    EntryKind.FAILED: "failed",
    EntryKind.EXPIRED: "failed",
    EntryKind.UNKNOWN: "unknown",
}
OF_LEVEL: dict[Level, Kind] = {Level.INFO: "info", Level.WARNING: "warning", Level.ERROR: "error"}


def kind_of(entry: Review) -> Kind:
    """By the kind that was written with the entry, else by its level. No word of it is read."""
    if entry.erased:
        return "error"
    if entry.kind is not None and entry.kind in SIGNS:
        return SIGNS[entry.kind]
    if entry.kind is None and entry.category is Category.MESSAGE and entry.level is Level.ERROR:
        return "failed"  # written before kinds were, and its message does not tell more
    return OF_LEVEL[entry.level]


def line_of(entry: Review) -> ReviewLine:
    who = f"{entry.operator}: " if entry.operator and entry.category is not Category.SYSTEM else ""
    return ReviewLine(entry.id, entry.at, kind_of(entry), str(entry.category), who + entry.text)
