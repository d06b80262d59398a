"""Writes what must be there whole or not at all, and stay."""

import contextlib
import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int = 0o640) -> None:
    """Write a file so that at any instant, and after a power cut, it is the old or the new one."""
    new = _beside(path)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def replace_link(path: Path, target: str) -> None:
    """Have a symbolic link point elsewhere, without an instant at which it is not there."""
    new = _beside(path)
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on the disk."""
    with _opened(folder) as fd:
        os.fsync(fd)


def sync_all(folder: Path) -> None:
    """Return once everything written so far on this folder's file system is on the disk.

    One call for all files of a revision: 27 ms for the 800 files of flotpython, where syncing
    each takes 290.

    Raises:
        OSError: the disk did not take it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with _opened(folder) as fd:
        if libc.syncfs(fd):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), str(folder))


def remove(folder: Path) -> None:
    """Remove a folder of ours with all that is in it, read-only or not, if it is there."""
    for parent, _, _ in os.walk(folder):
        with contextlib.suppress(FileNotFoundError):
            Path(parent).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def remove_unfinished(folder: Path) -> None:
    """Remove the files and links of a folder that were being written when we were ended."""
    for left in folder.glob(str(_beside(Path("*")))):
        left.unlink()


def _beside(path: Path) -> Path:
    # One name: what a crash leaves is overwritten by the next try.
    return path.with_name(f".{path.name}.new")


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
