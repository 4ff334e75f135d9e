"""Operators: who they are, their keys, and that role and enabled are read at every operation."""

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from storage import key_lookup
from storage.database import Database
from storage.vocabulary import Role
from tests.operations.conftest import StandingClock
from tui.operations import groups, operators
from tui.operations.access import Identity, take_desk
from tui.operations.desk import Desk
from tui.operations.errors import NotAllowed, Refused, SignedOut
from tui.operations.operator_keys import fingerprint, read_keys

LOCAL = "local:tester"


def public(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def ed() -> str:
    return public(ed25519.Ed25519PrivateKey.generate())


def sit(database: Database, clock: StandingClock, name: str | None = None, number: int | None = None) -> Desk:
    return take_desk(database, Identity(LOCAL, name, number), clock)


# Keys


def test_keys_of_every_common_type_are_read() -> None:
    lines = [
        f"{ed()} ana@laptop  second   word",
        "",
        "# a comment",
        public(ec.generate_private_key(ec.SECP256R1())),
        public(rsa.generate_private_key(65537, 2048)),
    ]
    found = read_keys("\n".join(lines))
    assert [key.type for key in found] == ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]
    assert found[0].comment == "ana@laptop second word"
    assert fingerprint(found[0]).startswith("SHA256:") and len(fingerprint(found[0])) == 50


def test_a_security_key_is_read() -> None:
    parts = [b"sk-ssh-ed25519@openssh.com", b"\x01" * 32, b"ssh:"]
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    (found,) = read_keys(f"sk-ssh-ed25519@openssh.com {base64.b64encode(blob).decode()} token")
    assert found.type == "sk-ssh-ed25519@openssh.com"


def _private() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(lambda: "", "holds no public key", id="nothing"),
        pytest.param(lambda: "# only\n\n", "holds no public key", id="comments only"),
        pytest.param(_private, "a private key is not taken", id="the private half"),
        pytest.param(lambda: f'command="sh" {ed()}', "options before the key are not taken", id="options"),
        pytest.param(lambda: f"cert-authority {ed()}", "line 1: begins with", id="an authority"),
        pytest.param(
            lambda: "ssh-ed25519-cert-v01@openssh.com AAAA", "begins with a certificate", id="certificate"
        ),
        pytest.param(lambda: ed()[:-9], "damaged or cut", id="cut"),
        pytest.param(lambda: "ssh-ed25519", "damaged or cut", id="no blob"),
        pytest.param(lambda: "ssh-rsa " + ed().split()[1], "damaged or cut", id="another type's blob"),
        pytest.param(lambda: f"{ed()}\nssh-ed25519 x!", "line 2: ", id="the second line"),
        pytest.param(lambda: public(rsa.generate_private_key(65537, 1024)), "1024 bits", id="short"),
        pytest.param(lambda: "x" * 70_000, "larger than 64 KB", id="huge"),
    ],
)  # fmt: skip
def test_what_is_no_public_key_is_refused(text: Callable[[], str], said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        read_keys(text())
    assert refused.value.field == "Key"


# Operators


def test_adding_changing_and_removing(desk: Desk, texts: Callable[[], list[str]]) -> None:
    (old,), (new,) = read_keys(f"{ed()} laptop"), read_keys(f"{ed()} phone")
    made = operators.add(desk, " Ana  Ruiz ", Role.OPERATOR, [old])
    assert (made.name, made.role, made.enabled, made.keys) == ("Ana Ruiz", "operator", True, (old,))
    saved = operators.edit(
        desk, made.id, role=Role.ADMINISTRATOR, add_keys=[new, new], remove_keys=["laptop"]
    )
    assert (saved.role, saved.keys, saved.revision) == ("administrator", (new,), 2)
    assert operators.edit(desk, made.id, role=Role.ADMINISTRATOR).revision == 2, "nothing to change"
    assert operators.remove(desk, made.id).name == "Ana Ruiz"
    assert operators.listing(desk) == []
    assert texts() == [
        f"operator Ana Ruiz added as operator with key {fingerprint(old)}",
        f"operator Ana Ruiz changed: role now administrator, key {fingerprint(old)} removed,"
        f" key {fingerprint(new)} added",
        "operator Ana Ruiz removed",
    ]
    again = operators.add(desk, "ana ruiz", Role.VIEWER, [new])
    assert again.id != made.id, "a removed operator's name and key are free"


def test_one_key_says_who_it_is(desk: Desk) -> None:
    keys = read_keys(ed())
    operators.add(desk, "ana", Role.OPERATOR, keys)
    ben = operators.add(desk, "ben", Role.OPERATOR)
    with pytest.raises(Refused, match="belongs to ana: everyone needs a key of their own"):
        operators.edit(desk, ben.id, add_keys=keys)
    with pytest.raises(Refused, match="belongs to ana"):
        operators.add(desk, "cy", Role.OPERATOR, keys)
    assert [operator.name for operator in operators.listing(desk)] == ["ana", "ben"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Name is empty"),
        ("7", "only digits"),
        ("ANA", "taken by another"),
        ("local:root", "accounts of this machine"),
    ],
)
def test_names_that_are_refused(desk: Desk, name: str, said: str) -> None:
    operators.add(desk, "ana", Role.OPERATOR)
    with pytest.raises(Refused, match=said):
        operators.add(desk, name, Role.VIEWER)


