"""Which system packages are missing, and how they get here."""

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from nbh_cli.host.machine import Machine

Family = Literal["debian", "fedora"]

_HELPERS = tuple(
    f"{prefix}/{folder}/podman"
    for prefix in ("/usr", "/usr/local")
    for folder in ("lib", "libexec")
)
"""Where podman looks for programs that are only for it."""


@dataclass(frozen=True, slots=True)
class Need:
    """A program, and the packages that have it and what it needs; several with blanks between."""

    what: str
    debian: str
    fedora: str

    def package(self, family: Family | None) -> str:
        """What to install; where nobody knows the family, Debian's name says enough."""
        return self.fedora if family == "fedora" else self.debian


NEEDS = (
    Need("podman", "podman", "podman"),
    Need("crun", "crun", "crun"),
    Need("netavark", "netavark", "netavark"),
    Need("aardvark-dns", "aardvark-dns", "aardvark-dns"),
    # `--init` in every lab
    Need("catatonit", "catatonit", "catatonit"),
    # netavark calls it, and says only "No such file or directory" when it is not there
    Need("iptables", "iptables", "iptables-nft"),
    Need("nft", "nftables", "nftables"),
    Need("ip", "iproute2", "iproute"),
    Need("newuidmap", "uidmap", "shadow-utils"),
    Need("debootstrap", "debootstrap debian-archive-keyring", "debootstrap"),
    Need("git", "git", "git-core"),
)


@dataclass(frozen=True, slots=True)
class Install:
    """What we may run ourselves, in this order."""

    commands: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """What a person has to run; None where nobody here knows the package manager."""

    command: str | None


def family(distributions: Iterable[str]) -> Family | None:
    """Whose package names hold; from `Machine.distributions`."""
    for each in distributions:
        if each in ("debian", "ubuntu"):
            return "debian"
        if each in ("fedora", "rhel", "centos"):
            return "fedora"
    return None


def missing(needs: Iterable[Need] = NEEDS) -> tuple[Need, ...]:
    """What is not on this machine."""
    path = os.pathsep.join((*_HELPERS, "/usr/sbin", "/sbin"))
    return tuple(
        need
        for need in needs
        if not (shutil.which(need.what) or shutil.which(need.what, path=path))
    )


def plan(machine: Machine, needs: Sequence[Need]) -> Install | Tell:
    """How to get these packages: by ourselves if we are root and know how, else by a person."""
    kind = family(machine.distributions)
    packages = _packages(needs, kind)
    if kind is None:
        return Tell(None)
    commands = _apt(packages) if kind == "debian" else _dnf(packages)
    if machine.root:
        return Install(commands)
    return Tell(" && ".join("sudo " + " ".join(command) for command in commands))


def _packages(needs: Sequence[Need], kind: Family | None) -> tuple[str, ...]:
    return tuple(package for need in needs for package in need.package(kind).split())


def _apt(packages: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    quietly = ("env", "DEBIAN_FRONTEND=noninteractive")
    return (
        ("apt-get", "update"),
        (*quietly, "apt-get", "install", "-y", "--no-install-recommends", *packages),
    )


def _dnf(packages: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return (("dnf", "install", "-y", *packages),)
