"""No key, paste, resize or click, in any screen and in any order, makes anything fail (`random_walk`)."""

import os
from pathlib import Path

import pytest

from tests.sample import SampleSites
from tests.tui.random_walk import EACH, SIZES, Walk
from tests.tui.walk_visits import ERRANDS

SEED = int(os.environ.get("COMMSDESK_WALK", "9"))
LONG = 20_000  # steps over both sizes


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sample_sites: SampleSites) -> Path:
    found = tmp_path_factory.mktemp("sample") / "site"
    sample_sites.copy(found)
    return found


@pytest.mark.first
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_short_walk(site: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    walk = Walk(site, tmp_path, SEED + size[0])
    while walk.steps < 220:
        await walk.leg(size)
        walk.judge()


@pytest.mark.first
@pytest.mark.timeout(600)
async def test_every_errand(site: Path, tmp_path: Path) -> None:
    walk = Walk(site, tmp_path, SEED)
    walk.patience = 20.0  # here nothing is left to chance
    await walk.errands(SIZES[0])
    walk.judge()
    wanted = {name for errand in ERRANDS for name in errand.reaches}
    missing = {name for name in wanted if not walk.actions[name] + walk.screens[name]}
    assert not missing, f"{missing} not reached; the way:\n" + "\n".join(walk.trail)


@pytest.mark.long
@pytest.mark.timeout(3 * 3600)
async def test_a_long_walk_reaches_everything(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    walk = Walk(site, tmp_path, SEED)
    while walk.steps < LONG or ((walk.missing(EACH) or walk.seldom(EACH)) and walk.steps < 2 * LONG):
        await walk.leg(SIZES[walk.legs % 2])
        walk.judge()
    with capsys.disabled():
        print("\n" + walk.report())
    assert walk.missing(EACH) == {}
    assert walk.seldom(EACH) == {}
