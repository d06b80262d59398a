"""How much disk a workspace takes: counted from outside, in the background, up to a bound."""

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from nbh_provisioner.files import walking
from nbh_provisioner.files.beneath import folder
from nbh_provisioner.quotas.quota import Quota, Watched
from nbh_provisioner.room import Taken

_MOST_FILES = 50_000
"""Where a student has more, what these take is told, and that there is more."""

_RESTS = 100
"""A workspace is left alone for so many times what its last count took."""

_BLOCK = 512
_LOWEST = 19


class DiskUsage:
    """What workspaces took when they were last counted.

    Whoever asks gets that at once; a count begins meanwhile, one at a time, in a thread that gives
    way to everything else.
    """

    def __init__(self, students: Path, quota: Quota | None = None) -> None:
        """Take the folder of all students, and who may know without counting."""
        self._students = students
        self._quota = quota or Watched()
        self._taken: dict[str, Taken] = {}
        self._rests: dict[str, float] = {}
        """The workspaces that are not counted before an instant."""

        self._counting: set[str] = set()
        self._thread = ThreadPoolExecutor(1, "disk usage", initializer=_give_way)

    def last(self, workspace: str, most: int = _MOST_FILES) -> Taken | None:
        """What a workspace, ``student/course``, took when it was last counted; None if it never
        was. It is counted again, up to so many files."""
        if workspace not in self._counting and self._rests.get(workspace, 0.0) < time.monotonic():
            self._counting.add(workspace)
            count_it = partial(self._count, workspace, most)
            asyncio.get_running_loop().run_in_executor(self._thread, count_it)
        return self.known(workspace)

    def known(self, workspace: str) -> Taken | None:
        """The same, but it is not counted again."""
        return self._taken.get(workspace)

    async def now(self, workspace: str, most: int) -> Taken | None:
        """What a workspace takes, for somebody who waits; None if it is gone."""
        await asyncio.to_thread(self._count, workspace, most, settled=True)
        return self.known(workspace)

    def forget_all_but(self, workspaces: set[str]) -> None:
        """Keep what these took, and nothing else."""
        self._taken = {w: t for w, t in list(self._taken.items()) if w in workspaces}
        self._rests = {w: r for w, r in list(self._rests.items()) if w in workspaces}

    def close(self) -> None:
        """Count no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _count(self, workspace: str, most: int, *, settled: bool = False) -> None:
        began = time.monotonic()
        try:
            with _opened(self._students, workspace) as top:
                if settled:
                    self._quota.settle(top)
                self._taken[workspace] = self._measured(top, most)
        except OSError:
            self._taken.pop(workspace, None)  # it is gone
        finally:
            took = time.monotonic() - began
            self._rests[workspace] = began + took * _RESTS
            self._counting.discard(workspace)

    def _measured(self, top: int, most: int) -> Taken:
        told = self._quota.taken(top)
        if told and told.files is not None:
            return Taken(told.bytes, told.files)
        counted = _counted(top, most)
        # What only one of them sees is there all the same.
        return counted._replace(bytes=max(counted.bytes, told.bytes)) if told else counted


def count(students: Path, workspace: str, most: int = _MOST_FILES) -> Taken:
    """What the files of a workspace take on disk; blocking.

    Raises:
        OSError: there is none.
    """
    with _opened(students, workspace) as top:
        return _counted(top, most)


@contextlib.contextmanager
def _opened(students: Path, workspace: str) -> Iterator[int]:
    root = os.open(students, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with folder(root, workspace, mounts=True) as top:
            yield top
    finally:
        os.close(root)


def _counted(top: int, most: int) -> Taken:
    total, files = 0, 0
    for size in _sizes(top):
        if files == most:
            return Taken(total, files, is_more=True)
        total, files = total + size, files + 1
    return Taken(total, files)


def _sizes(top: int) -> Iterator[int]:
    """What each file and folder takes; a file with several names once."""
    seen: set[tuple[int, int]] = set()
    for _, found in walking.entries(top):
        if not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1:
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
        yield found.st_blocks * _BLOCK


def _give_way() -> None:
    # In Linux a priority is a thread's own (sched(7)).
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _LOWEST)
