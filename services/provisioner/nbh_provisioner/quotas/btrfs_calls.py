"""The calls of btrfs that Python has no functions for (linux/btrfs.h, btrfs_tree.h).

Numbers are little-endian on disk and of this machine in calls; both are read here.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

ROOT = 256
"""The inode of a subvolume's own folder."""

_SIZE = 4096
_SEARCH = struct.Struct("=QQQQQQQIIII4Q")
_HEADER = struct.Struct("=QQQII")
_LIMIT = struct.Struct("=QQQQQQ")
_INFO = struct.Struct("<QQQQQ")
_QUOTA_TREE, _INFO_ITEM = 8, 242
_MOST, _MAX_RFER = 2**64 - 1, 1


def _write(number: int, size: int = _SIZE) -> int:
    return 1 << 30 | size << 16 | 0x94 << 8 | number


def _both(number: int, size: int = _SIZE) -> int:
    return 3 << 30 | size << 16 | 0x94 << 8 | number


_SUBVOL_CREATE = _write(14)
_TREE_SEARCH = _both(17)
_INO_LOOKUP = _both(18)
_QGROUP_LIMIT = 2 << 30 | _LIMIT.size << 16 | 0x94 << 8 | 43
_SYNC = 0x94 << 8 | 8


class Group(NamedTuple):
    """What a group of quotas counts: here always one subvolume."""

    id: int
    referenced: int
    """Bytes, with what its folders and small files take of the file system's own trees."""


def create_subvolume(parent: int, name: str) -> None:
    """Make a subvolume, as mkdir(2) does a folder.

    Raises:
        OSError: as mkdir(2).
    """
    encoded = os.fsencode(name)
    argument = bytearray(struct.pack("=q4088s", 0, encoded))
    fcntl.ioctl(parent, _SUBVOL_CREATE, argument)


def is_subvolume(folder: int) -> bool:
    """Whether a folder is the root of a subvolume."""
    return os.fstat(folder).st_ino == ROOT


def subvolume(folder: int) -> int:
    """The id of the subvolume that a folder is in."""
    argument = bytearray(struct.pack("=QQ4080s", 0, ROOT, b""))
    fcntl.ioctl(folder, _INO_LOOKUP, argument)
    return int(struct.unpack_from("=Q", argument)[0])


def limit(folder: int, bytes_: int) -> None:
    """Bound what the subvolume of a folder refers to.

    Raises:
        OSError: EINVAL or ENOTCONN where quotas are off.
    """
    # 0 stands for the subvolume that the folder is in
    fcntl.ioctl(folder, _QGROUP_LIMIT, _LIMIT.pack(0, _MAX_RFER, bytes_, 0, 0, 0))


def group(folder: int, id_: int) -> Group | None:
    """What the group of a subvolume counts, as of the last commit; None if there is none.

    Raises:
        OSError: ENOENT where quotas are off.
    """
    return next((g for g in _groups(folder, id_, id_) if g.id == id_), None)


def has_quotas(folder: int) -> bool:
    """Whether quotas are on, on the file system of a folder."""
    try:
        return any(_groups(folder, 0, _MOST))
    except FileNotFoundError:
        return False


def commit(folder: int) -> None:
    """Return once all that was done so far is on disk, and counted."""
    fcntl.ioctl(folder, _SYNC)


def _groups(folder: int, first: int, last: int) -> Iterator[Group]:
    key = (_QUOTA_TREE, 0, 0, first, last, 0, _MOST, _INFO_ITEM, _INFO_ITEM, 16, 0, 0, 0, 0, 0)
    argument = bytearray(_SEARCH.pack(*key).ljust(_SIZE, b"\0"))
    fcntl.ioctl(folder, _TREE_SEARCH, argument)
    found, place = struct.unpack_from("=I", argument, 64)[0], _SEARCH.size
    for _ in range(found):
        _, _, offset, kind, length = _HEADER.unpack_from(argument, place)
        place += _HEADER.size
        if kind == _INFO_ITEM and length >= _INFO.size:
            yield Group(offset, _INFO.unpack_from(argument, place)[1])
        place += length
