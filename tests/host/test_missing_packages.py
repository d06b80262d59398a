"""Which packages are asked for, and of whom."""

from dataclasses import replace

import pytest

from nbh_cli import preparing
from nbh_cli.host import machine, packages
from nbh_cli.host.failures import PackagesMissing
from nbh_cli.host.packages import Install, Need, Tell
from nbh_cli.steps import Steps

DEBIAN = machine.Machine(True, ("debian",), False, True, -1, -1)
UBUNTU = replace(DEBIAN, distributions=("ubuntu", "debian"))
FEDORA = replace(DEBIAN, distributions=("fedora",))
ROCKY = replace(DEBIAN, distributions=("rocky", "rhel", "centos", "fedora"))

QUIETLY = ("env", "DEBIAN_FRONTEND=noninteractive")
APT = (*QUIETLY, "apt-get", "install", "-y", "--no-install-recommends", "iproute2", "git")
NEEDED = (Need("ip", "iproute2", "iproute"), Need("git", "git", "git-core"))


@pytest.mark.parametrize("here", [DEBIAN, UBUNTU])
def test_root_on_debian_updates_its_lists_and_installs(here):
    assert packages.plan(here, NEEDED) == Install(
        (
            ("apt-get", "update"),
            APT,
        )
    )


@pytest.mark.parametrize("here", [FEDORA, ROCKY])
def test_root_on_fedora_installs_what_is_called_otherwise_there(here):
    assert packages.plan(here, NEEDED) == Install(
        (("dnf", "install", "-y", "iproute", "git-core"),)
    )


def test_who_is_not_root_is_told_one_command():
    told = packages.plan(replace(DEBIAN, root=False), NEEDED)
    assert told == Tell(
        "sudo apt-get update && sudo env DEBIAN_FRONTEND=noninteractive "
        "apt-get install -y --no-install-recommends iproute2 git"
    )
    assert packages.plan(replace(FEDORA, root=False), NEEDED) == Tell(
        "sudo dnf install -y iproute git-core"
    )


def test_on_an_unknown_distribution_the_packages_are_named():
    nobody_knows = packages.plan(replace(DEBIAN, distributions=("slackware",)), NEEDED)
    assert nobody_knows == Tell(None)
    said = str(PackagesMissing(("podman", "crun"), None))
    assert "podman, crun" in said
    assert "try again" in said


def test_programs_that_are_here_are_not_missing():
    needs = (Need("sh", "dash", "bash"), Need("no-such-program", "absent", "absent"))
    assert packages.missing(needs) == needs[1:]


def test_every_program_is_needed_once():
    assert len({need.what for need in packages.NEEDS}) == len(packages.NEEDS)
    assert {"podman", "crun", "netavark", "git"} <= {need.what for need in packages.NEEDS}


async def test_a_machine_that_has_everything_is_left_alone(capsys):
    await preparing.have(Steps(), (Need("sh", "dash", "bash"),))
    assert capsys.readouterr() == ("", "")
