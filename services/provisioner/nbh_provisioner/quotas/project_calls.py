"""The calls of project quotas: ioctl_xfs_fsgetxattr(2), quotactl(2) and its younger sister.

XFS and ext4 take the same ones. quotactl_fd(2) wants no device, but Linux 5.14.
"""

import ctypes
import errno
import fcntl
import os
import struct
from typing import NamedTuple

SYS_QUOTACTL_FD = 443  # the same number on every architecture that Linux has
GETXATTR, SETXATTR = 0x801C581F, 0x401C5820
INHERIT = 0x200
"""Of a folder: what is made in it is of its project."""

_PROJECT = 2
GET_QUOTA, SET_QUOTA, GET_STATE = (c << 8 | _PROJECT for c in (0x800007, 0x800008, 0x5808))
LIMITS = 1 | 4
_ENFORCED = 1 << 5
_BLOCK = 1024

_ATTRIBUTES = struct.Struct("=IIIII8s")
QUOTA = struct.Struct("=QQQQQQQQI4x")
_STATE_SIZE = 512

_libc = ctypes.CDLL(None, use_errno=True)


class Usage(NamedTuple):
    """What a project takes, and whether it has limits."""

    bytes: int
    files: int
    is_bounded: bool


def project(file: int) -> int:
    """The project of an open file or folder; 0 for none.

    Raises:
        OSError: ENOTTY or EOPNOTSUPP if its file system has no projects.
    """
    return int(_attributes(file)[3])


def is_inherited(folder: int) -> bool:
    """Whether what is made in a folder is of its project."""
    return bool(_attributes(folder)[0] & INHERIT)


def set_project(file: int, project_: int, *, inherit: bool) -> None:
    """Make an open file or folder of a project.

    Args:
        inherit: whether what is made in it will be, too; for folders.
    """
    flags, extent, _, _, copied, rest = _attributes(file)
    flags = flags | INHERIT if inherit else flags
    argument = _ATTRIBUTES.pack(flags, extent, 0, project_, copied, rest)
    fcntl.ioctl(file, SETXATTR, argument)


def are_enforced(folder: int) -> bool:
    """Whether projects are kept within their limits, on the file system of a folder.

    Raises:
        OSError: it has no quotas.
    """
    # the first byte is the version of what is asked for
    state = ctypes.create_string_buffer(b"\x01", _STATE_SIZE)
    _quotactl(folder, GET_STATE, 0, state)
    return bool(struct.unpack_from("=H", state, 2)[0] & _ENFORCED)


def usage(folder: int, project_: int) -> Usage:
    """What a project takes, on the file system of a folder."""
    argument = ctypes.create_string_buffer(QUOTA.size)
    try:
        _quotactl(folder, GET_QUOTA, project_, argument)
    except OSError as e:
        # XFS has no record of a project that takes nothing.
        if e.errno != errno.ENOENT:
            raise
        return Usage(0, 0, is_bounded=False)
    hard, soft, space, files_hard, files_soft, files, *_ = QUOTA.unpack(argument.raw)
    return Usage(space, files, is_bounded=any((hard, soft, files_hard, files_soft)))


def limit(folder: int, project_: int, bytes_: int, files: int) -> None:
    """Bound what a project may take, on the file system of a folder."""
    blocks = max(1, bytes_ // _BLOCK)  # 0 would be no limit
    packed = QUOTA.pack(blocks, 0, 0, files, 0, 0, 0, 0, LIMITS)
    _quotactl(folder, SET_QUOTA, project_, ctypes.create_string_buffer(packed, QUOTA.size))


def _attributes(file: int) -> tuple[int, int, int, int, int, bytes]:
    argument = fcntl.ioctl(file, GETXATTR, bytes(_ATTRIBUTES.size))
    flags, extent, extents, project_, copied, rest = _ATTRIBUTES.unpack(argument)
    return flags, extent, extents, project_, copied, rest


def _quotactl(
    folder: int, command: int, project_: int, argument: ctypes.Array[ctypes.c_char]
) -> None:
    done = _libc.syscall(
        SYS_QUOTACTL_FD,
        folder,
        ctypes.c_uint(command),
        ctypes.c_uint(project_),
        ctypes.byref(argument),
    )
    if done < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "quotactl_fd")
