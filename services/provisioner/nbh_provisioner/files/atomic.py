"""Gives folders new files, whole or not at all; a crash leaves the old one or the new one (R-6).

Content comes under a temporary name beside its place. That name follows from the file's own, so
what a crash left is taken away by the next attempt; the callers see to it that two attempts for
one student never run at once.
"""

import contextlib
import ctypes
import errno
import hashlib
import os
from collections.abc import Callable
from typing import NamedTuple

from nbh_provisioner.files import origins

_NOREPLACE = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Owner(NamedTuple):
    """The user and the group that files on disk belong to: the lab's inner user (S8)."""

    uid: int
    gid: int


def put_copy(folder: int, name: str, source: int, owner: Owner | None, *, replace: bool) -> bool:
    """Give ``folder`` a file with the content and the times of the open file ``source``, which is
    written on it as its original.

    Args:
        owner: who gets it; None where this process may not give files away.
        replace: whether a file of that name gives way; otherwise it stays as it is.

    Returns:
        Whether the file is new now.

    Raises:
        OSError: ENOSPC, EDQUOT, or EISDIR if a folder has that name; nothing has changed then.
    """
    times = os.fstat(source)

    def fill(target: int) -> None:
        _copy(source, target, times.st_size)
        origins.write(target, origins.digest(source))
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))

    mode = 0o755 if times.st_mode & 0o100 else 0o644
    return _put(folder, name, fill, owner, mode, replace)


def put_foreign(
    folder: int, name: str, source: int, owner: Owner | None, *, replace: bool
) -> bool:
    """The same of a file that was made of no original here; its holes stay holes.

    It is not synced: who puts thousands syncs the file system once (`sync_file_system`).
    """
    times = os.fstat(source)

    def fill(target: int) -> None:
        _copy_what_is_written(source, target, times.st_size)
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))

    mode = 0o755 if times.st_mode & 0o100 else 0o644
    return _put(folder, name, fill, owner, mode, replace, synced=False)


def put_bytes(folder: int, name: str, content: bytes, owner: Owner | None, mode: int) -> None:
    """Give ``folder`` a file with this content, in the place of one that is there.

    Raises:
        OSError: as `put_copy`.
    """

    def fill(target: int) -> None:
        with os.fdopen(target, "wb", closefd=False) as file:
            file.write(content)

    _put(folder, name, fill, owner, mode, replace=True)


def rename_new(source: int, name: str, target: int, new: str) -> None:
    """Move ``name`` from one open folder to another, where nothing has the name ``new``.

    Raises:
        FileExistsError: something has.
        OSError: EXDEV if the folders are on two file systems, and what rename(2) says.
    """
    if _libc.renameat2(source, os.fsencode(name), target, os.fsencode(new), _NOREPLACE) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), new)


def sync_file_system(folder: int) -> None:
    """Return once all that was written so far on an open folder's file system is on the disk.

    One call for the names of ten thousand workspaces, where syncing each takes seconds.
    """
    if _libc.syncfs(folder) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def temporary(name: str) -> str:
    """The name under which a file's new content comes."""
    return f".nbh-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}.part"


def _put(
    folder: int,
    name: str,
    fill: Callable[[int], None],
    owner: Owner | None,
    mode: int,
    replace: bool,
    *,
    synced: bool = True,
) -> bool:
    part = temporary(name)
    target = _fresh(folder, part)
    try:
        try:
            fill(target)
            if owner is not None:
                os.fchown(target, *owner)
            os.fchmod(target, mode)
            if synced:
                os.fsync(target)
        finally:
            os.close(target)
        if replace:
            os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            rename_new(folder, part, folder, name)
    except BaseException as e:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part, dir_fd=folder)
        if not replace and isinstance(e, FileExistsError):
            return False
        raise
    if synced:
        os.fsync(folder)
    return True


def _fresh(folder: int, part: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(part, flags, 0o600, dir_fd=folder)
    except FileExistsError:
        os.unlink(part, dir_fd=folder)
        return os.open(part, flags, 0o600, dir_fd=folder)


def _copy(source: int, target: int, size: int) -> None:
    _copy_from(source, target, 0, size)


def _copy_what_is_written(source: int, target: int, size: int) -> None:
    """A student may have made a file of terabytes that are nowhere."""
    at = 0
    while at < size:
        try:
            start = os.lseek(source, at, os.SEEK_DATA)
        except OSError as e:
            if e.errno != errno.ENXIO:  # nothing is written from here to the end
                raise
            break
        at = min(os.lseek(source, start, os.SEEK_HOLE), size)
        os.lseek(target, start, os.SEEK_SET)
        _copy_from(source, target, start, at)
    os.ftruncate(target, size)


def _copy_from(source: int, target: int, start: int, end: int) -> None:
    at = start
    while at < end:
        step = os.sendfile(target, source, at, end - at)
        if step == 0:  # it became shorter meanwhile: revisions never do
            break
        at += step
