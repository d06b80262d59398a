"""Finds a notebook among the course's and the student's files (S6)."""

import os
import stat
import unicodedata
from collections.abc import Iterator

from nbh_proto import names
from nbh_provisioner.files.beneath import folder


def spellings(name: str) -> Iterator[str]:
    """The files that a notebook's canonical name may stand for, the likeliest first.

    Authors' file systems write accents in two ways: composed (NFC), and some decomposed (NFD).
    """
    for candidate in names.candidates(name):
        yield candidate
        decomposed = unicodedata.normalize("NFD", candidate)
        if decomposed != candidate:
            yield decomposed


def original(notebooks: int, name: str) -> str | None:
    """The course's file of that name, relative to the open folder of its notebooks.

    Raises:
        OSError: what the kernel says, but for a path that leads nowhere.
    """
    for path in spellings(name):
        mode = mode_of(notebooks, path)
        if mode is not None and stat.S_ISREG(mode):
            return path
    return None


def own(workspace: int, name: str) -> str | None:
    """The student's own file of that name; a link of theirs counts, and is not followed.

    Raises:
        OSError: as `original`.
    """
    for path in spellings(name):
        mode = mode_of(workspace, path)
        if mode is not None and (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            return path
    return None


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
