"""Whether the course has a newer original than the one that a student's copy was made of."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from nbh_provisioner.files import origins
from nbh_provisioner.files.beneath import open_beneath

MOST_SHOWN = 384 * 1024
"""Bytes of an original that are told: a message has to hold them, as JSON."""


class Newer(NamedTuple):
    """An original that the student has not seen."""

    digest: str
    text: str | None
    """None where it is too large to be told, or no UTF-8."""


def look(workspace: int, path: str, original: int) -> Newer | None:
    """Compare a student's copy, at ``path`` beneath their open workspace, with the open original.

    Returns:
        None if it was made of this very original, is the same, or nobody knows.

    Raises:
        OSError: there is no copy that can be read.
    """
    with _copy(workspace, path) as copy:
        was, present = origins.read(copy), origins.digest(original)
        if was in (None, present) or origins.digest(copy) == present:
            return None
    return Newer(present, _text(original))


def pass_over(workspace: int, path: str, original: int) -> bool:
    """Say of a student's copy that it was made of this original: they keep it knowingly.

    Returns:
        Whether that can be said where it is.

    Raises:
        OSError: there is no copy.
    """
    with _copy(workspace, path) as copy:
        return origins.write(copy, origins.digest(original))


@contextmanager
def _copy(workspace: int, path: str) -> Iterator[int]:
    # O_NONBLOCK: a student could have put a pipe there, which nobody ever writes to.
    file = open_beneath(workspace, path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise FileNotFoundError(path)
        yield file
    finally:
        os.close(file)


def _text(original: int) -> str | None:
    if os.fstat(original).st_size > MOST_SHOWN:
        return None
    try:
        return os.pread(original, MOST_SHOWN, 0).decode()
    except UnicodeDecodeError:
        return None
