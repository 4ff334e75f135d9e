"""A user as someone who is to be reached: enabled, with a number that can be sent to."""

from collections.abc import Iterable, Sequence

from scheduling import phone
from scheduling.diagnose.finding import Finding, ok, problem, warning
from storage.records import User

FIELD_NEEDED = 'make one: commsdesk field add Mobile --type "Telephone Number"'
MOST_NAMED = 5


def judge(user: User, numbers: Sequence[tuple[str, str | None]]) -> list[Finding]:
    """`numbers` are the site's Telephone Number fields and this user's values, the preset field first."""
    found = [_enabled(user)]
    if not numbers:
        said = "the site has no Telephone Number field yet"
        return [*found, problem("Telephone number", "find a Telephone Number field", said, FIELD_NEEDED)]
    found += [_number(user, name, value, first=place == 0) for place, (name, value) in enumerate(numbers)]
    return found


def _enabled(user: User) -> Finding:
    tried = "is the user there and enabled"
    if user.removed_at is not None:
        return problem("User", tried, "the user was removed", "add the user again, or choose another")
    if not user.enabled:
        advice = f"enable the user: commsdesk user enable id:{user.id}"
        return problem("User", tried, "the user is disabled: nothing is sent to them", advice)
    return ok("User", tried, "enabled")


def _number(user: User, field: str, value: str | None, *, first: bool) -> Finding:
    tried = f"read {field}"
    command = f'commsdesk user edit id:{user.id} --set "{field}={phone.EXAMPLE}"'
    advice = f"set it with its country calling code: {command}"
    if not value and not first:
        return ok(field, tried, "no number in this field, which handlers use only when they name it")
    if not value:
        return problem(field, tried, "has no telephone number", advice)
    try:
        found = phone.parse(value)
    except phone.PhoneError as error:
        return problem(field, tried, str(error).rstrip("."), advice)
    if found.warning:
        return warning(
            field, tried, f"{phone.describe(found)}: {found.warning.rstrip('.')}", "check it with the person"
        )
    return ok(field, tried, phone.describe(found))


def everyone(field: str | None, people: Iterable[tuple[str, str | None]]) -> Finding:
    """All enabled users at once, as (name, number): who of them cannot be reached."""
    check, tried = "Users", "read every enabled user's telephone number"
    if field is None:
        said = "the site has no Telephone Number field yet, so no user can be sent to"
        verdict = problem if next(iter(people), None) is not None else warning
        return verdict(check, tried, said, FIELD_NEEDED)
    total, without, bad = 0, [], []
    for name, value in people:
        total += 1
        if not value:
            without.append(name)
        elif not _can_be_sent_to(value):
            bad.append(name)
    if bad:
        said = f"{_count(bad)} a number in {field} that cannot be sent to: {_names(bad)}"
        return problem(check, tried, said, f"enter it with its country calling code, e.g. {phone.EXAMPLE}")
    if without:
        said = f"{_count(without)} no number in {field}: {_names(without)}"
        return warning(check, tried, said, "enter their numbers, or disable those who need no messages")
    return ok(check, tried, f"{total:,} {'user' if total == 1 else 'users'}, each with a number")


def _can_be_sent_to(value: str) -> bool:
    try:
        phone.parse(value)
    except phone.PhoneError:
        return False
    return True


def _count(names: Sequence[str]) -> str:
    return "1 user has" if len(names) == 1 else f"{len(names):,} users have"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
