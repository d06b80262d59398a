"""The system calls of mounts, and a way into the mount namespace of a lab (mount_setattr(2),
open_tree(2), move_mount(2), setns(2)): what neither Python nor its libc has functions for."""

import contextlib
import ctypes
import os
import threading
from collections.abc import Callable, Generator

NOSUID, NODEV, RDONLY, IDMAP = 0x2, 0x4, 0x1, 0x100000
PRIVATE = 1 << 18

# the same numbers on every architecture that Linux has
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT, _SYS_MOUNT_SETATTR = 428, 429, 442
_CLONE_FS, _CLONE_NEWNS = 0x200, 0x20000
_AT_FDCWD, _AT_RECURSIVE, _AT_EMPTY_PATH, _AT_SYMLINK_NOFOLLOW = -100, 0x8000, 0x1000, 0x100
_OPEN_TREE_CLONE, _MOVE_MOUNT_F_EMPTY_PATH = 1, 4

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def set_flags(target: str, flags: int) -> None:
    """Set flags on the mount at ``target``, and on all below it."""
    attributes = _MountAttr(attr_set=flags)
    _set_attributes(_AT_FDCWD, target, _AT_RECURSIVE, attributes)


@contextlib.contextmanager
def cloned(folder: str) -> Generator[int]:
    """A mount of a folder that is nowhere yet, as a descriptor; it goes with the block unless it
    was moved somewhere. No link is followed at the end of the path."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_SYMLINK_NOFOLLOW
    path = os.fsencode(folder)
    descriptor = _libc.syscall(_SYS_OPEN_TREE, _AT_FDCWD, path, ctypes.c_uint(flags))
    _check(descriptor, folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def configure(mount: int, flags: int, users: int) -> None:
    """Set the flags of a `cloned` mount, make it private, and map its owners as the user namespace
    ``users`` does."""
    attributes = _MountAttr(attr_set=flags, propagation=PRIVATE, userns_fd=users)
    _set_attributes(mount, "", _AT_EMPTY_PATH, attributes)


def move(mount: int, target: str) -> None:
    """Mount a `cloned` mount at ``target``. No link is followed at the end of the path."""
    done = _libc.syscall(
        _SYS_MOVE_MOUNT,
        mount,
        b"",
        _AT_FDCWD,
        os.fsencode(target),
        ctypes.c_uint(_MOVE_MOUNT_F_EMPTY_PATH),
    )
    _check(done, target)


def inside(namespace: int, do: Callable[[], None]) -> None:
    """Do something in a mount namespace: in a thread that enters it and ends there, so that the
    rest of the process stays where it is.

    Raises:
        OSError: that which ``do`` raised, or it could not be entered.
    """
    failed: list[OSError] = []

    def run() -> None:
        try:
            _check(_libc.unshare(_CLONE_FS), "unshare")
            _check(_libc.setns(namespace, _CLONE_NEWNS), "setns")
            do()
        except OSError as e:
            failed.append(e)

    thread = threading.Thread(target=run, name="mounts")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _set_attributes(place: int, path: str, flags: int, attributes: _MountAttr) -> None:
    done = _libc.syscall(
        _SYS_MOUNT_SETATTR,
        place,
        os.fsencode(path),
        ctypes.c_uint(flags),
        ctypes.byref(attributes),
        ctypes.sizeof(attributes),
    )
    _check(done, path or "mount_setattr")


def _check(result: int, what: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)
