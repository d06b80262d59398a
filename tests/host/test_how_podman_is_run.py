"""What podman is told, by what the machine is. Nothing is said where nothing is in the way."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from nbh_cli.host import machine, podman
from nbh_cli.host.failures import PodmanTooOld
from nbh_cli.host.podman import Ulimit

ORDINARY = machine.Machine(True, ("debian",), False, True, 1048576, -1)
CONFINED = replace(ORDINARY, may_raise_limits=False, most_files=20000, most_processes=96365)


def test_an_ordinary_machine_keeps_podmans_own_limits_and_settings():
    assert podman.limits_within(ORDINARY) == ()
    assert podman.containers_conf((), None) == ""


def test_a_machine_that_may_not_raise_limits_gives_them_with_every_container():
    limits = podman.limits_within(CONFINED)
    assert limits == (Ulimit("nofile", 4096, 8192), Ulimit("nproc", 4096, 4096))
    assert limits[0].for_api() == {"Name": "nofile", "Soft": 4096, "Hard": 8192}
    conf = podman.containers_conf(limits, None)
    assert conf == ('[containers]\ndefault_ulimits = ["nofile=4096:8192", "nproc=4096:4096"]\n')


def test_no_limit_is_above_the_machines_own():
    low = replace(CONFINED, most_files=1024, most_processes=-1)
    assert podman.limits_within(low) == (
        Ulimit("nofile", 1024, 1024),
        Ulimit("nproc", 4096, 4096),
    )


def test_crun_alone_is_replaced_where_cgroups_are_hybrid():
    conf = podman.containers_conf((), Path("/run/somewhere/crun"))
    assert 'crun = ["/run/somewhere/crun"]' in conf
    script = podman.crun_without_version_2("/usr/bin/crun")
    assert script.startswith("#!/bin/sh\n")
    assert "unshare --mount" in script
    assert "umount /sys/fs/cgroup/unified" in script


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("podman version 4.3.1\n", (4, 3, 1)),
        ("podman version 5.7.0-rc1", (5, 7, 0)),
        ("podman version 6.0", (6, 0)),
        ("no number", ()),
    ],
)
def test_podmans_version_is_read(said, version):
    assert podman.version_in(said) == version


def test_a_newer_podman_keeps_the_machines_own_containers_conf():
    assert podman.config_variable((5, 4, 2)) == "CONTAINERS_CONF_OVERRIDE"
    assert podman.config_variable((4, 3, 1)) == "CONTAINERS_CONF"


def test_an_old_podman_is_named_with_what_is_needed():
    assert "podman 3.0 is too old: 4.3 or later" in str(PodmanTooOld("3.0", "4.3"))


@pytest.mark.parametrize(
    ("existing", "line"),
    [
        ("", "containers:2147483647:2147483648\n"),
        ("ada:100000:65536", "\ncontainers:2147483647:2147483648\n"),
        ("ada:100000:65536\n", "containers:2147483647:2147483648\n"),
        ("containers:100000:1000000\n", None),
    ],
)
def test_the_range_of_user_namespaces_is_added_once_and_never_replaced(existing, line):
    assert podman.missing_subids(existing) == line


def test_the_service_is_one_command_line():
    here = podman.Podman("/usr/bin/podman")
    assert here.service(Path("/run/nbhosting/podman.sock")) == (
        "/usr/bin/podman",
        "system",
        "service",
        "--time=0",
        "unix:///run/nbhosting/podman.sock",
    )


@pytest.mark.podman
def test_what_is_prepared_twice_is_not_written_twice(tmp_path):
    """Containers that run read these files when they end: the same ones must stay."""
    confined = replace(machine.look(), may_raise_limits=False, hybrid_cgroups=True)
    first = podman.prepare(confined, tmp_path / "run")
    written = {path: path.stat().st_ino for path in (tmp_path / "run").iterdir()}
    assert {path.name for path in written} == {"containers.conf", "crun"}
    assert stat.S_IMODE((tmp_path / "run/crun").stat().st_mode) == 0o755
    assert podman.prepare(confined, tmp_path / "run") == replace(first, notes=())
    assert {path: path.stat().st_ino for path in (tmp_path / "run").iterdir()} == written


@pytest.mark.podman
def test_labs_can_have_user_namespaces_of_their_own(tmp_path):
    podman.prepare(machine.look(), tmp_path)
    for name in ("/etc/subuid", "/etc/subgid"):
        lines = Path(name).read_text().splitlines()
        assert sum(line.startswith("containers:") for line in lines) == 1
    assert os.geteuid() == 0
