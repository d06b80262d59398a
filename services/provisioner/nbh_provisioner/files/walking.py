"""Walks through a workspace from outside, whatever its student plants in it meanwhile."""

import contextlib
import os
import stat
from collections.abc import Iterator

from nbh_provisioner.files.beneath import folder


def entries(top: int, *, hidden: bool = True) -> Iterator[tuple[str, os.stat_result]]:
    """Each file, folder and link below an open folder: its path, and what it is; not followed.

    One folder is open at a time, opened beneath the workspace: a student may nest as many as they
    like, and put a link in the place of any while we look. What cannot be read is passed over.

    Args:
        hidden: whether what begins with a dot is looked at, and into.
    """
    waiting = [""]
    while waiting:
        path = waiting.pop()
        with contextlib.suppress(OSError), folder(top, path) as here, os.scandir(here) as there:
            for entry in there:
                if not hidden and entry.name.startswith("."):
                    continue
                found = entry.stat(follow_symlinks=False)
                below = f"{path}/{entry.name}" if path else entry.name
                if stat.S_ISDIR(found.st_mode):
                    waiting.append(below)
                yield below, found
