"""Secrets at rest, and a new key in the place of the old one, however the change is cut short."""

import pytest
from cryptography.fernet import Fernet

from storage import handlers, key_rotation, review_verify
from storage.database import Database
from storage.errors import SecretMissing, StorageError
from storage.records import ReviewEntry
from storage.secrets import VARIABLE, SecretBox, hint
from storage.site import open_site
from storage.vocabulary import Category, EntryKind
from tests.engine.support import add_handler
from tests.storage.conftest import NOW, Standing, say, texts_of

SECRET = "c2ltdWxhdG9yLWtleS0wMQ=="
ENTRY = ReviewEntry(Category.SYSTEM, "the secret key was changed", kind=EntryKind.NOTE)


def secret_of(site: Database) -> str:
    with site.read() as connection:
        return handlers.secret_of(site, connection, 1)


def keys_of(site: Database) -> list[str]:
    return site.folder.secret_key.read_text().split()


def token_of(site: Database) -> bytes:
    with site.read() as connection:
        return handlers.encrypted_secrets(connection)[1][0]


def test_after_a_rotation_only_the_new_key_opens_anything(filled: Database) -> None:
    (old,) = keys_of(filled)
    done = key_rotation.rotate(filled, NOW, ENTRY)
    (new,) = keys_of(filled)
    assert new != old
    assert (done.secrets, done.review_keys, done.unreadable) == (1, 1, ())
    assert secret_of(filled) == SECRET
    assert SecretBox([new]).decrypt(token_of(filled)) == SECRET
    with pytest.raises(SecretMissing):
        SecretBox([old]).decrypt(token_of(filled))
    assert filled.folder.secret_key.stat().st_mode & 0o777 == 0o600


def test_the_review_goes_on_with_the_same_chain_after_a_rotation(filled: Database) -> None:
    key_rotation.rotate(filled, NOW, ENTRY)
    say(filled, "afterwards")
    filled.close()
    again = open_site(filled.folder.path)
    say(again, "and after the next start")
    assert review_verify.verify(again).intact
    assert ENTRY.text in texts_of(again)
    again.close()


def test_another_process_that_has_the_site_open_goes_on(filled: Database) -> None:
    other = open_site(filled.folder.path)
    assert secret_of(other) == SECRET
    key_rotation.rotate(filled, NOW, ENTRY)
    assert secret_of(other) == SECRET
    # What it encrypts now is under the new key, or it would be lost with the old one.
    add_handler(other, Standing(), "Second")  # type: ignore[arg-type]
    with filled.read() as connection:
        assert handlers.secret_of(filled, connection, 2) == SECRET
    other.close()


@pytest.mark.parametrize("step", ["add_key", "_again", "keep_newest"])
def test_cut_short_at_any_step_everything_still_opens_and_it_can_be_done_again(
    filled: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(key_rotation, step, cut)
        with pytest.raises(KeyboardInterrupt):
            key_rotation.rotate(filled, NOW, ENTRY)
    filled.close()
    again = open_site(filled.folder.path)
    assert secret_of(again) == SECRET
    key_rotation.rotate(again, NOW, ENTRY)
    assert len(keys_of(again)) == 1
    assert secret_of(again) == SECRET
    assert review_verify.verify(again).intact
    again.close()


def test_a_secret_that_no_key_opens_is_named_and_stops_nothing(filled: Database) -> None:
    add_handler(filled, Standing(), "Second")  # type: ignore[arg-type]
    with filled.write() as tx:
        handlers.set_secret(tx, Fernet(Fernet.generate_key()).encrypt(b"x"), "••••", 2)
    done = key_rotation.rotate(filled, NOW, ENTRY)
    assert done.unreadable == ("Second",)
    assert secret_of(filled) == SECRET


def test_with_keys_from_the_environment_the_first_is_used_and_no_file_is_touched(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old,) = keys_of(filled)
    new = Fernet.generate_key().decode()
    monkeypatch.setenv(VARIABLE, f"{new} {old}")
    filled.close()
    again = open_site(filled.folder.path)
    done = key_rotation.rotate(again, NOW, ENTRY)
    assert done.from_environment and keys_of(again) == [old]
    assert SecretBox([new]).decrypt(token_of(again)) == SECRET
    again.close()


def test_no_key_and_no_secret_shows_in_a_repr() -> None:
    key = Fernet.generate_key().decode()
    assert key not in repr(SecretBox([key]))
    assert hint(SECRET) == "••••MQ=="
    assert hint("short") == "••••"
    with pytest.raises(StorageError) as caught:
        SecretBox(["hunter2"])
    assert "hunter2" not in str(caught.value)
