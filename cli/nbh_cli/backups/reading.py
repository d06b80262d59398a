"""Reads a folder that others may change meanwhile, in any way they like (S-40).

Everything is opened in the open folder that it is in, and no link is followed: who puts one in the
place of a folder while we look gains nothing. No file is left out because it changes while it is
read; which did so is told.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec.structs import replace

from nbh_cli.backups.listing import Entry, Kind, as_text
from nbh_cli.backups.store import Kept, Store

_PIECE = 1024**2
_DEEPEST = 200
"""Folders in folders; each is open while we are below it."""

_TRIES = 3
_SETTLES_NS = 2_000_000_000
"""What has just changed may change again under the same time."""

_BLOCK = 512
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# a pipe in the place of a file would keep us waiting for who writes to it
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Reading:
    """One folder, read into a store."""

    def __init__(
        self, store: Store, before: Mapping[str, Entry], settles_ns: int = _SETTLES_NS
    ) -> None:
        """``before`` are the files of the last backup, by path: they are read only if changed."""
        self._store = store
        self._before = before
        self._settles_ns = settles_ns
        self._device = 0
        self.entries: list[Entry] = []
        self.left_out: list[str] = []
        """What could not be read, and why."""

        self.torn: list[str] = []
        """The files that changed while they were read, each time."""

    def read(self, folder: int) -> None:
        """Read what is in an open folder, and the folder.

        Raises:
            OSError: the folder itself cannot be listed.
            Unwritable: the store takes no more.
        """
        self._device = os.fstat(folder).st_dev
        self._folder(folder, "", 0)

    def _folder(self, folder: int, path: str, depth: int) -> None:
        found = os.fstat(folder)
        attributes = _attributes(folder)
        self.entries.append(replace(_entry(path, "folder", found), attributes=attributes))
        # a name may come twice where others rename while it is listed
        for name in sorted(set(os.listdir(folder)), key=_refs_before_objects):
            below = f"{path}/{name}" if path else name
            try:
                self._one(folder, name, below, depth + 1)
            except OSError as e:
                if e.errno not in _GONE:
                    self.left_out.append(f"{as_text(below)}: {e.strerror}")

    def _one(self, folder: int, name: str, path: str, depth: int) -> None:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            self._below(folder, name, path, depth)
        elif stat.S_ISREG(found.st_mode):
            self._file(folder, name, path, found)
        elif stat.S_ISLNK(found.st_mode):
            target = os.readlink(name, dir_fd=folder)
            self.entries.append(replace(_entry(path, "link", found), target=as_text(target)))
        # pipes and sockets are nothing without who made them

    def _below(self, folder: int, name: str, path: str, depth: int) -> None:
        if depth > _DEEPEST:
            self.left_out.append(f"{as_text(path)}: more than {_DEEPEST} folders deep")
            return
        with _opened(name, _FOLDER, folder) as below:
            if os.fstat(below).st_dev != self._device:
                self.left_out.append(f"{as_text(path)}: another file system")
                return
            self._folder(below, path, depth)

    def _file(self, folder: int, name: str, path: str, found: os.stat_result) -> None:
        was = self._before.get(as_text(path))
        if was and was.stamp and was.stamp == _stamp(found) and self._store.has(was.object):
            self.entries.append(was)
            return
        with _opened(name, _FILE, folder) as file:
            if stat.S_ISREG(os.fstat(file).st_mode):
                self.entries.append(self._read(file, path))

    def _read(self, file: int, path: str) -> Entry:
        for _ in range(_TRIES):
            before, began = os.fstat(file), time.time_ns()
            extents = _extents(file, before)
            size, digest = self._kept(file, before.st_size, extents)
            if is_whole := _stamp(before) == _stamp(os.fstat(file)):
                break
        else:
            self.torn.append(as_text(path))
        settled = is_whole and before.st_ctime_ns < began - self._settles_ns
        return replace(
            _entry(path, "file", before),
            size=size,
            object=digest,
            extents=extents,
            attributes=_attributes(file),
            stamp=_stamp(before) if settled else "",
        )

    def _kept(
        self, file: int, size: int, extents: tuple[tuple[int, int], ...] | None
    ) -> tuple[int, str]:
        if extents is None and size <= _PIECE:
            content = os.pread(file, size, 0)
            return len(content), self._store.keep(content)
        with self._store.writing() as kept:
            size = _copied(file, size, extents, kept)
        return size, kept.digest


def _refs_before_objects(name: str) -> tuple[bool, str]:
    # in git's folder what is named must be there: objects only ever come
    return name == "objects", name


@contextmanager
def _opened(name: str, flags: int, folder: int) -> Iterator[int]:
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _copied(file: int, size: int, extents: tuple[tuple[int, int], ...] | None, kept: Kept) -> int:
    """Copy what is written of a file; how long it is, which is less where it was cut meanwhile."""
    for offset, length in ((0, size),) if extents is None else extents:
        end = offset + length
        while offset < end:
            if not (piece := os.pread(file, min(_PIECE, end - offset), offset)):
                return _copied_less(kept, end - offset, offset, extents)
            kept.write(piece)
            offset += len(piece)
    return size


def _copied_less(
    kept: Kept, missing: int, offset: int, extents: tuple[tuple[int, int], ...] | None
) -> int:
    # extents say where each byte of the object belongs: what is gone is zeros then
    if extents is None:
        return offset
    kept.write(bytes(missing))
    return offset + missing


def _extents(file: int, found: os.stat_result) -> tuple[tuple[int, int], ...] | None:
    """What is written of a file with holes; None of one without."""
    if found.st_blocks * _BLOCK >= found.st_size:
        return None
    extents, at = [], 0
    try:
        while at < found.st_size:
            begin = os.lseek(file, at, os.SEEK_DATA)
            at = os.lseek(file, begin, os.SEEK_HOLE)
            extents.append((begin, min(at, found.st_size) - begin))
    except OSError as e:
        if e.errno != errno.ENXIO:  # nothing is written from there on
            raise
    return None if extents == [(0, found.st_size)] else tuple(extents)


def _attributes(descriptor: int) -> dict[str, bytes]:
    try:
        names = os.listxattr(descriptor)
    except OSError:  # a file system without them
        return {}
    return {n: os.getxattr(descriptor, n) for n in names if n.startswith("user.")}


def _stamp(found: os.stat_result) -> str:
    # nobody sets the time of a change but the kernel
    return f"{found.st_ino}:{found.st_ctime_ns}:{found.st_mtime_ns}:{found.st_size}"


def _entry(path: str, kind: Kind, found: os.stat_result) -> Entry:
    """What `stat` says of it."""
    return Entry(
        path=as_text(path),
        kind=kind,
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        mtime=found.st_mtime_ns,
    )
