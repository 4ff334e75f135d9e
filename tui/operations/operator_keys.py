"""Public keys as people bring them (`id_ed25519.pub`), and how they are named."""

import base64
import binascii
import hashlib

from storage.operators import OperatorKey
from tui.operations.errors import Refused

FIELD = "Key"
# What OpenSSH 9 takes by default; certificates are left out, since their options would count too.
TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
SHORTEST_RSA = 2048  # bits
LONGEST_FILE = 64 * 1024
LONGEST_COMMENT = 100


def read_keys(text: str) -> list[OperatorKey]:
    """The public keys of a file, one a line; blank lines and `#` lines are passed over.

    Only type, base64 and comment are taken: a line with options, a private key, a certificate
    or a damaged key is refused with its number. Raises `Refused`.
    """
    if len(text) > LONGEST_FILE:
        raise Refused(
            f"{FIELD}: the file is larger than {LONGEST_FILE // 1024} KB: is it a public key?", FIELD
        )
    if "PRIVATE KEY-----" in text:
        raise Refused(f"{FIELD}: a private key is not taken: give the .pub file beside it", FIELD)
    found: dict[str, OperatorKey] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            key = _key_of(line, number)
            found.setdefault(key.data, key)
    if not found:
        raise Refused(f"{FIELD}: the file holds no public key: give a file such as id_ed25519.pub", FIELD)
    return list(found.values())


def fingerprint(key: OperatorKey) -> str:
    """As `ssh-keygen -l` writes it: `SHA256:` and 43 letters."""
    digest = hashlib.sha256(base64.b64decode(key.data)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _key_of(line: str, number: int) -> OperatorKey:
    words = line.split(None, 2)
    kind = words[0]
    if kind not in TYPES:
        said = "a certificate" if "-cert-" in kind else f"{kind[:40]!r}"
        raise Refused(
            f"{FIELD}, line {number}: begins with {said}, not with a type of key such as {TYPES[0]}"
            " (options before the key are not taken)",
            FIELD,
        )
    blob = _blob(words[1] if len(words) > 1 else "")
    if blob is None or not _is_sound(kind, blob):
        raise Refused(f"{FIELD}, line {number}: the {kind} key is damaged or cut: copy the whole line", FIELD)
    if kind == "ssh-rsa" and (bits := _rsa_bits(blob)) < SHORTEST_RSA:
        raise Refused(
            f"{FIELD}, line {number}: an RSA key of {bits} bits is too short: make one with"
            " ssh-keygen -t ed25519",
            FIELD,
        )
    comment = " ".join(words[2].split())[:LONGEST_COMMENT] if len(words) > 2 else ""
    return OperatorKey(kind, base64.b64encode(blob).decode(), comment)


def _blob(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_sound(kind: str, blob: bytes) -> bool:
    """Whether the blob is a key of that type, with nothing behind it."""
    fields = _fields(blob)
    if not fields or fields[0] != kind.encode():
        return False
    if kind.startswith("sk-"):  # a security key's has its application beside the key
        return len(fields) == (3 if "ed25519" in kind else 4)
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        load_ssh_public_key(kind.encode() + b" " + base64.b64encode(blob))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _fields(blob: bytes) -> list[bytes]:
    """The length-prefixed strings that a key's blob is made of (RFC 4253 section 6.6); empty when cut."""
    found = []
    while blob:
        size = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + size:
            return []
        found.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return found


def _rsa_bits(blob: bytes) -> int:
    return int.from_bytes(_fields(blob)[2], "big").bit_length()
