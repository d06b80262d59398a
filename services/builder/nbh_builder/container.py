"""A container for what a course brings, under the conditions of a lab. Pure.

As the provisioner runs labs (S-32 to S-34; a test holds the two together): no capability, no new
privileges, a user namespace of its own, uid 1000, no swap, an init.
"""

from typing import Any

import msgspec

UID, GID = 1000, 100
WORK = "/home/jovyan/work"
CONFIG = "/run/nbh"
RUNTIME = "/run/nbh-runtime"
MIRROR = "/srv/course.git"

OURS = "nbh.builder"
"""The label of our containers. They are no labs: theirs, which an image may carry, are emptied."""

_LAB_LABELS = (
    "site",
    "node",
    "course",
    "student",
    "image",
    "generation",
    "capability",
    "egress",
    "spec",
)
_USERS = 65536
_LOG_BYTES = 16 * 1024**2
_SHARED_MEMORY_BYTES = 64 * 1024**2
_CPU_PERIOD = 100_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What it may use. Memory in bytes."""

    memory: int
    cpus: float
    processes: int
    open_files: int = 8192
    most_tmp: int = 512 * 1024**2
    """Of ``/tmp`` and of ``/var/tmp``, each; in memory, and a quarter of it at most."""


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of this machine, seen inside."""

    source: str
    target: str
    read_only: bool = True
    owned: bool = True
    """Whether inner users are the ones on disk; else all are nobody."""


def body(
    *,
    name: str,
    site: str,
    image: str,
    command: tuple[str, ...],
    environment: dict[str, str],
    mounts: tuple[Mount, ...],
    limits: Limits,
    network: bool,
) -> dict[str, Any]:
    """The body of ``POST /containers/create``."""
    return {
        "name": name,
        "image": image,
        "entrypoint": [],
        "command": list(command),
        "env": environment,
        "labels": {**{f"nbh.{label}": "" for label in _LAB_LABELS}, OURS: site},
        "user": f"{UID}:{GID}",
        "work_dir": WORK,
        "init": True,
        "privileged": False,
        "no_new_privileges": True,
        "cap_drop": ["ALL"],
        "userns": {"nsmode": "auto"},
        "idmappings": {"AutoUserNs": True, "AutoUserNsOpts": {"Size": _USERS}},
        "netns": {"nsmode": "bridge" if network else "none"},
        "sysctl": {"net.ipv6.conf.default.disable_ipv6": "1"},
        "mounts": [*_tmp(limits), *(_mount(mount) for mount in mounts)],
        "shm_size": _SHARED_MEMORY_BYTES,
        "resource_limits": {
            "memory": {"limit": limits.memory, "swap": limits.memory},
            "cpu": {"period": _CPU_PERIOD, "quota": round(limits.cpus * _CPU_PERIOD)},
            "pids": {"limit": limits.processes},
        },
        "r_limits": [
            {"type": "nofile", "soft": limits.open_files, "hard": limits.open_files},
            {"type": "nproc", "soft": limits.processes, "hard": limits.processes},
            {"type": "core", "soft": 0, "hard": 0},
        ],
        "log_configuration": {"driver": "k8s-file", "size": _LOG_BYTES},
        "stdin": False,
        "terminal": False,
    }


def _tmp(limits: Limits) -> list[dict[str, Any]]:
    size = min(limits.most_tmp, limits.memory // 4)
    options = ["rw", "nosuid", "nodev", "mode=1777", f"size={size}"]
    return [
        {"type": "tmpfs", "source": "tmpfs", "destination": target, "options": options}
        for target in ("/tmp", "/var/tmp")
    ]


def _mount(mount: Mount) -> dict[str, Any]:
    options = ["ro" if mount.read_only else "rw", "rbind", "rprivate", "nosuid", "nodev"]
    if mount.owned:
        options.append("idmap")
    return {
        "type": "bind",
        "source": mount.source,
        "destination": mount.target,
        "options": options,
    }
