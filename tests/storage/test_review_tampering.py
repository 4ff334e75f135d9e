"""Whoever writes into the site's files without its secret key changes nothing that is shown, or is found.

Each hand here has a database tool and an editor, and copies of what lay there before.
"""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from storage import review, review_head, review_keys, sqlite
from storage.backup import backup
from storage.database import Database
from storage.folder import DataFolder
from storage.restore import restore
from storage.review_chain import link
from storage.review_verify import Standing, set_checkpoint, verify
from storage.secrets import box_of
from storage.site import open_site
from tests.storage.conftest import NOW, say

LATER = NOW + timedelta(minutes=1)


def by_hand(site: Database, *statements: str) -> None:
    connection = sqlite.connect(site.path)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.fixture
def ten(site: Database) -> Database:
    """Ten entries, and an engine that has kept their end."""
    say(site, *(f"entry {n}" for n in range(1, 11)))
    assert review_head.keep(site, NOW) is None
    return site


def shown(site: Database) -> list[object]:
    """All that anybody sees of the review."""
    with site.read() as connection:
        return [*review.everything(connection), *review.before(connection, None, 500)]


def is_found(site: Database) -> bool:
    return verify(site).standing is not Standing.WHOLE


def opened_again(site: Database) -> Database:
    site.close()
    return open_site(site.folder.path, now=lambda: LATER)


def an_engine_runs(site: Database) -> Database:
    """What an engine does for the review: it opens the site, writes and keeps the end."""
    again = opened_again(site)
    review_head.keep(again, LATER)
    say(again, "an engine was here")
    review_head.keep(again, LATER)
    return again


VALUES = ("NULL", "0", "1", "5", "-9223372036854775808", "9223372036854775807", "''", "'mallory'", "'error'")
OTHERS = ("'User'", "'failed'", "'accepted'", "x''", "x'00'", "zeroblob(32)", "CAST(x'ff' AS TEXT)")
COLUMNS = [
    *("at", "category", "level", "body", "operator", "handler_id", "handler", "user_id", "user"),
    *("message_id", "alert_id", "alert", "occurrence_id", "task_id", "task"),
    *("digest", "chain", "key_id", "kind", "digest_version"),
]


@pytest.mark.parametrize("column", COLUMNS)
def test_any_value_in_any_column_of_an_entry(ten: Database, column: str) -> None:
    before, tried = shown(ten), 0
    (kept,) = sqlite.connect(ten.path).execute(f'SELECT "{column}" FROM review WHERE id = 4').fetchone()
    for value in (*VALUES, *OTHERS):
        connection = sqlite.connect(ten.path)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        try:
            connection.execute(f'UPDATE review SET "{column}" = {value} WHERE id = 4')
        except sqlite.Error:
            continue  # the column takes no such value
        tried += 1
        assert shown(ten) == before or is_found(ten), value
        connection.execute(f'UPDATE review SET "{column}" = ? WHERE id = 4', (kept,))
        connection.close()
    assert tried > 2 and not is_found(ten) and shown(ten) == before


def test_every_column_is_tried(ten: Database) -> None:
    connection = sqlite.connect(ten.path)
    assert {row[1] for row in connection.execute("PRAGMA table_info(review)")} == {"id", *COLUMNS}


def test_a_text_taken_out_lets_nothing_else_change_in_silence(ten: Database) -> None:
    by_hand(ten, "UPDATE review SET body = NULL, operator = 'joe', at = 1, level = 'error' WHERE id = 4")
    verdict = verify(ten)
    assert verdict.bad_id == 4 and verdict.problem == "entry 4 was altered: its text was taken out"


def test_two_entries_changed_about(ten: Database) -> None:
    by_hand(
        ten,
        "UPDATE review SET id = -1 WHERE id = 4",
        "UPDATE review SET id = 4 WHERE id = 5",
        "UPDATE review SET id = 5 WHERE id = -1",
    )
    assert is_found(ten)


def test_a_kind_taken_off_makes_no_old_entry_of_it(ten: Database) -> None:
    by_hand(ten, "UPDATE review SET kind = NULL, digest_version = NULL WHERE id = 10")
    assert verify(ten).bad_id == 10


CUT = "DELETE FROM review WHERE id > 7"
FORGET = "UPDATE sqlite_sequence SET seq = 7 WHERE name = 'review'"


