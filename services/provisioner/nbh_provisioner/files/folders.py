"""Makes the student's folders beneath an open one."""

import contextlib
import os
from collections.abc import Callable

from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.beneath import open_beneath

_FLAGS = os.O_RDONLY | os.O_DIRECTORY


def mkdir(parent: int, name: str) -> None:
    """Make one folder."""
    os.mkdir(name, 0o755, dir_fd=parent)


def make(
    root: int,
    path: str,
    owner: Owner | None,
    *,
    mounts: bool = False,
    making: Callable[[int, str], None] = mkdir,
) -> None:
    """Make sure of the folders of a relative path; an empty path is there already.

    Args:
        mounts: whether one of them may be another file system's root.
        making: makes one that is missing.

    Raises:
        OSError: ELOOP or ENOTDIR if something on the way is no folder, or what mkdir(2) says.
    """
    here = os.dup(root)
    try:
        for name in filter(None, path.split("/")):
            below = _one(here, name, owner, mounts, making)
            os.close(here)
            here = below
    finally:
        os.close(here)


def _one(
    here: int,
    name: str,
    owner: Owner | None,
    mounts: bool,
    making: Callable[[int, str], None],
) -> int:
    try:
        below = open_beneath(here, name, _FLAGS, mounts=mounts)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            making(here, name)
        below = open_beneath(here, name, _FLAGS, mounts=mounts)
    give(below, owner)
    return below


def give(folder: int, owner: Owner | None) -> None:
    """Make an open folder the student's, also if a crash came between its making and this."""
    if owner is not None and os.fstat(folder).st_uid != owner.uid:
        os.fchown(folder, *owner)
