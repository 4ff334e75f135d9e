"""The sample site, to read from."""

from tests.cli.conftest import cli, database
from tests.demo.conftest import sample

__all__ = ["cli", "database", "sample"]
