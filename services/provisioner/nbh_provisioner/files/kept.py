"""What a reset keeps: the student's version, under a second and dated name (S9)."""

import hashlib
import os
from datetime import datetime
from typing import NamedTuple

_COMPONENT_BYTES = 255


class Kept(NamedTuple):
    """Where a student's version is."""

    name: str
    """Its dated name, in the same folder; empty if there was no version."""

    done: bool
    """Whether this very access has put the original in its place already."""


def keep(place: int, leaf: str, access: str, at: datetime) -> Kept:
    """Give the student's copy ``leaf``, in the open folder ``place``, its dated name.

    Never in the place of anything. Twice for one access is as good as once: the name holds a mark
    of the access.

    Raises:
        OSError: EPERM if a folder has that name, or what link(2) says.
    """
    mark = hashlib.sha256(access.encode()).hexdigest()[:6]
    name = kept_name(leaf, at, mark)
    if earlier := _earlier(place, name):
        return Kept(earlier, done=not _same(place, earlier, leaf))
    try:
        # A second name, not another one: at no instant is the student without the notebook.
        os.link(leaf, name, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return Kept("", done=False)
    return Kept(name, done=False)


def kept_name(leaf: str, at: datetime, mark: str) -> str:
    """What a student's version is called after a reset.

    >>> kept_name("n1.ipynb", datetime(2026, 11, 23, 15, 30, 12), "1a2b3c")
    'n1.kept-20261123-153012-1a2b3c.ipynb'
    """
    stem, dot, suffix = leaf.rpartition(".")
    ending = f".kept-{at:%Y%m%d-%H%M%S}-{mark}{dot}{suffix}"
    room = _COMPONENT_BYTES - len(os.fsencode(ending))
    return os.fsdecode(os.fsencode(stem)[:room]) + ending


def _earlier(place: int, name: str) -> str | None:
    before, _, rest = name.rpartition(".kept-")
    ending = rest[rest.rindex("-") :]
    for there in os.listdir(place):
        if there.startswith(f"{before}.kept-") and there.endswith(ending):
            return there
    return None


def _same(place: int, one: str, other: str) -> bool:
    try:
        return os.path.samestat(
            os.stat(one, dir_fd=place, follow_symlinks=False),
            os.stat(other, dir_fd=place, follow_symlinks=False),
        )
    except FileNotFoundError:
        return True  # the copy is gone: put the original there