def test_only_an_administrator_may(database: Database, clock: StandingClock) -> None:
    boss = Desk(database, LOCAL, Role.ADMINISTRATOR, clock)
    ana = operators.add(boss, "ana", Role.OPERATOR)
    desk = sit(database, clock, "ana")
    for act in (
        lambda: operators.add(desk, "ben", Role.VIEWER),
        lambda: operators.edit(desk, ana.id, role=Role.ADMINISTRATOR),
        lambda: operators.set_enabled(desk, ana.id, False),
        lambda: operators.remove(desk, ana.id),
    ):
        with pytest.raises(NotAllowed, match=r"ana is an operator: .* needs an administrator"):
            act()


def test_nobody_locks_themselves_out(desk: Desk, database: Database, clock: StandingClock) -> None:
    ana = operators.add(desk, "ana", Role.ADMINISTRATOR)
    own = sit(database, clock, number=ana.id)
    with pytest.raises(Refused, match="nobody may disable themselves"):
        operators.set_enabled(own, ana.id, False)
    with pytest.raises(Refused, match="nobody may remove themselves"):
        operators.remove(own, ana.id)
    with pytest.raises(Refused, match="nobody may change their own name or role"):
        operators.edit(own, ana.id, role=Role.VIEWER)
    assert operators.edit(own, ana.id, add_keys=read_keys(ed())).keys, "one's own keys may be changed"


# Who is at work


def test_until_there_are_operators_a_name_is_only_written_down(
    database: Database, clock: StandingClock
) -> None:
    desk = sit(database, clock, "whoever")
    assert (desk.operator, desk.role, desk.operator_id) == ("whoever", Role.ADMINISTRATOR, None)
    assert sit(database, clock).operator == LOCAL
    operators.add(desk, "ana", Role.OPERATOR)
    with pytest.raises(Refused, match='no operator is named "whoever"'):
        sit(database, clock, "whoever")
    assert sit(database, clock, "ANA").operator == "ana"
    assert sit(database, clock).role is Role.ADMINISTRATOR, "the account that owns the site"


def test_role_and_enabled_are_read_at_every_operation(
    desk: Desk, database: Database, clock: StandingClock
) -> None:
    ana = operators.add(desk, "ana", Role.VIEWER)
    own = sit(database, clock, number=ana.id)
    with pytest.raises(NotAllowed, match="ana is a viewer: adding a group needs an administrator"):
        groups.add(own, "Ops")
    operators.edit(desk, ana.id, role=Role.ADMINISTRATOR)
    groups.add(own, "Ops")
    operators.set_enabled(desk, ana.id, False)
    with pytest.raises(SignedOut, match="ana is disabled: ask an administrator"):
        groups.add(own, "Night")
    with pytest.raises(SignedOut, match="ana is disabled"):
        sit(database, clock, number=ana.id)
    operators.set_enabled(desk, ana.id, True)
    operators.edit(desk, ana.id, name="anna")
    with pytest.raises(SignedOut, match="ana is now named anna: log in again"):
        groups.add(own, "Night")
    operators.remove(desk, ana.id)
    with pytest.raises(SignedOut):
        groups.add(own, "Night")
    with pytest.raises(NotAllowed, match="this key belongs to nobody any more"):
        sit(database, clock, number=ana.id)
    assert [group.name for group in groups.listing(desk)] == ["Ops"]


def test_when_an_operator_was_last_seen(desk: Desk, database: Database, clock: StandingClock) -> None:
    ana = operators.add(desk, "ana", Role.ADMINISTRATOR)
    assert operators.get(desk, ana.id).last_seen_at is None
    own = sit(database, clock, number=ana.id)
    came = clock()
    assert operators.get(desk, ana.id).last_seen_at == came
    clock.move(seconds=30)
    groups.add(own, "Ops")
    assert operators.get(desk, ana.id).last_seen_at == came, "once a minute is enough"
    clock.move(seconds=31)
    groups.add(own, "Night")
    assert operators.get(desk, ana.id).last_seen_at == came + timedelta(seconds=61)


def test_the_keys_of_those_who_may_log_in(desk: Desk, database: Database) -> None:
    (first,), (second,) = read_keys(ed()), read_keys(ed())
    ana = operators.add(desk, "ana", Role.VIEWER, [first])
    ben = operators.add(desk, "ben", Role.VIEWER, [second])

    def who() -> list[int]:
        found = key_lookup.lines(str(database.folder.path), "/x", None)
        return [int(line.split('"')[1].rpartition(" ")[2]) for line in found]

    assert who() == [ana.id, ben.id]
    operators.set_enabled(desk, ana.id, False)
    assert who() == [ben.id]
    operators.remove(desk, ben.id)
    assert who() == []