def head_naming(site: Database, key_id: int) -> None:
    """A head at entry 7, signed with a key that the hand made itself."""
    connection = sqlite.connect(site.path)
    (chain,) = connection.execute("SELECT chain FROM review WHERE id = 7").fetchone()
    signer = review_keys.Signer(key_id, b"k" * 32)
    review_head.write(review_head.path_of(site), signer, 7, chain, NOW)


def put_key(site: Database, key_id: int) -> None:
    """A row among the site's keys that its secret key does not open."""
    token = Fernet(Fernet.generate_key()).encrypt(b"00" * 32)
    connection = sqlite.connect(site.path)
    connection.execute("INSERT OR REPLACE INTO review_key VALUES (?, ?, 0)", (key_id, token))


def no_head(site: Database) -> None:
    review_head.path_of(site).unlink()


def head_with_an_unknown_key(site: Database) -> None:
    head_naming(site, 77)


def head_with_a_key_put_there(site: Database) -> None:
    put_key(site, 77)
    head_naming(site, 77)


def head_that_is_no_head(site: Database) -> None:
    review_head.path_of(site).write_text("")


HANDS: list[Callable[[Database], None]] = [
    no_head,
    head_with_an_unknown_key,
    head_with_a_key_put_there,
    head_that_is_no_head,
]


@pytest.mark.parametrize("hand", HANDS)
def test_a_cut_end_with_its_head_put_aside(ten: Database, hand: Callable[[Database], None]) -> None:
    by_hand(ten, CUT, FORGET)
    hand(ten)
    assert verify(ten).standing is Standing.ALTERED
    again = an_engine_runs(ten)
    assert verify(again).standing is Standing.ALTERED
    assert review_head.trouble(again) is not None  # the console says so at its start, too
    again.close()


@pytest.mark.parametrize("hand", HANDS)
def test_everything_cut(ten: Database, hand: Callable[[Database], None]) -> None:
    hand(ten)
    by_hand(ten, "DELETE FROM review", "DELETE FROM sqlite_sequence WHERE name = 'review'")
    assert verify(ten).standing is Standing.ALTERED
    again = an_engine_runs(ten)
    assert verify(again).standing is Standing.ALTERED
    again.close()


def test_the_end_is_kept_from_the_first_moment_on(site: Database) -> None:
    """No engine has run: the head is there all the same, and missing it shows."""
    head = review_head.kept(site)
    assert head is not None and head.id == 0
    say(site, "one")
    no_head(site)
    assert verify(site).standing is Standing.ALTERED
    again = an_engine_runs(site)
    assert verify(again).standing is Standing.ALTERED
    again.close()


def test_a_key_that_says_nothing_of_a_head_is_put_back(ten: Database) -> None:
    """The token of an older site's key, as it was before the upgrade: entries with a kind tell."""
    key = review_keys.SiteKey(ten.signer.key)
    token = ten.box.encrypt(key.key.hex())
    connection = sqlite.connect(ten.path)
    connection.execute("UPDATE review_key SET key = ?", (token,))
    by_hand(ten, CUT, FORGET)
    no_head(ten)
    assert verify(ten).standing is Standing.ALTERED
    again = an_engine_runs(ten)
    assert verify(again).standing is Standing.ALTERED
    again.close()


def test_an_older_site_keeps_its_end_from_the_upgrade_on(ten: Database) -> None:
    key = review_keys.SiteKey(ten.signer.key)
    connection = sqlite.connect(ten.path)
    connection.execute("UPDATE review_key SET key = ?", (ten.box.encrypt(key.key.hex()),))
    connection.execute("DELETE FROM review")
    no_head(ten)
    again = opened_again(ten)
    assert verify(again).problem == "the end was cut: entries 1 to 10 were removed"
    say(again, "goes on")
    no_head(again)
    last = opened_again(again)
    assert verify(last).standing is Standing.ALTERED
    last.close()


@pytest.mark.parametrize("known", [False, True])
def test_a_cut_front_with_a_checkpoint_of_an_unknown_key(ten: Database, known: bool) -> None:
    if known:
        put_key(ten, 77)
    connection = sqlite.connect(ten.path)
    (chain,) = connection.execute("SELECT chain FROM review WHERE id = 4").fetchone()
    signer = review_keys.Signer(77, b"k" * 32)
    mark = review_head.sign(signer, review_head.CHECKPOINT_PURPOSE, 4, chain, NOW)
    connection.execute("INSERT INTO site_value VALUES ('review_checkpoint', ?)", (mark.to_json(),))
    by_hand(ten, "DELETE FROM review WHERE id <= 4")
    assert verify(ten).standing is Standing.ALTERED
    assert verify(an_engine_runs(ten)).standing is Standing.ALTERED


