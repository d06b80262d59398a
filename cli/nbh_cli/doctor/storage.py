"""Disks: room, files, who keeps students within their share, and what stands beside them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nbh_cli import units
from nbh_cli.commands.status.seen import Disk
from nbh_cli.doctor.finding import Finding, error, note, ok, warning
from nbh_kit.config import Config

_FEW_FILES, _HARDLY_ANY_FILES = 0.05, 0.01
_HOW = (
    "have <data>/students on a btrfs with quotas on (`btrfs quota enable`), or on an XFS or ext4 "
    "mounted with prjquota (ext4: made with -O quota,project)"
)


def room(disks: Sequence[Disk]) -> Iterator[Finding]:
    """Whether each disk has enough left."""
    for disk in disks:
        says = f"{disk.folder} has {units.sized(disk.free)} left of {units.sized(disk.total)}"
        advice = (
            "make room: old images (`podman image prune`), courses and students of past terms; "
            "or lower provisioner.free_bytes"
        )
        if disk.free < disk.wanted:
            limit = units.sized(disk.wanted)
            yield error("disk", f"{says}: nobody new is let in below {limit}", advice)
        elif disk.free < 2 * disk.wanted:
            yield warning("disk", says, advice)
        else:
            yield ok("disk", says)


class Files(NamedTuple):
    """How many files a file system can have and how many more."""

    folder: str
    total: int
    free: int


def files_of(folder: str) -> Files:
    """Of the file system of a folder that is there."""
    found = os.statvfs(folder)
    return Files(folder, found.f_files, found.f_favail)


def files(found: Files) -> Finding:
    """Whether a disk has files left; some have no bound."""
    if not found.total:
        return ok("inodes", f"{found.folder}: as many as there is room for")
    left = found.free / found.total
    says = f"{found.folder} has {left:.0%} of its files left"
    advice = "remove many small files (old workspaces, caches), or make it anew with more inodes"
    if left < _HARDLY_ANY_FILES:
        return error("inodes", f"{says}: nobody new is let in below 1 %", advice)
    if left < _FEW_FILES:
        return warning("inodes", says, advice)
    return ok("inodes", says)


class Mounted(NamedTuple):
    """A file system, as /proc/self/mountinfo has it."""

    at: str
    kind: str
    options: tuple[str, ...]


def mounted(mountinfo: str, folder: Path) -> Mounted | None:
    """What a folder is on: the last mount that is nearest above it."""
    best: Mounted | None = None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        at, (kind, _, *options) = before.split()[4], after.split()
        is_above = at == "/" or folder == Path(at) or Path(at) in folder.parents
        if is_above and (best is None or len(at) >= len(best.at)):
            best = Mounted(at, kind, tuple(",".join(options).split(",")))
    return best


def quota(config: Config, on: Mounted | None, *, btrfs_has_quotas: bool) -> Finding:
    """Who keeps students within lab.disk."""
    wanted = config.provisioner.disk_quota
    kind = on.kind if on else "unknown"
    keeps = {
        "btrfs": kind == "btrfs" and btrfs_has_quotas,
        "project": bool(on and {"prjquota", "pquota"} & set(on.options)),
    }
    if wanted == "off":
        return warning("quota", "students may fill the disk: disk_quota is off", f'"auto"; {_HOW}')
    if wanted in keeps and not keeps[wanted]:
        return error("quota", f"disk_quota is {wanted}, and {kind} has none that is on", _HOW)
    if wanted == "watchdog" or not any(keeps.values()):
        return note(
            "quota", f"{kind} does not keep students within their share; they are watched", _HOW
        )
    return ok("quota", f"{kind} keeps students within their share")


def beside(students: Path, data: Path) -> Finding:
    """Whether students can fill the disk that NATS writes to."""
    if students.stat().st_dev == data.stat().st_dev:
        return note(
            "own-disk",
            "students' files and NATS are on one disk: when that is full nobody can come",
            "mount a file system of its own at <data>/students",
        )
    return ok("own-disk", "students' files have a disk of their own")
