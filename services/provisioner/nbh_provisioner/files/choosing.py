"""Which of a student's files can be given back to them all at once, and which are too much."""

import stat
from itertools import islice
from typing import NamedTuple

from nbh_proto.rescue import FileFound, FilesFound
from nbh_provisioner.files import walking

_LOOKED_AT = 50_000


class Bounds(NamedTuple):
    """How much is given out at most."""

    files: int = 5_000
    bytes: int = 1024**3
    """Of all files together."""

    names: int = 400_000
    """Bytes of all paths together: they go in one message."""

    left_out: int = 100
    """Paths that are named as left out."""


BOUNDS = Bounds()


class _Chosen:
    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._names = self._bytes = 0
        self.files: list[FileFound] = []
        self.left_out: list[str] = []
        self.is_more = False

    def take(self, file: FileFound) -> None:
        """The file, or its name alone where it is beyond a bound."""
        names = self._names + len(file.path.encode())
        all_bytes = self._bytes + file.size
        has_room = names <= self._bounds.names and all_bytes <= self._bounds.bytes
        if not has_room or len(self.files) == self._bounds.files:
            self.leave_out(file.path)
            return
        self._names, self._bytes = names, all_bytes
        self.files.append(file)

    def leave_out(self, path: str) -> None:
        """Its name alone, while there are not too many."""
        names = self._names + len(path.encode())
        if names > self._bounds.names or len(self.left_out) == self._bounds.left_out:
            self.is_more = True
            return
        self._names = names
        self.left_out.append(path)


def choose(workspace: int, bounds: Bounds = BOUNDS, looked_at: int = _LOOKED_AT) -> FilesFound:
    """What is in an open workspace, the smallest files first: no film keeps a notebook out."""
    ordinary: list[FileFound] = []
    others: list[str] = []
    entries = walking.entries(workspace, hidden=False)
    for path, about in islice(entries, looked_at):
        if stat.S_ISDIR(about.st_mode):
            continue
        if not stat.S_ISREG(about.st_mode) or not _can_be_said(path):
            others.append(path.encode(errors="replace").decode())
            continue
        ordinary.append(FileFound(path=path, size=about.st_size, changed=int(about.st_mtime)))
    chosen = _Chosen(bounds)
    for file in sorted(ordinary, key=lambda each: (each.size, each.path)):
        chosen.take(file)
    for path in sorted(others):
        chosen.leave_out(path)
    is_more = chosen.is_more or next(entries, None) is not None
    return FilesFound(files=tuple(chosen.files), left_out=tuple(chosen.left_out), is_more=is_more)


def _can_be_said(path: str) -> bool:
    """Names that are no UTF-8 go into no message."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
