"""Reads a student's files, for who makes something of one (S13) or gives them back to them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nbh_provisioner.files import beneath, notebooks
from nbh_provisioner.files.failure import NotebookUnknown

_STEP = 1024**2


class TooLarge(Exception):
    """A notebook is larger than it may be."""


class Taken(NamedTuple):
    """A notebook that was copied."""

    notebook: str
    """The file, with its suffix, relative to the workspace."""

    size: int
    """Bytes."""


def copy_out(workspace: int, name: str, target: Path, most: int) -> Taken:
    """Copy the student's own file of a notebook's name, whatever else they do to it meanwhile.

    Args:
        workspace: descriptor of the folder.
        name: canonical; only the student's files are looked at, never the course's.
        target: a new file in a folder that only we can reach.
        most: bytes.

    Raises:
        NotebookUnknown: there is none.
        TooLarge: it has more bytes than that, or grows while it is copied.
        OSError: ELOOP if it is a link, EINVAL if it is no file, and what read(2) says.
    """
    with _opened(workspace, name) as (path, source):
        return Taken(path, _copy(source, target, most))


class Piece(NamedTuple):
    """A part of a notebook."""

    notebook: str
    """The file, with its suffix, relative to the workspace."""

    size: int
    """Of all of it; bytes."""

    version: str
    """Another one if it is another file, or was written to."""

    data: bytes


def piece(workspace: int, name: str, offset: int, longest: int, most: int) -> Piece:
    """A part of the student's own file of a notebook's name; the rest is as in `copy_out`.

    Args:
        offset: where it begins; bytes.
        longest: of the part; bytes. It is shorter at the file's end only.
        most: of the file; bytes.

    Raises:
        NotebookUnknown: there is none.
        TooLarge: it has more bytes than that.
        OSError: as `copy_out`.
    """
    with _opened(workspace, name) as (path, source):
        return _piece(path, source, offset, longest, most)


def piece_of(workspace: int, path: str, offset: int, longest: int, most: int) -> Piece:
    """A part of the file that has just this path in the workspace; the rest is as in `piece`."""
    with beneath.file(workspace, path) as source:
        return _piece(path, source, offset, longest, most)


def all_of(source: int, offset: int, longest: int) -> bytes:
    """What an open file has from there on, or as much of it as is wanted."""
    found = b""
    while more := os.pread(source, longest - len(found), offset + len(found)):
        found += more
    return found


def _piece(path: str, source: int, offset: int, longest: int, most: int) -> Piece:
    about = os.fstat(source)
    if about.st_size > most:
        raise TooLarge
    version = f"{about.st_ino:x}-{about.st_mtime_ns:x}-{about.st_size:x}"
    return Piece(path, about.st_size, version, all_of(source, offset, longest))


@contextmanager
def _opened(workspace: int, name: str) -> Iterator[tuple[str, int]]:
    """The file's path, and a descriptor of it for the block."""
    path = notebooks.own(workspace, name)
    if path is None:
        raise NotebookUnknown(name)
    with beneath.file(workspace, path) as source:
        yield path, source


def _copy(source: int, target: Path, most: int) -> int:
    size = 0
    with target.open("xb") as file:
        while piece := os.read(source, _STEP):
            size += len(piece)
            if size > most:
                raise TooLarge
            file.write(piece)
    return size
