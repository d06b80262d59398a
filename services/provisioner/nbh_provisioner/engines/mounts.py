"""Takes set-uid programs and devices away from a lab's mounts, where the runtime forgot (S-34).

crun 1.8 leaves ``nosuid`` and ``nodev`` off a bind mount that may be written to (measured). The
flags are set from outside then, on the mounts of the container's own mount namespace.
"""

import ctypes
import os
import threading
from collections.abc import Iterable
from pathlib import Path

import structlog

_SYS_MOUNT_SETATTR = 442  # the same number on every architecture that Linux has
_CLONE_FS, _CLONE_NEWNS = 0x200, 0x20000
_NOSUID, _NODEV = 0x2, 0x4
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_WANTED = {"nosuid", "nodev"}

_libc = ctypes.CDLL(None, use_errno=True)

logger = structlog.get_logger(__name__)


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def seal(process: int, targets: Iterable[str]) -> None:
    """Make sure of ``nosuid`` and ``nodev`` on a lab's mounts. What cannot be done is logged: a
    lab has no new privileges and no device of its own anyway.

    Args:
        process: the lab's first process.
        targets: where the mounts are, inside.
    """
    try:
        loose = _loose(Path(f"/proc/{process}/mountinfo").read_text(), set(targets))
        if loose:
            _in_namespace(process, loose)
    except OSError as e:
        logger.warning("a lab's mounts could not be sealed", error=str(e))


def _loose(mountinfo: str, targets: set[str]) -> list[str]:
    """The targets whose mounts lack a flag, of proc(5)'s mountinfo."""
    rows = (line.split() for line in mountinfo.splitlines())
    return [r[4] for r in rows if r[4] in targets and not set(r[5].split(",")) >= _WANTED]


def _in_namespace(process: int, targets: list[str]) -> None:
    """Set the flags from a thread that enters the container's mount namespace and ends there."""
    failed: list[OSError] = []

    def run() -> None:
        try:
            _check(_libc.unshare(_CLONE_FS), "unshare")
            _check(_libc.setns(namespace, _CLONE_NEWNS), "setns")
            for target in targets:
                _set_flags(target)
        except OSError as e:
            failed.append(e)

    namespace = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        thread = threading.Thread(target=run, name="seal")
        thread.start()
        thread.join()
    finally:
        os.close(namespace)
    if failed:
        raise failed[0]


def _set_flags(target: str) -> None:
    attributes = _MountAttr(attr_set=_NOSUID | _NODEV)
    _check(
        _libc.syscall(
            _SYS_MOUNT_SETATTR,
            _AT_FDCWD,
            os.fsencode(target),
            _AT_RECURSIVE,
            ctypes.byref(attributes),
            ctypes.sizeof(attributes),
        ),
        target,
    )


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)
