"""The review's chain: whoever alters, removes or inserts an entry, or cuts the end, is found out."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from storage import review_head, sqlite
from storage.backup import backup
from storage.database import Database
from storage.errors import StorageError
from storage.review_chain import GENESIS, digest_of, link
from storage.review_verify import Missing, Standing, against, set_checkpoint, verify
from storage.secrets import box_of
from storage.site import open_site
from storage.types import from_micros
from tests.storage.conftest import NOW, say, texts_of


def by_hand(site: Database, *statements: str) -> None:
    """What someone with a database tool does, without the site key."""
    connection = sqlite.connect(site.path)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.fixture
def ten(site: Database) -> Database:
    say(site, *(f"entry {n}" for n in range(1, 11)))
    return site


def found(site: Database) -> tuple[int | None, str | None]:
    verdict = verify(site)
    assert verdict.intact == (verdict.problem is None)
    assert verdict.standing is (Standing.WHOLE if verdict.intact else Standing.ALTERED)
    return verdict.bad_id, verdict.problem


def test_an_untouched_review_is_intact(ten: Database) -> None:
    verdict = verify(ten)
    assert (verdict.first, verdict.last, verdict.checked) == (1, 10, 10)
    assert verdict.standing is Standing.WHOLE


def test_an_empty_review_is_intact(site: Database) -> None:
    verdict = verify(site)
    assert (verdict.first, verdict.last, verdict.checked) == (1, 0, 0) and verdict.intact


@pytest.mark.parametrize("column", ["body", "operator", "handler", "category", "level", "at", "task_id"])
def test_an_altered_entry_is_named_whatever_was_altered_in_it(ten: Database, column: str) -> None:
    value = {"category": "'User'", "level": "'error'", "at": "5", "task_id": "5"}.get(column, "'mallory'")
    by_hand(ten, f"UPDATE review SET {column} = {value} WHERE id = 4")
    assert found(ten) == (4, "entry 4 was altered")


def as_version_1(site: Database, ids: set[int]) -> None:
    """Write entries as a program without kinds did, and chain all of them anew with the site's key."""
    connection = sqlite.connect(site.path)
    cursor = connection.execute("SELECT * FROM review ORDER BY id")
    names, chain = [column[0] for column in cursor.description], GENESIS
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        row["at"] = from_micros(row["at"])
        if row["id"] in ids:
            row |= {"kind": None, "digest_version": None}
        digest = digest_of(row)
        chain = link(site.signer.key, chain, digest)
        connection.execute(
            "UPDATE review SET kind = ?, digest_version = ?, digest = ?, chain = ? WHERE id = ?",
            (row["kind"], row["digest_version"], digest, chain, row["id"]),
        )
    connection.close()


def test_entries_from_before_kinds_verify_as_they_did(ten: Database) -> None:
    as_version_1(ten, {1, 2, 3})
    assert found(ten) == (None, None)


def test_an_entry_without_a_kind_after_one_with_it_is_a_problem(ten: Database) -> None:
    as_version_1(ten, {1, 2, 5})
    bad, why = found(ten)
    assert bad == 5 and why is not None and "has no kind" in why


def test_altering_the_digest_as_well_does_not_help(ten: Database) -> None:
    by_hand(ten, "UPDATE review SET body = (SELECT body FROM review WHERE id = 3),"
                 " digest = (SELECT digest FROM review WHERE id = 3) WHERE id = 4")  # fmt: skip
    bad, problem = found(ten)
    assert bad == 4 and problem is not None and "does not follow from the one before it" in problem


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        ("id = 1", (1, "entry 1 was removed")),
        ("id = 5", (5, "entry 5 was removed")),
        ("id BETWEEN 3 AND 6", (3, "entries 3 to 6 were removed")),
    ],
)
def test_removed_entries_are_named(ten: Database, removed: str, said: tuple[int, str]) -> None:
    by_hand(ten, f"DELETE FROM review WHERE {removed}")
    assert found(ten) == said


