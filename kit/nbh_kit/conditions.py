"""The conditions under which runs what students and courses bring (S-32 to S-34, S-38). Pure.

Labs, and containers in which a course's image is tried or its documentation is built, have the
same; so they stand here once, as podman's API puts them (libpod, 4.3 and later). podman-py's own
``containers.create`` cannot say all of it: neither id-mapped, nosuid, nodev mounts nor an
automatic user namespace (``userns_mode="auto"`` alone leaves podman 4.3 with none: the container's
root is then the machine's).
"""

from typing import Any

import msgspec

_USERS = 65536
_LOG_BYTES = 1024**2
_SHARED_MEMORY_BYTES = 64 * 1024**2
_CPU_PERIOD = 100_000
_TERMINALS = 32


NO_LAB = {
    f"nbh.{label}": ""
    for label in (
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
}
"""Labels of a container that is no lab: those of labs, which an image may carry, are emptied."""


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of this machine, seen inside. Always without set-uid programs and devices."""

    source: str
    target: str
    read_only: bool
    owned: bool
    """Whether inner users are the ones on disk (an id-mapped mount); else all are nobody."""


class Contained(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What runs, and what it may use.

    To it comes, always: no capability, no new privileges, the default seccomp filter, a user
    namespace of its own, an init, no swap, no core dumps, a bounded log and so many terminals.
    """

    name: str
    """Unique on this machine."""

    image: str
    """An image's id, never a name that may move."""

    command: tuple[str, ...]
    environment: dict[str, str]
    labels: dict[str, str]
    mounts: tuple[Mount, ...]
    user: int
    group: int
    folder: str
    """Where the command starts."""

    memory: int
    """Bytes."""

    cpus: float
    processes: int
    open_files: int
    tmp: int
    """Bytes of ``/tmp`` and of ``/var/tmp``, each; in memory."""

    file_bytes: int = 0
    """How large a file may become; 0 for as large as there is room. Not less than a MiB: what
    starts the container writes some itself."""


def body(contained: Contained, *, log_bytes: int = _LOG_BYTES) -> dict[str, Any]:
    """The body of ``POST /containers/create``, but for networks."""
    return {
        "name": contained.name,
        "image": contained.image,
        # the public Jupyter images have an entrypoint of their own
        "entrypoint": [],
        "command": list(contained.command),
        "env": contained.environment,
        "labels": contained.labels,
        "user": f"{contained.user}:{contained.group}",
        "work_dir": contained.folder,
        "init": True,
        "privileged": False,
        "no_new_privileges": True,
        "cap_drop": ["ALL"],
        "userns": {"nsmode": "auto"},
        "idmappings": {"AutoUserNs": True, "AutoUserNsOpts": {"Size": _USERS}},
        # no address but the one that rules know it by; lo keeps ::1
        "sysctl": {"net.ipv6.conf.default.disable_ipv6": "1"},
        "mounts": [*_tmp(contained.tmp), _terminals(), *(_mount(m) for m in contained.mounts)],
        "shm_size": _SHARED_MEMORY_BYTES,
        "resource_limits": {
            # as much with swap as without: no swap
            "memory": {"limit": contained.memory, "swap": contained.memory},
            "cpu": {"period": _CPU_PERIOD, "quota": round(contained.cpus * _CPU_PERIOD)},
            "pids": {"limit": contained.processes},
        },
        "r_limits": _r_limits(contained),
        "log_configuration": {"driver": "k8s-file", "size": log_bytes},
        "stdin": False,
        "terminal": False,
    }


def _r_limits(contained: Contained) -> list[dict[str, Any]]:
    """All of them by number: podman's defaults fail where CAP_SYS_RESOURCE is missing."""
    limits = {
        "nofile": contained.open_files,
        # never met: one more than the control group has room for, and that one counts (S-38)
        "nproc": contained.processes + 1,
        "core": 0,
    }
    if contained.file_bytes:
        limits["fsize"] = contained.file_bytes
    return [{"type": name, "soft": most, "hard": most} for name, most in limits.items()]


def _tmp(size: int) -> list[dict[str, Any]]:
    """Bounded, and gone with the container (S-32). Podman takes no bound for the number of files;
    what each takes is of the container's memory."""
    options = ["rw", "nosuid", "nodev", "mode=1777", f"size={size}"]
    return [
        {"type": "tmpfs", "source": "tmpfs", "destination": target, "options": options}
        for target in ("/tmp", "/var/tmp")
    ]


def _terminals() -> dict[str, Any]:
    """As podman has it, with a bound: all containers of a machine have 3 072 terminals together,
    which one was seen to take (S-38)."""
    options = ["nosuid", "noexec", "newinstance", "gid=5", "mode=0620", "ptmxmode=0666"]
    return {
        "type": "devpts",
        "source": "devpts",
        "destination": "/dev/pts",
        "options": [*options, f"max={_TERMINALS}"],
    }


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
