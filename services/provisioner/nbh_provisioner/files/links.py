"""Links beside each notebook into the course's static area, made anew at every open (S10)."""

import errno
import os
from typing import NamedTuple

from nbh_provisioner.files import folders
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.beneath import folder

_TAKEN = (errno.EINVAL, errno.ENOTDIR, errno.ELOOP)
"""What the kernel says where the student has a file or a folder, or a link on the way."""


class Link(NamedTuple):
    """What a link is called, beside the notebook, and where it leads, inside a lab."""

    name: str
    target: str


def stands(place: int, link: Link) -> bool:
    """Whether nothing is to be done: the link is right, or the student has something there.

    Raises:
        OSError: what readlink(2) says otherwise.
    """
    parent, _, name = link.name.rpartition("/")
    try:
        if not parent:
            return os.readlink(name, dir_fd=place) == link.target
        with folder(place, parent) as beside:
            return os.readlink(name, dir_fd=beside) == link.target
    except FileNotFoundError:
        return False
    except OSError as e:
        if e.errno in _TAKEN:
            return True
        raise


def target(root: int, path: str) -> str | None:
    """Where the link at ``path`` beneath the open folder ``root`` leads; None if none is there.

    Raises:
        OSError: something on the way is no folder, or leads out.
    """
    parent, _, name = path.rpartition("/")
    with folder(root, parent) as place:
        try:
            return os.readlink(name, dir_fd=place)
        except OSError as e:
            if e.errno == errno.EINVAL:
                return None
            raise


def make(place: int, link: Link, owner: Owner | None) -> None:
    """Make one link in the open folder ``place``, unless the student has something there.

    Raises:
        OSError: the disk is full, or the student is changing it at this very moment.
    """
    if stands(place, link):
        return
    parent, _, name = link.name.rpartition("/")
    folders.make(place, parent, owner)
    with folder(place, parent) as beside:
        _replace(beside, name, link.target)
        if owner is not None:
            os.chown(name, *owner, dir_fd=beside, follow_symlinks=False)


def _replace(beside: int, name: str, target: str) -> None:
    try:
        os.symlink(target, name, dir_fd=beside)
    except FileExistsError:
        os.readlink(name, dir_fd=beside)  # raises if it is no link any more
        os.unlink(name, dir_fd=beside)
        os.symlink(target, name, dir_fd=beside)
