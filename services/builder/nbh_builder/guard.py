"""Keeps a build within its bounds, and ends it: podman itself does neither.

Podman 4.3 goes on with a RUN whose client has hung up, knows no limit of processes for it, and
none of the disk. So a build is found by its mark, a file that is lent to each of its RUNs and so
stands in its mount table, whichever cgroup manager and version podman has.
"""

import os
import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import structlog

logger = structlog.get_logger(__name__)

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


def processes(mark: str) -> Iterator[int]:
    """The processes of this machine that have a path with this in their mount table."""
    sought = mark.encode()
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                if sought in (folder / "mountinfo").read_bytes():
                    yield int(folder.name)
            except OSError:  # it ended
                continue


def end(mark: str) -> bool:
    """End what carries a mark; whether there was anything. To be called until there is nothing.

    The first process of a process namespace takes all others with it, so a build that forks faster
    than we look ends all the same.
    """
    found = False
    for process in processes(mark):
        if process != os.getpid():
            found = True
            _kill(process)
    return found


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def limit_processes(mark: str, most: int) -> bool:
    """Have what carries a mark hold so many processes at most; whether there is anything."""
    process = next(processes(mark), None)
    if process is None:
        return False
    try:
        limit = _pids_of((_PROC / str(process) / "cgroup").read_text())
        if limit is not None:
            limit.write_text(str(most))
    except OSError as e:  # it ended, or this machine's cgroups know no such limit
        logger.debug("a build's processes are not limited", error=str(e))
    return True


def _pids_of(cgroups: str) -> Path | None:
    """Where the limit stands, of what ``/proc/PID/cgroup`` says: of version 1, else of 2."""
    found = None
    for line in cgroups.splitlines():
        _, controllers, path = line.split(":", 2)
        if path == "/":
            continue
        if "pids" in controllers.split(","):
            return _CGROUPS / "pids" / path.lstrip("/") / "pids.max"
        if not controllers:
            found = _CGROUPS / path.lstrip("/") / "pids.max"
    return found


class Disk(NamedTuple):
    """The file systems that a build may write to, and how much of each it may take. In bytes."""

    free_before: Mapping[Path, int]
    """By a folder on each."""

    most: int
    keep_free: int

    @property
    def complaint(self) -> str:
        """What is wrong with how much is taken; empty when nothing is. Whatever else writes there
        meanwhile counts too: the machine comes first."""
        for folder, before in self.free_before.items():
            free = shutil.disk_usage(folder).free
            if free < self.keep_free:
                return f"less than {_sized(self.keep_free)} of disk is left (builder.free_bytes)"
            if before - free > self.most:
                return f"it took more than {_sized(self.most)} of disk (builder.max_bytes)"
        return ""


def _sized(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"


def disk(folders: Iterable[Path], most: int, keep_free: int) -> Disk:
    """The file systems under some folders, as they are now."""
    return Disk({each: shutil.disk_usage(each).free for each in folders}, most, keep_free)
