"""What all tests share: quick new sites, and a collector that looks only at what a test made."""

import gc
import importlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from scheduling.gateways import registry
from scheduling.gateways.description import Gateway
from storage import site, sqlite
from tests import generic_http
from tests.sample import SampleSites

VERSION_AT = slice(60, 64)  # where SQLite's file format keeps `PRAGMA user_version`

RunUpgrade = Callable[[Path, int, Callable[..., None]], None]

# Examples may take as long as a busy machine needs. `make long-tests` runs the whole number of them.
FULL = os.environ.get("COMMSDESK_HYPOTHESIS") == "full"
settings.register_profile(
    "full", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=1000
)
settings.register_profile("quick", settings.get_profile("full"), max_examples=25)
settings.load_profile("full" if FULL else "quick")

OBJECTS_BETWEEN_COLLECTIONS = (20_000, 20, 20)  # Python's own 700, 10, 10 took a quarter of the console tests


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[Gateway], Gateway]:
    """Registers a gateway, or another description of one, for one test."""

    def registered(gateway: Gateway) -> Gateway:
        importlib.import_module("tui.cli.handler")
        monkeypatch.delitem(sys.modules, "tui.cli.handler")  # it takes its options when it is loaded
        monkeypatch.setitem(registry.GATEWAYS, gateway.name, gateway)
        return gateway

    return registered


@pytest.fixture
def third_gateway(register: Callable[[Gateway], Gateway]) -> Gateway:
    """The gateway that only tests have."""
    return register(generic_http.GATEWAY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With the full profile, property tests are long tests as well. Those that are to begin first do so."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)
    for item in items:
        if FULL and is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("long")


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """What is loaded now stays to the end: the collector need not look at it."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(*OBJECTS_BETWEEN_COLLECTIONS)


@pytest.fixture(scope="session")
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> RunUpgrade:
    """`run_upgrade`, whose work on an empty file is done once and then copied."""
    run_upgrade = site.run_upgrade
    folder = tmp_path_factory.mktemp("schema")

    def copied(path: Path, to: int, check: Callable[..., None]) -> None:
        if any(path.read_bytes()[VERSION_AT]):
            run_upgrade(path, to, check)
            return
        kept = folder / f"{to}.sqlite3"
        if not kept.exists():
            sqlite.connect(kept, create=True).close()
            run_upgrade(kept, to, check)
        shutil.copyfile(kept, path)

    return copied


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def sample_sites(run_folder: Path) -> SampleSites:
    return SampleSites(run_folder)


@pytest.fixture(autouse=True)
def new_sites(monkeypatch: pytest.MonkeyPatch, migrated_once: RunUpgrade) -> None:
    """New sites are quick to make. Tests of the making itself put this out of force in their module."""
    monkeypatch.setattr(site, "run_upgrade", migrated_once)


UNSAFE = tuple("synchronous=OFF" if each.startswith("synchronous") else each for each in sqlite.PRAGMAS)


@pytest.fixture(autouse=True)
def quick_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for the disk: what that is for, power cuts, no test has. Processes do wait."""
    monkeypatch.setattr(sqlite, "PRAGMAS", UNSAFE)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
