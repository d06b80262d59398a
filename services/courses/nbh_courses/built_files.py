"""Finds files of documentation builds, and follows no link on the way (S-12, G19).

What a build wrote is a course's own: a link in it may lead anywhere. So each step is opened from
the folder before it (openat(2)) and must be no link. The one that is followed is ``latest``, which
is read and must be the bare name of a commit beside it.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nbh_proto import names

LATEST = "latest"
INDEX = "index.html"

_COMMIT = re.compile(r"[0-9a-f]{40}")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# a pipe that somebody put there keeps nobody waiting
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_NOTHING = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EACCES,
    errno.ENXIO,
)


class Built(NamedTuple):
    """A file that is there."""

    name: str
    commit: str
    descriptor: int
    """Open; the receiver closes it."""

    about: os.stat_result


class IsFolder(Exception):
    """The path is a folder's: say so by a slash at its end."""


def may_be(commit: str) -> bool:
    """Whether a build can be so named."""
    return commit == LATEST or bool(_COMMIT.fullmatch(commit))


def find(courses: Path, course: str, build: str, commit: str, path: str) -> Built | None:
    """A file of a build, or the index of a folder if the path ends with a slash; None: nothing.

    Raises:
        IsFolder: it is one, and the path does not end with a slash.
    """
    try:
        root = courses / names.checked_id("course", course) / "builds"
        root /= names.checked_id("build", build)
        chosen = _latest(root) if commit == LATEST else commit
        if not _COMMIT.fullmatch(chosen):
            return None
        return _found(root / chosen, chosen, path)
    except names.BadName:
        return None
    except OSError as e:
        if e.errno in _NOTHING:
            return None
        raise


def _latest(root: Path) -> str:
    return str((root / LATEST).readlink())


def _found(root: Path, commit: str, path: str) -> Built | None:
    *folders, name = path.split("/")
    if not all(map(_is_name, (*folders, name or INDEX))):
        return None
    with _entered(root, folders) as folder:
        descriptor = os.open(name or INDEX, _FILE, dir_fd=folder)
    about = os.fstat(descriptor)
    if stat.S_ISREG(about.st_mode):
        return Built(name or INDEX, commit, descriptor, about)
    os.close(descriptor)
    if stat.S_ISDIR(about.st_mode) and name:
        raise IsFolder
    return None


def _is_name(part: str) -> bool:
    return part not in ("", ".", "..") and "\0" not in part


@contextmanager
def _entered(root: Path, folders: list[str]) -> Iterator[int]:
    current = os.open(root, _FOLDER)
    try:
        for name in folders:
            inner = os.open(name, _FOLDER, dir_fd=current)
            os.close(current)
            current = inner
        yield current
    finally:
        os.close(current)
