"""Reading the review: whole, newest, and as it is written."""

from itertools import islice

from storage.records import ReviewEntry
from storage.review import ReviewFilter
from storage.vocabulary import Category, EntryKind
from tui.operations import review
from tui.operations.desk import Desk
from tui.operations.views import review_json


def write(desk: Desk, *texts: str, category: Category = Category.SYSTEM) -> None:
    with desk.database.write() as tx:
        tx.review(desk.now(), *(ReviewEntry(category, text, kind=EntryKind.NOTE) for text in texts))


def test_all_of_it_or_the_newest(desk: Desk) -> None:
    write(desk, "one", "two", "three")
    assert [entry.text for entry in review.listing(desk)] == ["one", "two", "three"]
    assert [entry.text for entry in review.listing(desk, limit=2)] == ["two", "three"]


def test_what_comes_is_seen_once_and_in_order(desk: Desk) -> None:
    write(desk, "before")
    steps = [lambda: write(desk, "a"), lambda: None, lambda: write(desk, "b", "c")]
    coming = review.follow(desk, review.last_id(desk), pause=lambda seconds: steps.pop(0)())
    assert [entry.text for entry in islice(coming, 3)] == ["a", "b", "c"]
    coming.close()


def test_following_passes_over_what_does_not_fit(desk: Desk) -> None:
    steps = [
        lambda: write(desk, "a"),
        lambda: write(desk, "b", category=Category.TASK),
        lambda: write(desk, "c"),
    ]
    wanted = ReviewFilter(category=Category.TASK)
    coming = review.follow(desk, 0, wanted, pause=lambda seconds: steps.pop(0)())
    assert next(coming).text == "b"
    coming.close()


def test_json_has_the_promised_names(desk: Desk) -> None:
    write(desk, "x")
    (entry,) = review.listing(desk)
    promised = {"id", "at", "category", "level", "text", "operator", "handler", "message", "alert", "task"}
    assert promised <= set(review_json(entry))
    assert review_json(entry)["category"] == "System"
