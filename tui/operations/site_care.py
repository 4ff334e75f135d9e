"""Looking after the site: backups, restoring, adopting a copy, a new secret key, the review's check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scheduling import late_tabs
from scheduling.answer_changes import adopted
from scheduling.planner import miss_overdue
from storage import (
    adoption,
    backup,
    integrity,
    key_rotation,
    restore,
    review_head,
    review_keys,
    review_verify,
    secrets,
    sqlite,
)
from storage import handlers as stored_handlers
from storage.adoption import Hold
from storage.backup import Backup
from storage.database import Database
from storage.errors import StorageError
from storage.folder import DataFolder
from storage.key_rotation import Rotated
from storage.logins import Newcomer, Why
from storage.message_history import count_undecided
from storage.records import ReviewEntry
from storage.restore import Restored
from storage.review_verify import Verdict
from storage.vocabulary import Category, EntryKind, Level, Role
from tui.operations import held
from tui.operations.desk import Desk, refusal
from tui.operations.errors import NotAllowed, Refused


def make_backup(desk: Desk, file: Path, *, key_file: Path | None = None, force: bool = False) -> Backup:
    """Copy the site, in use or not, to one file. The secret key goes to a file of its own or is left out."""
    desk.require(Role.ADMINISTRATOR, "making a backup")
    try:
        made = backup.backup(desk.database, file, desk.now(), key_file=key_file, force=force)
    except StorageError as error:
        raise Refused.by(error) from error
    key = f", its secret key to {made.key_file}" if made.key_file else ", without the secret key"
    with desk.write(Role.ADMINISTRATOR, "making a backup") as tx:
        tx.review(desk.now(), _site_entry(desk, f"backup written to {made.file}{key}"))
    return made


@dataclass(frozen=True, slots=True)
class PutBack:
    """A restored site. `unreadable` names the handlers whose secrets its key does not open; `newcomers`
    may log in now, or may do more, and could not before."""

    replaced: Path | None
    backed_up_at: datetime | None
    held_messages: int
    unreadable: tuple[str, ...]
    newcomers: tuple[Newcomer, ...] = ()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def put_back(
    folder: Path,
    file: Path,
    operator: str,
    *,
    role: Role = Role.ADMINISTRATOR,
    key_file: Path | None = None,
    agree: Callable[[Sequence[Newcomer]], bool] = lambda newcomers: False,
    now: Callable[[], datetime] = _utc_now,
) -> PutBack:
    """Replace the site in `folder` by a backup. Takes no desk: nobody may have the site open.

    `agree` is asked where operators could log in, or do more, who cannot now. Raises `Refused`, and
    nothing is changed, when it says no or the backup cannot be used.
    """
    if not role.allows(Role.ADMINISTRATOR):
        raise NotAllowed(refusal(operator, role, "restoring a backup", Role.ADMINISTRATOR))

    def write_down(database: Database, replaced: Path | None) -> None:
        _write_down(Desk(database, operator, role, now), file, replaced)

    try:
        done = restore.restore(
            DataFolder(folder.expanduser().absolute()),
            file,
            now,
            key_file=key_file,
            agree=agree,
            finish=write_down,
        )
    except restore.NotAgreed as error:
        who = "; ".join(newcomer_said(each) for each in error.newcomers)
        raise Refused(
            f"not restored: it would let in {who}: agree to it, or use another backup", hint="--yes"
        ) from None
    except StorageError as error:
        raise Refused.by(error) from error
    database = done.database
    try:
        return _report(done, Desk(database, operator, role, now))
    finally:
        database.close()


NEWCOMERS = {
    Why.NOT_HERE: "who is no operator here now",
    Why.DISABLED: "who is disabled here",
    Why.OTHER_KEY: "with a key that is not theirs here",
    Why.LESSER_ROLE: "who may do less here now",
    Why.CANNOT_TELL: "as this site's own list cannot be read",
}


def newcomer_said(newcomer: Newcomer) -> str:
    """Someone whom a restore lets in, in words: "ana (administrator), who is disabled here"."""
    return f"{newcomer.name} ({newcomer.role}), {NEWCOMERS[newcomer.why]}"


def _write_down(desk: Desk, file: Path, replaced: Path | None) -> None:
    kept = f"; the database that was here is kept as {replaced.name}" if replaced else ""
    with desk.write(Role.ADMINISTRATOR, "restoring a backup") as tx:
        tx.review(desk.now(), _site_entry(desk, f"backup {file} restored{kept}", Level.WARNING))
        tx.review(desk.now(), *review_keys.name_missing(tx.connection, desk.database.box))


def _report(done: Restored, desk: Desk) -> PutBack:
    with desk.database.read() as connection:
        unknown = count_undecided(connection)
    return PutBack(done.replaced, done.backed_up_at, unknown, tuple(unreadable_secrets(desk)), done.newcomers)


def unreadable_secrets(desk: Desk) -> list[str]:
    """The handlers whose API Key or Password this site's secret key does not open."""
    names = []
    with desk.database.read() as connection:
        for handler in stored_handlers.listing(connection):
            try:
                stored_handlers.secret_of(desk.database, connection, handler.id)
            except StorageError:
                names.append(handler.name)
    return names


