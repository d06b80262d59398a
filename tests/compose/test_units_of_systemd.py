"""examples/systemd: whether systemd takes the units, and what it thinks of their rights (E-1)."""

import re
import shutil
import subprocess
import sys

import pytest

from nbh_kit.config import Config
from tests.compose.project import SERVICES
from tests.conftest import REPOSITORY

UNITS = REPOSITORY / "examples" / "systemd"
BESIDE_PODMAN = ("provisioner", "builder")
ANALYZE = shutil.which("systemd-analyze")

pytestmark = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def asked(*words):
    return subprocess.run((ANALYZE, *map(str, words)), capture_output=True, text=True, check=False)


@pytest.fixture
def units(tmp_path):
    """The units, as if this checkout were where they want it."""
    here = {
        "/opt/nbhosting/.venv/bin": str(REPOSITORY / ".venv" / "bin"),
        "/etc/nbhosting/environment": str(UNITS / "environment"),
    }
    for unit in UNITS.glob("nbhosting*"):
        text = unit.read_text()
        for theirs, ours in here.items():
            text = text.replace(theirs, ours)
        (tmp_path / unit.name).write_text(text)
    return sorted(tmp_path.iterdir())


@pytest.mark.skipif(not (REPOSITORY / ".venv").exists(), reason=f"runs on {sys.executable}")
def test_systemd_finds_nothing_wrong(units):
    told = asked("verify", "--man=no", *units)
    assert (told.stdout + told.stderr, told.returncode) == ("", 0)


def test_systemd_would_say_so(units):
    units[0].write_text(units[0].read_text() + "[Service]\nProtectEverything=yes\n")
    assert "ProtectEverything" in asked("verify", "--man=no", units[0]).stderr


@pytest.mark.parametrize("service", sorted({*SERVICES} - {*BESIDE_PODMAN}))
def test_who_is_not_beside_podman_is_exposed_little(service):
    told = asked("security", "--offline=true", UNITS / f"nbhosting-{service}.service")
    level = re.search(r"exposure level.*: ([\d.]+) ", told.stdout)
    assert level, told.stderr
    assert float(level[1]) <= 3.0


@pytest.mark.parametrize("service", SERVICES)
def test_each_is_the_user_that_nbh_prepare_gives_its_secrets_to(service):
    text = (UNITS / f"nbhosting-{service}.service").read_text()
    user = re.search(r"^User=(\d+)$", text, re.M)
    wanted = None if service in BESIDE_PODMAN else str(Config().uid_of(service))
    assert (user and user[1]) == wanted
