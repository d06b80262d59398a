"""What a reset keeps: the student's version, under a second and dated name (S9); and its way back
(E-19)."""

import hashlib
import os
import re
import stat
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from nbh_provisioner.files import beneath

_COMPONENT_BYTES = 255
_MARK = 6
_BROUGHT_BACK = "user.nbh.brought-back"
"""The attribute of a version that came back: by which access, and the name that it had. Until it
has another name it has not come back yet."""

_ANY = datetime(2026, 1, 1)
_STAMP = len("20261123-153012")


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
    name = kept_name(leaf, at, _mark(access))
    if earlier := _earlier(place, name):
        return Kept(earlier, done=not _same(place, earlier, leaf))
    try:
        # A second name, not another one: at no instant is the student without the notebook.
        os.link(leaf, name, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=False)
    except FileNotFoundError:
        return Kept("", done=False)
    return Kept(name, done=False)


def bring_back(place: int, leaf: str, access: str, at: datetime) -> tuple[str, str]:
    """Put the version that was kept last in the place of ``leaf``, which is kept as well.

    Twice for one access is as good as once: the version that it brings back says so, and where
    files can say nothing (no attributes) what was kept for it says so, if anything was.

    Returns:
        The name that it had, empty if there is none or it was brought back before; and the name
        of what was there until now.

    Raises:
        OSError: as `keep`.
    """
    mark = _mark(access)
    everything = _all(place, leaf)
    names = [name for name in everything if not _is_marked(name, mark)]
    if not names:
        return "", ""
    if any(_was_brought_back(place, name, mark) for name in (leaf, *everything)):
        return "", _earlier(place, kept_name(leaf, at, mark)) or ""
    now_kept = keep(place, leaf, access, at)
    if now_kept.done:
        return "", now_kept.name
    _say_brought_back(place, names[-1], mark)
    # no copy: it takes no room, and what was kept is not kept twice
    os.rename(names[-1], leaf, src_dir_fd=place, dst_dir_fd=place)
    os.fsync(place)
    return names[-1], now_kept.name


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


def _all(place: int, leaf: str) -> list[str]:
    """What is kept of a file, oldest first."""
    before, _, rest = kept_name(leaf, _ANY, "0" * _MARK).rpartition(".kept-")
    suffix = re.escape(rest.partition(".")[2])
    dated = rf"\.kept-[0-9]{{8}}-[0-9]{{6}}-[0-9a-f]{{{_MARK}}}\."
    pattern = re.compile(re.escape(before) + dated + suffix)
    found = []
    for name in filter(pattern.fullmatch, os.listdir(place)):
        about = os.stat(name, dir_fd=place, follow_symlinks=False)
        if stat.S_ISREG(about.st_mode):
            # its name tells seconds; when it got that name the kernel knows better
            stamp = name.removeprefix(f"{before}.kept-")[:_STAMP]
            found.append((stamp, about.st_ctime_ns, name))
    return [name for _, _, name in sorted(found)]


def _say_brought_back(place: int, name: str, mark: str) -> None:
    with suppress(OSError), beneath.file(place, name) as file:
        os.setxattr(file, _BROUGHT_BACK, os.fsencode(f"{mark} {name}"))


def _was_brought_back(place: int, name: str, mark: str) -> bool:
    with suppress(OSError), beneath.file(place, name) as file:
        by, _, was = os.fsdecode(os.getxattr(file, _BROUGHT_BACK)).partition(" ")
        return by == mark and was != name
    return False


def _is_marked(name: str, mark: str) -> bool:
    return name.rpartition(".")[0].endswith(f"-{mark}")


def _mark(access: str) -> str:
    return hashlib.sha256(access.encode()).hexdigest()[:_MARK]


def _same(place: int, one: str, other: str) -> bool:
    try:
        return os.path.samestat(
            os.stat(one, dir_fd=place, follow_symlinks=False),
            os.stat(other, dir_fd=place, follow_symlinks=False),
        )
    except FileNotFoundError:
        return True  # the copy is gone: put the original there