def hold_of(desk: Desk) -> Hold | None:
    """The hold that is on the site, if one is."""
    with desk.database.read() as connection:
        return adoption.hold_of(connection)


def adopt(desk: Desk) -> bool:
    """Say that this is the live site: firing and sending go on. False when it was not held.

    What came due until now is written down as missed, and what was held stays unknown. Steps of answer
    plans that came due meanwhile are due their length from now.
    """
    with desk.write(Role.ADMINISTRATOR, "adopting a copy") as tx:
        hold = adoption.hold_of(tx)
        if hold is None:
            return False
        now = desk.now()
        missed = miss_overdue(tx, now)
        adopted(tx, now)
        dropped = held.drop_on_copy(tx, desk.operator, now)
        late_tabs.after_adopting(tx, now)
        adoption.adopt(tx, desk.database.path)
        also = f"; {missed} overdue {'task' if missed == 1 else 'tasks'} not fired" if missed else ""
        also += f"; {dropped:,} held {'message' if dropped == 1 else 'messages'} dropped" if dropped else ""
        text = f"this is the live site from now on (it was held: {hold.reason}){also}"
        tx.review(now, _site_entry(desk, text, Level.WARNING))
        tx.review(now, *review_keys.name_missing(tx.connection, desk.database.box))
    review_head.keep(desk.database, desk.now(), force=True)
    return True


def change_key(desk: Desk) -> Rotated:
    """A new secret key in the place of the old one; every process that has the site open takes it up."""
    desk.require(Role.ADMINISTRATOR, "changing the secret key")
    try:
        return key_rotation.rotate(desk.database, desk.now(), _site_entry(desk, "the secret key was changed"))
    except StorageError as error:
        raise Refused.by(error) from error


NAMED = {"--against": "a backup", "--with-key": "the copy of a secret key"}


def verify_review(
    desk: Desk,
    *,
    start: int | None = None,
    against: Path | None = None,
    with_key: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Verdict, str | None]:
    """Check the review; also what is wrong when it does not hold the newest entry of the backup `against`.

    `with_key` is a file with the secret key that entries of a key which is missing were signed under.
    """
    for option, file in (("--against", against), ("--with-key", with_key)):
        if file is not None and not file.is_file():  # reading from a pipe would wait for ever
            raise Refused(f"{option}: {file} is no file: name {NAMED[option]}", option)
    try:
        older = [secrets.box_of(with_key)] if with_key is not None else []
        verdict = review_verify.verify(desk.database, start, progress, older_keys=older)
        beside = review_verify.against(desk.database, against) if against is not None else None
    except StorageError as error:
        raise Refused.by(error) from error
    return verdict, beside


def look_at_start(database: Database) -> list[str]:
    """What an operator should know when a console or `run` starts, a sentence each.

    Raises `Damaged` when the file is not sound. Reads the whole file: a tenth of a second for
    100 MB, so a console does it beside its first frame.
    """
    integrity.require_sound(database.path)
    found = [sqlite.library_warning(), integrity.space_warning(database.folder.path)]
    with database.read() as connection:
        hold = adoption.hold_of(connection)
        if hold is not None:
            found.append(
                f"this database is {hold.reason}: nothing is sent until someone says that this is the"
                " live site (commsdesk adopt)"
            )
    found.append(_lost_end(database))
    return [text for text in found if text]


def _lost_end(database: Database) -> str | None:
    lost = review_head.trouble(database)
    return f"the review is not what it was: {lost} (commsdesk review verify)" if lost else None


def _site_entry(desk: Desk, text: str, level: Level = Level.INFO) -> ReviewEntry:
    return ReviewEntry(Category.SYSTEM, text, level, operator=desk.operator, kind=EntryKind.SITE)
