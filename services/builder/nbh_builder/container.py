"""A container for what a course brings, as labs are (`nbh_kit.conditions`). Pure."""

from typing import Any

import msgspec

from nbh_kit import conditions
from nbh_kit.conditions import Contained, Mount

UID, GID = 1000, 100
WORK = "/home/jovyan/work"
CONFIG = "/run/nbh"
RUNTIME = "/run/nbh-runtime"
MIRROR = "/srv/course.git"

OURS = "nbh.builder"
"""The label of our containers."""

_LOG_BYTES = 16 * 1024**2


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What it may use. Memory in bytes."""

    memory: int
    cpus: float
    processes: int
    open_files: int = 8192
    most_tmp: int = 512 * 1024**2
    """Of ``/tmp`` and of ``/var/tmp``, each; in memory, and a quarter of it at most."""


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
    contained = Contained(
        name=name,
        image=image,
        command=command,
        environment=environment,
        labels={**conditions.NO_LAB, OURS: site},
        mounts=mounts,
        user=UID,
        group=GID,
        folder=WORK,
        memory=limits.memory,
        cpus=limits.cpus,
        processes=limits.processes,
        open_files=limits.open_files,
        tmp=min(limits.most_tmp, limits.memory // 4),
    )
    return {
        **conditions.body(contained, log_bytes=_LOG_BYTES),
        "netns": {"nsmode": "bridge" if network else "none"},
    }
