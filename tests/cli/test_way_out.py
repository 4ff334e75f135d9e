"""A handler's proxy and certificates on the command line: kept as secrets are, and refused in words."""

from pathlib import Path

import pytest

from scheduling import sender_pool
from scheduling.diagnose.handler import way_out
from storage import handlers, key_rotation
from storage.database import Database
from storage.records import ReviewEntry
from storage.vocabulary import Category, EntryKind
from tests.cli.conftest import CommandLine

PASSWORD = "Tr0ub4dor&3-horse"
PROXY = "http://ana@proxy.example:3128"


@pytest.fixture
def site(cli: CommandLine) -> CommandLine:
    cli.ok("handler", "add", "H", "--api", "one", "--api-key-file", "-", stdin="c2ltdWxhdG9yLWtleS0wMQ==")
    return cli


def with_proxy(site: CommandLine) -> CommandLine:
    site.ok("handler", "edit", "H", "--proxy", PROXY, "--proxy-password-file", "-", stdin=PASSWORD)
    return site


def test_the_password_is_kept_as_a_secret(site: CommandLine, database: Database) -> None:
    with_proxy(site)
    shown = site.ok("handler", "show", "H", "--json").one
    assert (shown["proxy"], shown["proxy_password"]) == (PROXY, "••••orse")
    for ended in (site.ok("handler", "show", "H"), site.ok("review", "--json"), site.ok("handler", "list")):
        assert PASSWORD not in ended.out
    with database.read() as connection:
        assert handlers.proxy_secret_of(database, connection, 1) == PASSWORD
    assert PASSWORD.encode() not in database.path.read_bytes()
    entry = ReviewEntry(Category.SYSTEM, "x", kind=EntryKind.SITE)
    from datetime import UTC, datetime

    assert key_rotation.rotate(database, datetime.now(UTC), entry).secrets == 2
    with database.read() as connection:
        assert handlers.proxy_secret_of(database, connection, 1) == PASSWORD


def test_the_way_out_reaches_the_sender(site: CommandLine, database: Database) -> None:
    import certifi

    own = certifi.where()
    with_proxy(site).ok("handler", "edit", "H", "--ca-file", own)
    with database.read() as connection:
        handler = handlers.get(connection, 1)
        assert handler is not None
        config = sender_pool.read_config(database, connection, handler)
    assert (config.proxy, config.proxy_password, config.ca_file) == (PROXY, PASSWORD, own)


def test_a_kept_password_never_goes_to_another_proxy(site: CommandLine, database: Database) -> None:
    with_proxy(site)
    refused = site("handler", "edit", "H", "--proxy", "http://other.example:3128")
    assert refused.status == 1 and "Proxy changed: enter the Proxy Password again" in refused.err
    site.ok("handler", "edit", "H", "--notes", "x")
    site.ok("handler", "edit", "H", "--proxy", "")
    shown = site.ok("handler", "show", "H", "--json").one
    assert (shown["proxy"], shown["proxy_password"]) == (None, None)
    with database.read() as connection:
        assert handlers.proxy_secret_of(database, connection, 1) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("proxy.example:3128", "must begin with http:// or https://"),
        ("socks5://proxy.example:1080", "must begin with http:// or https://"),
        ("http://ana:secret@proxy.example:3128", "must hold no password"),
        ("http://proxy.example:3128/path", "ends after the port"),
        ("http://proxy.example:99999", "is not an address"),
        ("http://pro xy.example", "is not an address"),
    ],
)
def test_what_is_no_proxy_is_refused(site: CommandLine, url: str, words: str) -> None:
    refused = site("handler", "edit", "H", "--proxy", url)
    assert refused.status == 1 and words in refused.err
    assert site.ok("handler", "show", "H", "--json").one["proxy"] is None


def test_a_password_without_a_proxy_is_refused(site: CommandLine) -> None:
    refused = site("handler", "edit", "H", "--proxy-password-file", "-", stdin=PASSWORD)
    assert refused.status == 1 and "Proxy Password belongs to a Proxy" in refused.err


def test_certificates_are_looked_into_when_they_are_named(site: CommandLine, tmp_path: Path) -> None:
    bad = tmp_path / "own.pem"
    bad.write_text("x")
    for name in (bad, tmp_path / "gone.pem", tmp_path, "own.pem"):
        refused = site("handler", "edit", "H", "--ca-file", name)
        assert refused.status == 1 and "CA File" in refused.err
    import certifi

    site.ok("handler", "edit", "H", "--ca-file", certifi.where())
    assert site.ok("handler", "show", "H", "--json").one["ca_file"] == certifi.where()
    site.ok("handler", "edit", "H", "--ca-file", "")
    assert site.ok("handler", "show", "H", "--json").one["ca_file"] is None


def test_a_proxy_that_only_the_environment_names_is_pointed_out(
    site: CommandLine, database: Database
) -> None:
    with database.read() as connection:
        handler = handlers.get(connection, 1)
    assert handler is not None
    found = way_out(handler, {"HTTPS_PROXY": "http://user:pw@proxy:3128"})
    assert found.result == "warning" and "HTTPS_PROXY is set and not used" in found.found
    assert "pw@" not in str(found)
    assert way_out(handler, {}).result == "ok"
