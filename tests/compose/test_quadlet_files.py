"""examples/quadlet: made of compose.yaml, and of keys that podman 4.4 knows (E-1)."""

import json
import os
import secrets
import shlex
import subprocess
import sys

import pytest
import yaml

from nbh_cli.host import debian, machine, podman
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


@pytest.mark.podman
async def test_podman_understands_them_as_compose_means_them(tmp_path):
    """What is an argument: the health check and the entrypoint, as podman itself tells them."""
    here = podman.prepare(machine.look(), tmp_path)
    image = await debian.image(here, print)
    parts = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
    for path in FILES:
        given = sections(path).get("Container", ())
        words = [w for k, v in given if k == "PodmanArgs" for w in shlex.split(v)]
        if words:
            config = _created(here, words, image)
            part = parts[path.stem.removeprefix("nbhosting-")]
            test = part.get("healthcheck", {}).get("test")
            if isinstance(test, list):
                assert config["Healthcheck"]["Test"] == test
            elif test:
                assert config["Healthcheck"]["Test"][0] == "CMD-SHELL"
            if "entrypoint" in part:
                assert config["Entrypoint"].split() == part["entrypoint"]


def _created(here, words, image):
    name = f"nbh-{secrets.token_hex(4)}"
    # without systemd there are no timers to make, or to remove
    environment = {**os.environ, **here.environment, "DISABLE_HC_SYSTEMD": "true"}

    def run(*arguments):
        argv = here.command(*arguments)
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    try:
        run("create", "--name", name, *words, image, "true")
        return json.loads(run("inspect", name))[0]["Config"]
    finally:
        run("rm", "--force", "--ignore", name)
