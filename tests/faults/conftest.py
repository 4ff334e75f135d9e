"""The processes' parent, shared by the tests of a session, and a site for one test."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo_data.clickatell import ThreadedClickatell
from tests.faults.nursery import Nursery
from tests.faults.place import Place


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def clickatell() -> Iterator[ThreadedClickatell]:
    with ThreadedClickatell() as listening:
        yield listening


@pytest.fixture
def place(nursery: Nursery, clickatell: ThreadedClickatell, tmp_path: Path) -> Iterator[Place]:
    made = Place(nursery, tmp_path / "site", clickatell, tmp_path)
    yield made
    made.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 14 MB, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=14m", "tmpfs", str(disk)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a file system needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
