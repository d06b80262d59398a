"""Finds a notebook among the course's and the student's files (S6)."""

import os
import stat
import unicodedata
from collections.abc import Callable, Iterator

from nbh_proto import names
from nbh_provisioner.files.beneath import folder


def original(notebooks: int, name: str) -> str | None:
    """The course's file of that name, relative to the open folder of its notebooks.

    Raises:
        OSError: what the kernel says, but for a path that leads nowhere.
    """
    return _found(notebooks, name, stat.S_ISREG)


def own(workspace: int, name: str) -> str | None:
    """The student's own file of that name; a link of theirs counts, and is not followed.

    Raises:
        OSError: as `original`.
    """
    return _found(workspace, name, lambda mode: stat.S_ISREG(mode) or stat.S_ISLNK(mode))


def _found(root: int, name: str, is_one: Callable[[int], bool]) -> str | None:
    for spelling in _spellings(name):
        parent, slash, leaf = spelling.rpartition("/")
        try:
            with folder(root, parent) as place:
                for candidate in names.candidates(leaf):
                    mode = mode_of(place, candidate)
                    if mode is not None and is_one(mode):
                        return f"{parent}{slash}{candidate}"
        except (FileNotFoundError, NotADirectoryError):
            continue
    return None


def _spellings(name: str) -> Iterator[str]:
    """Authors' file systems write accents in two ways: composed (NFC), and some decomposed."""
    yield name
    if not name.isascii():
        yield unicodedata.normalize("NFD", name)


def mode_of(root: int, path: str) -> int | None:
    """The mode of what stands at ``path`` beneath ``root``, not followed; None if nothing does."""
    parent, _, leaf = path.rpartition("/")
    if leaf in ("", ".", "..") or "\0" in leaf:
        return None
    try:
        if not parent:
            return os.stat(leaf, dir_fd=root, follow_symlinks=False).st_mode
        with folder(root, parent) as place:
            return os.stat(leaf, dir_fd=place, follow_symlinks=False).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
