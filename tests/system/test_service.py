"""The unit files as systemd's own tools judge them. The tools read; nothing is started."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.examples import example
from tui.cli.service_unit import Installation, unit

BIN = str(Path(sys.executable).parent / "commsdesk")
ACCOUNT = "games"  # one that every Debian has
HIGHEST_EXPOSURE = 3.0

INSTALLATIONS = {
    "standard": Installation(ACCOUNT, Path("/var/lib/commsdesk"), (BIN,)),
    "with metrics": Installation(
        ACCOUNT, Path("/var/lib/commsdesk"), (BIN,), Path("/var/lib/prometheus/node-exporter/x.prom")
    ),
    "in a home": Installation(ACCOUNT, Path("/home/ana/north gate"), (BIN,)),
    "in a temporary folder": Installation(ACCOUNT, Path("/tmp/desk"), (BIN,)),
    "an odd folder": Installation(ACCOUNT, Path('/srv/100%n $HOME "x"'), (BIN,)),
}


def analyze(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, words)], capture_output=True, text=True, timeout=100, check=False
    )


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_systemd_finds_nothing_wrong_with_the_unit(name: str, tmp_path: Path) -> None:
    file = tmp_path / "commsdesk.service"
    file.write_text(unit(INSTALLATIONS[name]))
    ended = analyze("verify", "--man=no", file)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_systemd_would_find_something_wrong(tmp_path: Path) -> None:
    file = tmp_path / "commsdesk.service"
    file.write_text(unit(INSTALLATIONS["standard"]).replace("ExecReload=", "ExecRelaod="))
    assert "ExecRelaod" in analyze("verify", "--man=no", file).stderr


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_its_exposure_is_low(name: str, tmp_path: Path) -> None:
    file = tmp_path / "commsdesk.service"
    file.write_text(unit(INSTALLATIONS[name]))
    ended = analyze("security", "--offline=true", f"--threshold={int(HIGHEST_EXPOSURE * 10)}", file)
    (exposure,) = re.findall(r"Overall exposure level for commsdesk\.service: ([\d.]+)", ended.stdout)
    assert (ended.returncode, float(exposure) < HIGHEST_EXPOSURE) == (0, True), exposure


EXAMPLES = ("commsdesk-failed@.service", "commsdesk-works@.service", "commsdesk-alertmanager.service")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_units_of_the_document(name: str, tmp_path: Path) -> None:
    text = example(name).replace("/opt/commsdesk/bin/commsdesk", BIN)
    # A template is verified as an instance of it.
    file = tmp_path / name.replace("@", "@backup.service")
    file.write_text(text.replace("User=commsdesk", f"User={ACCOUNT}"))
    ended = analyze("verify", "--man=no", file)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_drop_in_of_the_document(tmp_path: Path) -> None:
    for name in ("commsdesk-failed@.service", "commsdesk-works@.service"):
        text = example(name).replace("/opt/commsdesk/bin/commsdesk", BIN)
        (tmp_path / name).write_text(text.replace("User=commsdesk", f"User={ACCOUNT}"))
    file = tmp_path / "backup.service"
    file.write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n")
    (tmp_path / "backup.service.d").mkdir()
    (tmp_path / "backup.service.d" / "commsdesk.conf").write_text(example("commsdesk.conf"))
    ended = analyze("verify", "--man=no", file)
    assert (ended.returncode, ended.stderr) == (0, "")
