"""Writes a file whole: whoever reads it sees the old content or the new, whatever dies (R-13)."""

import os
from pathlib import Path

from nbh_kit.durable import sync_folder


def write(path: Path, data: bytes) -> None:
    """Replace a file's content, durably; mode 0640, group of the folder if that is setgid.

    It is written in the subfolder ``new`` and renamed: Traefik reads all of its folder at every
    event in it, so this way it reads once for each version and not four times (seen with strace).
    """
    beside = path.parent / "new"
    beside.mkdir(mode=0o750, exist_ok=True)
    fresh = beside / path.stem
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    sync_folder(path.parent)
