"""Writes a folder as a listing has it, into a place where there is none.

Everything is made in the open folder that it is in, and no link is followed: a listing that has a
link and a folder under one name leads nowhere else.
"""

import contextlib
import os
from collections.abc import Iterable
from typing import BinaryIO

from nbh_cli.backups.listing import Entry, as_name
from nbh_cli.backups.store import Store

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class _Open:
    """A folder that is being filled."""

    def __init__(self, entry: Entry, descriptor: int) -> None:
        self.entry = entry
        self.descriptor = descriptor

    def holds(self, path: str) -> bool:
        """Whether a path lies in it, at whichever depth."""
        return not self.entry.path or path.startswith(f"{self.entry.path}/")

    def close(self) -> None:
        """Its own rights and time, which filling it has changed."""
        try:
            _mark(self.descriptor, self.entry)
        finally:
            os.close(self.descriptor)


def write(store: Store, entries: Iterable[Entry], parent: int, name: str) -> None:
    """Make the folder ``name`` in an open one, with all that a listing says.

    Raises:
        OSError: something is there already, or the disk takes no more.
        ValueError: the listing is none of ours.
    """
    opened: list[_Open] = []
    try:
        for entry in entries:
            while opened and not opened[-1].holds(entry.path):
                opened.pop().close()
            here = opened[-1].descriptor if opened else parent
            leaf = as_name(entry.path.rpartition("/")[2]) if opened else name
            if leaf in ("", ".", "..") or "/" in leaf:
                raise ValueError(f"{entry.path!r} is no path of a listing")
            _make(store, entry, here, leaf, opened)
    finally:
        while opened:
            opened.pop().close()


def _make(store: Store, entry: Entry, here: int, name: str, opened: list[_Open]) -> None:
    match entry.kind:
        case "folder":
            with contextlib.suppress(*([FileExistsError] if not opened else [])):
                os.mkdir(name, 0o700, dir_fd=here)
            opened.append(_Open(entry, os.open(name, _FOLDER, dir_fd=here)))
        case "file":
            _make_file(store, entry, here, name)
        case "link":
            os.symlink(as_name(entry.target), name, dir_fd=here)
            if os.getuid() == 0:
                os.chown(name, entry.uid, entry.gid, dir_fd=here, follow_symlinks=False)
            os.utime(name, ns=(entry.mtime, entry.mtime), dir_fd=here, follow_symlinks=False)


def _make_file(store: Store, entry: Entry, here: int, name: str) -> None:
    file = os.open(name, _NEW, 0o600, dir_fd=here)
    try:
        with store.opened(entry.object) as source:
            for offset, length in entry.extents or ((0, entry.size),):
                _fill(source, file, offset, length)
        os.ftruncate(file, entry.size)
        _mark(file, entry)
    finally:
        os.close(file)


def _fill(source: BinaryIO, file: int, offset: int, length: int) -> None:
    os.lseek(file, offset, os.SEEK_SET)
    while length and (sent := os.sendfile(file, source.fileno(), None, length)):
        length -= sent


def _mark(descriptor: int, entry: Entry) -> None:
    if os.getuid() == 0:
        os.fchown(descriptor, entry.uid, entry.gid)
    os.fchmod(descriptor, entry.mode)
    for name, value in entry.attributes.items():
        os.setxattr(descriptor, name, value)
    os.utime(descriptor, ns=(entry.mtime, entry.mtime))
