"""A site with a local Clickatell, and `commsdesk web` on it."""

from collections.abc import Iterator

import pytest

from tests.processes.conftest import clickatell, site
from tests.processes.support import Site
from tests.web.support import WebServer

__all__ = ["clickatell", "site"]


@pytest.fixture
def server(site: Site) -> Iterator[WebServer]:
    """`commsdesk web` as ana, without engines, listening."""
    yield from _started(site, "--no-engine")


@pytest.fixture
def sending_server(site: Site) -> Iterator[WebServer]:
    """The same, whose consoles may send."""
    yield from _started(site)


def _started(site: Site, *options: str) -> Iterator[WebServer]:
    started = WebServer(site, options)
    try:
        yield started
    finally:
        started.close()
