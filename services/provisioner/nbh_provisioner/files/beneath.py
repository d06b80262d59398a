"""Opens paths beneath an open folder, never following a link (openat2(2), S-40)."""

import ctypes
import errno
import functools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

_SYS_OPENAT2 = 437  # the same number on every architecture that Linux has
_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x01, 0x02, 0x04, 0x08
_AGAIN = 64

_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


@contextmanager
def folder(root: int, path: str, *, mounts: bool = False) -> Iterator[int]:
    """A folder beneath ``root``, open for the block.

    Args:
        root: descriptor of the folder that nothing may leave.
        path: relative; empty for the root itself.
        mounts: whether the way may lead into another file system.

    Raises:
        OSError: as `open_beneath`; ENOTDIR or ELOOP if something on the way is no folder.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY
    descriptor = open_beneath(root, path, flags, mounts=mounts) if path else os.dup(root)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def file(root: int, path: str) -> Iterator[int]:
    """An ordinary file beneath ``root``, open for the block to be read.

    Raises:
        OSError: as `open_beneath`; EINVAL if it is something else.
    """
    # O_NONBLOCK: a student could have put a pipe there, which nobody ever writes to.
    descriptor = open_beneath(root, path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no file", path)
        yield descriptor
    finally:
        os.close(descriptor)


def open_beneath(root: int, path: str, flags: int, *, mounts: bool = False) -> int:
    """Open what is there already, as open(2) does, beneath the folder ``root``.

    Raises:
        OSError: EXDEV if the path leads out of the root (or of its file system), ELOOP or ENOTDIR
            if a link is on the way or at its end, ENOENT if there is nothing.
    """
    if kernel_has_openat2():
        return openat2(root, path, flags, mounts=mounts)
    return walk(root, path, flags, mounts=mounts)


@functools.cache
def kernel_has_openat2() -> bool:
    """Whether the kernel has the call (5.6 and later) and nothing filters it away."""
    try:
        os.close(openat2(_AT_FDCWD, "/", os.O_PATH | os.O_DIRECTORY, resolve=0))
    except OSError as e:
        if e.errno in (errno.ENOSYS, errno.EPERM):
            return False
        raise
    return True


def openat2(
    root: int, path: str, flags: int, *, mounts: bool = False, resolve: int | None = None
) -> int:
    """Open beneath ``root``, resolved by the kernel in one step."""
    if resolve is None:
        resolve = _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS | (0 if mounts else _NO_XDEV)
    encoded = _encoded(path)
    how = _OpenHow(flags | os.O_CLOEXEC, 0, resolve)
    for _ in range(_AGAIN):
        descriptor = _libc.syscall(
            _SYS_OPENAT2, root, encoded, ctypes.byref(how), ctypes.sizeof(how)
        )
        if descriptor >= 0:
            return int(descriptor)
        error = ctypes.get_errno()
        # Somebody renamed while the kernel made sure of RESOLVE_BENEATH: it asks to try again.
        if error not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(error, os.strerror(error), path)


def walk(root: int, path: str, flags: int, *, mounts: bool = False) -> int:
    """The same for kernels without openat2: one component after the other, none followed."""
    components = _encoded(path).split(b"/")
    if any(c in (b"", b"..") for c in components):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
    descriptor = os.dup(root)
    try:
        for component in components[:-1]:
            descriptor = _step(descriptor, component, _STEP, mounts)
        return _step(descriptor, components[-1], flags | os.O_NOFOLLOW, mounts)
    except BaseException:
        os.close(descriptor)
        raise


_AT_FDCWD = -100
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW


def _step(folder_: int, component: bytes, flags: int, mounts: bool) -> int:
    """Open one component and close the folder it is in; on failure the folder stays open."""
    found = os.open(component, flags, dir_fd=folder_)
    try:
        here, there = os.fstat(folder_), os.fstat(found)
        if (there.st_mode & 0o170000) == 0o120000:  # O_PATH opens the link itself
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fsdecode(component))
        if not mounts and here.st_dev != there.st_dev:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), os.fsdecode(component))
    except BaseException:
        os.close(found)
        raise
    os.close(folder_)
    return found


def _encoded(path: str) -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise OSError(errno.EINVAL, "a NUL in a path", path)
    return encoded
