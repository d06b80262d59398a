"""What this machine is: read once, then decided on. It changes nothing."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path

UNIFIED = "/sys/fs/cgroup/unified"

_CAP_SYS_RESOURCE = 24


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts that decide how podman is installed and run."""

    root: bool

    distributions: tuple[str, ...]
    """What it is and what it is like, nearest first: ("ubuntu", "debian")."""

    hybrid_cgroups: bool
    """Version 1 with version 2 mounted beside it, which crun refuses."""

    may_raise_limits: bool
    """Whether a process may set limits above its own (capability SYS_RESOURCE)."""

    most_files: int
    """The hard limit of open files here; -1 if there is none."""

    most_processes: int
    """The hard limit of processes here; -1 if there is none."""


def look() -> Machine:
    """Read the facts of the machine that we are on."""
    return Machine(
        root=os.geteuid() == 0,
        distributions=distributions(_text("/etc/os-release")),
        hybrid_cgroups=hybrid_cgroups(_text("/proc/self/mounts")),
        may_raise_limits=may_raise_limits(_text("/proc/self/status")),
        most_files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        most_processes=resource.getrlimit(resource.RLIMIT_NPROC)[1],
    )


def distributions(os_release: str) -> tuple[str, ...]:
    """ID and ID_LIKE of os-release(5)."""
    given = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    words = f"{given.get('ID', '')} {given.get('ID_LIKE', '')}"
    return tuple(words.replace('"', "").replace("'", "").split())


def hybrid_cgroups(mounts: str) -> bool:
    """Whether cgroup version 2 is mounted beside version 1; from /proc/self/mounts."""
    fields = [line.split() for line in mounts.splitlines()]
    kinds = {where: kind for _, where, kind, *_ in fields}
    return kinds.get(UNIFIED) == "cgroup2" and kinds.get("/sys/fs/cgroup") != "cgroup2"


def may_raise_limits(status: str) -> bool:
    """Whether the capability SYS_RESOURCE is effective; from /proc/self/status."""
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            return bool(int(value, 16) >> _CAP_SYS_RESOURCE & 1)
    return False


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