def test_closing_the_gap_with_new_numbers_does_not_help(ten: Database) -> None:
    by_hand(ten, "DELETE FROM review WHERE id = 5", "UPDATE review SET id = 5 WHERE id = 6")
    assert found(ten)[0] == 5


COPY = "INSERT INTO review (id, at, category, level, body, digest, chain, key_id)"


def test_an_inserted_entry_is_named(ten: Database) -> None:
    by_hand(
        ten,
        "UPDATE review SET id = -id WHERE id > 4",
        "UPDATE review SET id = 1 - id WHERE id < 0",
        f"{COPY} SELECT 5, at, category, level, body, digest, chain, key_id FROM review WHERE id = 4",
    )
    assert found(ten)[0] == 5


@pytest.mark.parametrize("number", [0, -3])
def test_an_entry_put_before_the_first_is_named(ten: Database, number: int) -> None:
    by_hand(
        ten,
        f"{COPY} SELECT {number}, at, category, level, body, digest, chain, key_id FROM review WHERE id = 4",
    )
    assert found(ten) == (number, f"entry {number} was inserted")


def test_an_entry_added_at_the_end_without_the_key_is_named(ten: Database) -> None:
    by_hand(
        ten, f"{COPY} SELECT 11, at, category, level, body, digest, chain, key_id FROM review WHERE id = 4"
    )
    assert found(ten)[0] == 11


def test_a_cut_end_shows_by_the_numbers_that_were_used(ten: Database) -> None:
    by_hand(ten, "DELETE FROM review WHERE id > 7")
    assert found(ten) == (8, "the end was cut: entries 8 to 10 were removed")


def test_a_cut_end_shows_by_the_head_kept_apart(ten: Database) -> None:
    assert review_head.keep(ten, NOW) is None
    by_hand(
        ten, "DELETE FROM review WHERE id > 7", "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'review'"
    )
    bad, problem = found(ten)
    assert bad == 8 and problem is not None and "entries 8 to 10 are gone, which were there at" in problem


def test_a_cut_end_that_was_written_anew_shows(ten: Database) -> None:
    review_head.keep(ten, NOW)
    by_hand(
        ten, "DELETE FROM review WHERE id > 7", "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'review'"
    )
    say(ten, "another 8", "another 9", "another 10", "another 11")
    bad, problem = found(ten)
    assert bad == 10 and problem is not None and "cut and written anew" in problem
    # And the next keeping does not wipe the trace out.
    assert review_head.keep(ten, NOW) is not None
    assert found(ten)[0] == 10


def test_everything_removed_shows(ten: Database) -> None:
    by_hand(ten, "DELETE FROM review")
    assert found(ten) == (1, "the end was cut: entries 1 to 10 were removed")
    say(ten, "as if nothing had been")
    assert found(ten) == (1, "entries 1 to 10 were removed")


def test_a_head_that_was_made_up_is_not_believed(ten: Database) -> None:
    review_head.keep(ten, NOW)
    path = review_head.path_of(ten)
    values = json.loads(path.read_text())
    connection = sqlite.connect(ten.path)
    chain = connection.execute("SELECT chain FROM review WHERE id = 7").fetchone()[0]
    connection.close()
    path.write_text(json.dumps(values | {"id": 7, "chain": chain.hex()}))
    assert found(ten) == (7, "the end that was kept apart was not signed by this site: it was altered")


@pytest.mark.parametrize("content", ["{}", "", "[]", '{"id": 1e999}', "\udcff"])
def test_a_head_that_cannot_be_read_is_a_problem_and_is_not_kept_anew(ten: Database, content: str) -> None:
    review_head.path_of(ten).write_bytes(content.encode(errors="surrogateescape"))
    bad, problem = found(ten)
    assert bad is None and problem is not None and "cannot be read" in problem
    assert review_head.keep(ten, NOW) is not None
    assert found(ten)[1] == problem
    with pytest.raises(StorageError):
        review_head.kept(ten)


