"""Secure connections: every way to fail one is a request not sent, and a trusted one carries it."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scheduling.gateways import http
from scheduling.gateways.advice import Cause
from scheduling.gateways.reply import Failure, Reply
from storage.vocabulary import OutcomeKind
from tests.gateways.network import CALM, GOOD, QUICK, close_after, close_at_once, hang, post, reset_at_once
from tests.gateways.raw_server import Visit, raw_server


@pytest.fixture
def certificate(tmp_path) -> str:
    """A file with a self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC) - timedelta(hours=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    signed = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    path = tmp_path / "server.pem"
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)


def serving(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_gateway_that_speaks_no_tls_is_not_sent():
    async def act(visit: Visit) -> None:
        await visit.reader.read(100)
        await visit.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw_server(act) as server:
        result = await post(server.url.replace("http:", "https:"))
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.TLS)
    assert result.error.startswith("TLS failed: ")


@pytest.mark.parametrize("act", [hang, close_at_once, reset_at_once])
async def test_a_tls_handshake_that_ends_early_is_not_sent(act):
    async with raw_server(act) as server:
        result = await post(server.url.replace("http:", "https:"), QUICK if act is hang else CALM)
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.TLS)


async def test_an_untrusted_certificate_is_named(certificate):
    async with raw_server(close_after, ssl=serving(certificate)) as server:
        result = await post(server.url.replace("http:", "https:"))
    assert isinstance(result, Failure)
    assert (result.kind, result.cause) == (OutcomeKind.NOT_SENT, Cause.TLS)
    assert result.error.startswith("TLS failed: self-signed certificate (127.0.0.1:")


async def test_a_certificate_that_the_machine_trusts_is_trusted(certificate, monkeypatch):
    async def act(visit: Visit) -> None:
        await visit.request()
        await visit.answer(GOOD)

    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    http._tls_context.cache_clear()
    try:
        async with raw_server(act, ssl=serving(certificate)) as server:
            result = await post(server.url.replace("http:", "https:"))
    finally:
        http._tls_context.cache_clear()
    assert isinstance(result, Reply)
    assert result.body == GOOD