@pytest.mark.parametrize("value", ["", "{}", "null", "[1]", '{"id": 4}'])
def test_a_checkpoint_that_cannot_be_read(ten: Database, value: str) -> None:
    connection = sqlite.connect(ten.path)
    connection.execute("INSERT INTO site_value VALUES ('review_checkpoint', ?)", (value,))
    assert is_found(ten)


def test_an_entry_put_back_before_a_true_checkpoint(ten: Database) -> None:
    with ten.write() as tx:
        set_checkpoint(tx, 4, NOW)
        tx.connection.exec_driver_sql("DELETE FROM review WHERE id <= 4")
    assert not is_found(ten)
    names = "at, category, level, body, digest, chain, key_id"
    by_hand(ten, f"INSERT INTO review (id, {names}) SELECT 2, {names} FROM review WHERE id = 5")
    assert verify(ten).bad_id is not None and is_found(ten)


def test_any_other_site_value_changed_or_gone_leaves_the_review_as_it_is(ten: Database) -> None:
    before = shown(ten)
    for statement in ("UPDATE site_value SET value = 'x'", "DELETE FROM site_value"):
        by_hand(ten, statement)
        assert shown(ten) == before


def test_entries_added_with_a_key_that_was_put_there(ten: Database) -> None:
    put_key(ten, 77)
    names = "at, category, level, body, digest, key_id, kind, digest_version"
    connection = sqlite.connect(ten.path)
    row = connection.execute("SELECT digest, chain FROM review WHERE id = 10").fetchone()
    chain = link(b"k" * 32, row[1], row[0])
    copied = names.replace("key_id", "77")
    connection.execute(
        f"INSERT INTO review (id, {names}, chain) SELECT 11, {copied}, ? FROM review WHERE id = 10", (chain,)
    )
    assert verify(ten).bad_id == 11
    assert verify(an_engine_runs(ten)).bad_id == 11


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM review_key",
        "UPDATE review_key SET id = 2",
        "UPDATE review_key SET key = x'00'",
        "INSERT INTO review_key SELECT 2, key, created_at FROM review_key WHERE id = 1",
    ],
)
def test_the_site_s_keys_removed_or_moved(ten: Database, statement: str) -> None:
    by_hand(ten, statement)
    before = shown(ten)
    assert is_found(ten) or shown(ten) == before
    by_hand(ten, CUT, FORGET)
    no_head(ten)
    assert is_found(ten)
    again = an_engine_runs(ten)
    assert is_found(again)
    again.close()


def test_a_secret_key_taken_away_with_the_end(ten: Database) -> None:
    """The new key names the old one, so the rest cannot be judged: never whole, and never without a word."""
    by_hand(ten, CUT, FORGET)
    no_head(ten)
    ten.folder.secret_key.unlink()
    again = an_engine_runs(ten)
    verdict = verify(again)
    assert not verdict.intact
    again.close()


def test_a_restore_without_its_key_names_it_and_with_it_all_is_whole(ten: Database, tmp_path: Path) -> None:
    made = backup(ten, tmp_path / "b", NOW, key_file=tmp_path / "k")
    there = DataFolder(tmp_path / "other")
    done = restore(there, made.file, lambda: LATER)
    verdict = verify(done.database)
    assert verdict.standing is Standing.NOT_JUDGED and verdict.missing[0].key_id == 1
    key = box_of(tmp_path / "k")
    assert verify(done.database, older_keys=[key]).standing is Standing.WHOLE
    done.database.close()
    again = restore(DataFolder(tmp_path / "third"), made.file, lambda: LATER, key_file=tmp_path / "k")
    assert verify(again.database).standing is Standing.WHOLE
    again.database.close()


def test_a_copied_folder_is_as_whole_as_the_original(ten: Database, tmp_path: Path) -> None:
    ten.close()
    shutil.copytree(ten.folder.path, tmp_path / "copy")
    copy = open_site(tmp_path / "copy", now=lambda: LATER)
    assert verify(copy).standing is Standing.WHOLE
    copy.close()


def test_a_head_of_this_site_says_what_it_says(ten: Database) -> None:
    """What a true head may be edited to: nothing that is believed."""
    path = review_head.path_of(ten)
    true = json.loads(path.read_text())
    for name, value in {
        "id": 3,
        "chain": "00" * 32,
        "at": LATER.isoformat(),
        "key": 2,
        "mac": "00" * 32,
    }.items():
        path.write_text(json.dumps(true | {name: value}))
        assert is_found(ten), name
