"""Files that are there whole or not at all, also after a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int = 0o640) -> None:
    """Write a file so that at any instant, and after a power cut, it is the old or the new one."""
    new = beside(path)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on the disk."""
    with opened_folder(folder) as fd:
        os.fsync(fd)


def beside(path: Path) -> Path:
    """Where a file is while it is written."""
    # One name: what a crash leaves is overwritten by the next try.
    return path.with_name(f".{path.name}.new")


@contextmanager
def opened_folder(folder: Path) -> Iterator[int]:
    """A descriptor of a folder, for the block."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
