"""examples/quadlet: made of compose.yaml, and of keys that podman 4.4 knows (E-1)."""

import shlex
import subprocess
import sys

import pytest

from tests.compose.project import SERVICES
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "examples" / "quadlet"
FILES = sorted(FOLDER.iterdir())

KEYS = {
    "Unit": {"Description", "Requires", "After"},
    "Service": {"Restart", "RestartSec", "TimeoutStopSec", "Type", "RemainAfterExit"},
    "Install": {"WantedBy"},
    "Network": {"Subnet", "IPRange", "Internal"},
    "Container": {
        *("AddCapability", "ContainerName", "DropCapability", "Environment", "Exec", "Group"),
        *("Image", "Network", "NoNewPrivileges", "PodmanArgs", "PublishPort", "ReadOnly"),
        *("SecurityLabelDisable", "User", "Volume"),
    },
}
"""Of podman-systemd.unit(5) as it was in podman 4.4, those that we use."""


def sections(path):
    """Section → (key, value) of each line."""
    found, name = {}, ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(tuple(line.split("=", 1)))
    return found


def test_they_are_what_compose_says(tmp_path):
    script = REPOSITORY / "scripts" / "make-quadlet"
    subprocess.run((sys.executable, script, tmp_path), check=True)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text() for path in FILES}


def test_there_is_one_for_each_part():
    containers = {f"nbhosting-{service}" for service in (*SERVICES, "prepare")}
    assert {path.stem for path in FILES if path.suffix == ".container"} == containers


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_podman_4_4_knows_every_key(path):
    for section, lines in sections(path).items():
        assert {key for key, _ in lines} <= KEYS[section]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_argument_is_one_word(path):
    """As systemd and a shell split it; no variable of compose's is left."""
    assert "${" not in path.read_text()
    for key, value in sections(path).get("Container", ()):
        if key in ("PodmanArgs", "Environment"):
            assert len(shlex.split(value)) == 1, value
            assert not ('"' in value and value[0] != "'"), value
