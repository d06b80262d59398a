"""Folders in folders, deeper than any path can say."""

import os
from pathlib import Path


def dig(folder: Path, depth: int) -> None:
    """Make ``depth`` folders, each in the one before."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
