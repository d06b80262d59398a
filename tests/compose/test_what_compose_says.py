"""compose.yaml, read as it stands: rights, networks, secrets, and that it agrees with the code."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from nbh_cli import service_images
from nbh_cli.up.folders import NATS_USERS
from nbh_kit.config import Config
from tests.compose.project import SERVICES
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "compose.yaml").read_text()
FILE = yaml.safe_load(TEXT)
PARTS = FILE["services"]
BESIDE_PODMAN = {"provisioner", "builder"}
ONCE = {"prepare", "nbh"}
"""What is run by hand, for a moment."""


def volumes(part):
    """The long form of each."""
    for volume in PARTS[part].get("volumes", []):
        if isinstance(volume, dict):
            yield volume["source"], volume["target"], "rw"
        else:
            # a variable's default has a colon of its own
            source, target, *options = re.split(r":(?!-)", volume)
            yield source, target, options[0] if options else "rw"


def test_up_starts_all_parts_and_nothing_else():
    assert {name for name, part in PARTS.items() if "profiles" not in part} == set(SERVICES)
    assert {name for name, part in PARTS.items() if "profiles" in part} == ONCE


@pytest.mark.parametrize("part", PARTS)
def test_each_has_no_rights_but_those_that_are_said_and_bounded_memory(part):
    said = PARTS[part]
    assert said["read_only"] is True
    assert said["cap_drop"] == ["ALL"]
    assert "no-new-privileges" in said["security_opt"]
    assert said["mem_limit"]
    assert not said.get("privileged")
    assert said["restart"] == ("no" if part in ONCE else "always")


@pytest.mark.parametrize("part", sorted({*SERVICES} - BESIDE_PODMAN))
def test_who_has_no_podman_has_a_user_of_its_own_and_no_rights(part):
    uid = Config().uid_of(part)
    assert PARTS[part]["user"] == f"{uid}:{uid}"
    assert "cap_add" not in PARTS[part]
    assert not PARTS[part].keys() & {"pid", "network_mode"}


def test_podmans_socket_is_mounted_where_it_is_needed_only():
    assert {
        part for part in PARTS if any("podman}" in s for s, *_ in volumes(part))
    } == BESIDE_PODMAN


@pytest.mark.parametrize("part", SERVICES)
def test_each_says_how_it_is(part):
    assert PARTS[part]["healthcheck"]["test"]


def test_what_a_shell_is_to_ask_is_a_string():
    """podman-compose 1.6 makes one program's name of a list that begins with CMD-SHELL."""
    asked = [part["healthcheck"]["test"] for part in PARTS.values() if "healthcheck" in part]
    assert all(isinstance(test, str) or test[0] == "CMD" for test in asked)


def test_health_is_asked_at_the_port_that_each_service_listens_on():
    config = Config()
    asked = {part: PARTS[part]["healthcheck"]["test"][-1] for part in SERVICES[2:]}
    assert asked == {part: f"127.0.0.1:{config.health_port(part)}" for part in SERVICES[2:]}


def test_what_is_the_sites_has_the_same_path_inside():
    for part in PARTS:
        for source, target, _ in volumes(part):
            if re.search("NBH_(DATA|ETC)", source) and "/servers/" not in source:
                assert target == source, part


def test_one_port_is_published_and_the_bus_has_no_way_out():
    assert [part for part in PARTS if "ports" in PARTS[part]] == ["traefik"]
    assert FILE["networks"]["bus"]["internal"] is True
    assert set(FILE["networks"]) == {"bus", "web"}
    assert set(PARTS["nats"]["networks"]) == {"bus"}
    assert set(PARTS["traefik"]["networks"]) == {"web"}


def test_each_has_the_secrets_that_are_its_own():
    """The provisioner, which has all of the data, reads its own there."""
    given = {p: {s["source"] for s in PARTS[p].get("secrets", [])} for p in PARTS}
    of_nats = {f"nats-{who}" for who in NATS_USERS} - {"nats-provisioner"}
    assert set(FILE["secrets"]) == of_nats | {"router", "stats"}
    assert {p: s for p, s in given.items() if s} == {
        "router": {"router", "nats-router"},
        "stats": {"stats", "nats-stats"},
        "courses": {"nats-courses"},
        "builder": {"nats-builder"},
        "reaper": {"nats-reaper"},
        "nbh": {"nats-operator"},
    }
    for part in PARTS:
        for secret in PARTS[part].get("secrets", []):
            assert secret["target"] == FILE["secrets"][secret["source"]]["file"]


def test_nbh_of_the_checkout_is_told_what_its_container_is(tmp_path):
    """But where the machine has the files, and that it is no container."""
    said = {name: resolved(value) for name, value in PARTS["nbh"]["environment"].items()}
    checkout = tmp_path / "checkout"
    program = checkout / ".venv" / "bin" / "nbh"
    program.parent.mkdir(parents=True)
    (checkout / "scripts").mkdir()
    program.write_text('#!/bin/sh\nenv -0 >"$1"\n')
    program.chmod(0o755)
    shutil.copy(REPOSITORY / "scripts" / "nbh", checkout / "scripts")
    shutil.copy(REPOSITORY / "compose.yaml", checkout)

    def told(*words, **given):
        argv = (checkout / "scripts" / "nbh", *words)
        subprocess.run(argv, env=given, check=True)
        lines = Path(words[0]).read_text().split("\0")
        return dict(line.split("=", 1) for line in lines if line.startswith("NBH_"))

    on_the_machine = told(str(tmp_path / "env"))
    differ = {name for name in said if said[name] != on_the_machine.get(name)}
    assert differ == {"container", "NBH_HEALTH_HOST", *NOT_OF_OPERATORS}
    (checkout / ".env").write_text('# mine\nexport NBH_DATA="/srv/nbh"\nNBH_BUS_NETWORK=10.7.0\n')
    given = {"NBH_BUS_NETWORK": "10.8.0", "NBH_NATS_IMAGE": "nats:2"}
    mine = told(str(tmp_path / "env"), **given)
    assert "NBH_NATS_IMAGE" not in mine, "which is no setting"
    assert (mine["NBH_SITE_DATA"], mine["NBH_NATS_URL"]) == ("/srv/nbh", "nats://10.8.0.2:4222")


NOT_OF_OPERATORS = {
    *("NBH_TRAEFIK_LISTEN", "NBH_TRAEFIK_INTERNAL", "NBH_TRAEFIK_NETWORKS"),
    *("NBH_ROUTER_HOST", "NBH_COURSES_HOST"),
}
"""What parts are told, and no command asks for."""


def resolved(value):
    """With each variable's default."""
    return re.sub(r"\$\{\w+:-([^{}]*)\}", r"\1", value)


def test_images_of_others_are_said_once_and_can_be_others():
    for name in ("nats", "traefik"):
        variable = f"${{NBH_{name.upper()}_IMAGE:-"
        assert PARTS[name]["image"].startswith(f"{variable}docker.io/library/{name}:")
        assert TEXT.count(variable) == 1


def test_it_builds_what_make_services_builds():
    for image in service_images.SERVICES:
        (part,) = [
            p
            for p in PARTS.values()
            if p.get("build", {}).get("args", {}).get("SERVICE") == image.name
        ]
        given = {name: value for name, value in image.arguments if value}
        assert part["build"]["args"] == given
        assert part["build"]["dockerfile"] == f"images/{image.recipe}/Containerfile"
        assert f"/{image.name}:" in part["image"]


def test_every_variable_has_a_default():
    assert set(re.findall(r"\$\{\w+(.)", TEXT)) == {":"}
