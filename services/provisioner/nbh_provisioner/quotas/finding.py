"""Chooses who keeps students within their share, by what their file system can. Said once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import structlog

from nbh_provisioner.quotas import btrfs_calls, project_calls
from nbh_provisioner.quotas.btrfs import Btrfs
from nbh_provisioner.quotas.project import Project
from nbh_provisioner.quotas.quota import Quota, Watched

Wanted = Literal["auto", "btrfs", "project", "watchdog", "off"]

_HOW = {
    "btrfs": "a btrfs does so with quotas on (`btrfs quota enable`)",
    "project": "an XFS does so when mounted with prjquota, and so does an ext4 that has the "
    "features quota and project",
}

logger = structlog.get_logger(__name__)


def find(wanted: Wanted, students: Path) -> Quota:
    """What the configuration wants, as far as it can be had; else students are watched.

    Args:
        students: the folder of all of them.
    """
    if wanted in ("watchdog", "off"):
        return Watched()
    for name, driver in _DRIVERS.items():
        if wanted in ("auto", name) and (quota := _tried(driver, students)):
            logger.info("the file system keeps students within their share", quota=name)
            return quota
    how = _HOW.get(wanted, "; ".join(_HOW.values()))
    say = logger.info if wanted == "auto" else logger.error
    say("students are watched: their file system does not keep them within their share", how=how)
    return Watched()


def _tried(driver: Callable[[int], Quota | None], students: Path) -> Quota | None:
    students.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(students, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return driver(folder)
    except OSError:
        return None  # it is another file system, or we may not
    finally:
        os.close(folder)


def _btrfs(folder: int) -> Quota | None:
    return Btrfs() if btrfs_calls.has_quotas(folder) else None


def _project(folder: int) -> Quota | None:
    # Where the operator has made one project of all students, none of them can have another.
    if project_calls.is_inherited(folder) or not project_calls.are_enforced(folder):
        return None
    return Project()


_DRIVERS: dict[str, Callable[[int], Quota | None]] = {"btrfs": _btrfs, "project": _project}
