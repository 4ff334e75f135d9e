"""Lists of users: pages, search, order and place, whatever the length."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import custom_fields, groups, users
from storage.database import Database
from storage.site import open_site
from storage.users import BY_ID, BY_NAME, SortBy, UserFilter, UserOrder
from tests.people import NOON

MOBILE, BADGE = 1, 2
ORDERS = [
    BY_NAME,
    BY_ID,
    UserOrder(SortBy.NAME, descending=True),
    UserOrder(SortBy.ID, descending=True),
    UserOrder(SortBy.ENABLED, descending=True),
    UserOrder(SortBy.FIELD, BADGE),
    UserOrder(SortBy.FIELD, BADGE, descending=True),
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """25 users; every third shares a name, the number of the badge falls as the id grows."""
    opened = open_site(tmp_path)
    with opened.write() as tx:
        for name, kind in (("Mobile", "Telephone Number"), ("Badge", "Number")):
            values = {"name": name, "type": kind, "required": False, "help": "", "choices": ()}
            custom_fields.add(tx, values, NOON)
        night = groups.add(tx, "Night Shift", "", NOON)
        for n in range(25):
            name = "Same Name" if n % 3 == 0 else f"{'abcdefgh'[n % 8]}nn {n}"
            made = users.add(tx, name, "has a dog" if n == 7 else "", n % 4 != 0, NOON)
            users.set_values(
                tx, made, {MOBILE: f"+614000000{n:02d}"} | ({BADGE: str(100 - n)} if n % 2 else {})
            )
            if n % 5 == 0:
                groups.join(tx, night, [made])
        gone = users.add(tx, "Gone", "", True, NOON)
        users.set_values(tx, gone, {MOBILE: "+61499999999"})
        groups.join(tx, night, [gone])
        users.remove(tx, [gone], NOON)
    yield opened
    opened.close()


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.by}-{order.descending}")
def test_pages_by_offset_and_by_key_make_up_the_same_list(database: Database, order: UserOrder) -> None:
    with database.read() as connection:
        whole = users.ids(connection, 1000, order=order)
        assert len(whole) == len(set(whole)) == users.count(connection) == 25
        by_offset = [
            user.id
            for offset in range(0, 30, 4)
            for user in users.page(connection, order=order, offset=offset, limit=4)
        ]
        assert by_offset == whole
        after, by_key = None, []
        while len(by_key) < len(whole):
            found = users.page(connection, order=order, offset=len(by_key), limit=4, after=after)
            by_key += [user.id for user in found]
            after = by_key[-1]
        assert by_key == whole
        assert [users.position(connection, user_id, order=order) for user_id in whole] == list(range(25))


def test_numbers_sort_as_numbers_and_who_has_none_comes_last(database: Database) -> None:
    with database.read() as connection:
        for descending in (False, True):
            order = UserOrder(SortBy.FIELD, BADGE, descending)
            found = [user.values.get(BADGE) for user in users.page(connection, order=order)]
            numbers = [int(value) for value in found if value is not None]
            assert numbers == sorted(numbers, reverse=descending)
            assert found[len(numbers) :] == [None] * (25 - len(numbers))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", 25),
        ("same NAME", 9),
        ("same night", 2),
        ("dog", 1),
        ("+61 400 000 012", 1),
        ("0400 000 012", 1),
        ("0061 (400) 000-012", 1),
        ("100%", 0),
        ("_", 0),
        ("Gone", 0),
        ("99999999", 0),
    ],
)
def test_search_finds_names_notes_values_and_groups(database: Database, words: str, expected: int) -> None:
    with database.read() as connection:
        wanted = UserFilter(words)
        assert users.count(connection, wanted) == expected
        assert len(users.page(connection, wanted)) == expected


def test_filters_by_group_and_state_fit_together(database: Database) -> None:
    with database.read() as connection:
        members = {user_id for user_id, _ in groups.members(connection, 1)}
        assert members == {user.id for user in users.page(connection, UserFilter(group_id=1))}
        assert len(members) == 5
        off = users.page(connection, UserFilter(group_id=1, enabled=False))
        assert [user.name for user in off] == ["ennn 20", "Same Name"] or {user.enabled for user in off} == {
            False
        }
        assert users.position(connection, off[0].id, UserFilter(group_id=1, enabled=True)) is None


def test_a_page_takes_the_same_few_queries_whatever_its_length(database: Database) -> None:
    def queries(limit: int) -> int:
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        with database.read() as connection:
            sa.event.listen(connection, "before_cursor_execute", counted)
            users.page(connection, limit=limit)
        return count

    assert queries(2) == queries(25) <= 4


def test_a_removed_user_keeps_a_name_and_nothing_else(database: Database) -> None:
    with database.read() as connection:
        gone = users.get(connection, 26)
        assert gone is not None and gone.removed_at == NOON
        assert (gone.name, gone.values, gone.groups) == ("Gone", {}, ())
        assert users.by_name(connection, "gone") == []
        assert groups.get(connection, 1).members == 5  # type: ignore[union-attr]


def test_everyone_goes_through_all_pages(database: Database) -> None:
    with database.read() as connection:
        assert [user.id for user in users.everyone(connection, chunk=4)] == list(range(1, 26))