def test_the_head_is_for_its_owner_only_and_moves_on(ten: Database) -> None:
    review_head.keep(ten, NOW)
    say(ten, "one more")
    assert review_head.keep(ten, NOW + timedelta(minutes=1)) is None
    head = verify(ten).head
    assert head is not None and head.id == 11 and head.at == NOW + timedelta(minutes=1)
    assert review_head.path_of(ten).stat().st_mode & 0o777 == 0o600


def test_entries_of_a_key_that_is_not_here_are_named_and_the_later_ones_checked(ten: Database) -> None:
    ten.close()
    old = box_of(ten.folder.secret_key)
    ten.folder.secret_key.write_text(Fernet.generate_key().decode() + "\n")
    again = open_site(ten.folder.path)
    assert "key 1 of the review cannot be read: entries 1 to 10" in texts_of(again)[-1]
    say(again, "twelve")
    verdict = verify(again)
    assert verdict.problem is None and verdict.standing is Standing.NOT_JUDGED
    assert (
        verdict.missing[0] == Missing(1, 1, 10)
        and str(verdict.missing[0]) == "key 1 missing, entries 1 to 10"
    )
    assert verify(again, older_keys=[old]).standing is Standing.WHOLE
    assert review_head.keep(again, NOW) is None  # the new key goes on from there
    by_hand(again, "UPDATE review SET body = 'x' WHERE id = 12")
    assert verify(again).bad_id == 12
    by_hand(again, "UPDATE review SET body = 'x' WHERE id = 3")
    assert verify(again).problem == "entry 3 was altered"
    again.close()


def test_checking_from_an_entry_on_takes_the_one_before_on_trust(ten: Database) -> None:
    by_hand(ten, "UPDATE review SET body = 'x' WHERE id = 2")
    part = verify(ten, start=5)
    assert part.intact and (part.first, part.last, part.checked) == (5, 10, 6)
    assert verify(ten, start=2).bad_id == 2


def test_pruned_entries_are_not_missed_when_the_site_signed_for_it(ten: Database) -> None:
    with ten.write() as tx:
        set_checkpoint(tx, 4, NOW)
        tx.connection.exec_driver_sql("DELETE FROM review WHERE id <= 4")
    part = verify(ten)
    assert part.intact and (part.first, part.last, part.checked) == (5, 10, 6)
    by_hand(ten, "DELETE FROM review WHERE id = 5")
    assert found(ten) == (5, "entry 5 was removed")


def test_a_checkpoint_that_was_made_up_is_not_believed(ten: Database) -> None:
    with ten.write() as tx:
        set_checkpoint(tx, 4, NOW)
    forged = "json_set(value, '$.id', 6)"
    by_hand(
        ten,
        "DELETE FROM review WHERE id <= 6",
        f"UPDATE site_value SET value = {forged} WHERE name = 'review_checkpoint'",
    )
    bad, problem = found(ten)
    assert bad == 7 and problem is not None and "not signed by this site" in problem


def test_a_backup_tells_of_a_tail_cut_after_it(ten: Database, tmp_path: Path) -> None:
    made = backup(ten, tmp_path / "b", NOW)
    assert against(ten, made.file) is None
    by_hand(
        ten, "DELETE FROM review WHERE id > 7", "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'review'"
    )
    assert verify(ten).intact  # nothing else was kept
    problem = against(ten, made.file)
    assert problem is not None and problem.startswith("entry 10, the newest in")


def test_what_is_no_backup_is_said_to_be_none(ten: Database, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    with pytest.raises(StorageError, match="is not a backup"):
        against(ten, tmp_path / "x")


def test_the_check_goes_page_by_page(ten: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.review_verify.PAGE", 3)
    seen: list[tuple[int, int]] = []
    assert verify(ten, progress=lambda done, of: seen.append((done, of))).intact
    assert seen == [(3, 10), (6, 10), (9, 10)]
