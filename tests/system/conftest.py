"""Tests with parts that are not Python: a real sshd, a real browser, JupyterLab, systemd.

`make test-system` installs them and runs these; `make test` needs only Python and passes them over.
"""

import os
from collections.abc import Iterator

import pytest

from tests.system.operators_over_ssh import SiteOverSsh, site_over_ssh

collect_ignore_glob = [] if os.environ.get("COMMSDESK_SYSTEM_TESTS") else ["test_*.py"]


@pytest.fixture(scope="module")
def over_ssh() -> Iterator[SiteOverSsh]:
    """A site whose operators log in by a real sshd. One for a module: a test adds operators of its own."""
    with site_over_ssh() as made:
        yield made
