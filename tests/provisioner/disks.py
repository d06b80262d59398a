"""File systems that a test makes, fills and takes away."""

import contextlib
import errno
import os
import subprocess
from collections.abc import Generator
from pathlib import Path

FILLING = "filling"
BTRFS = "/sbin/mkfs.btrfs"


@contextlib.contextmanager
def small(folder: Path, options: str = "size=2m") -> Generator[Path]:
    """A small file system in memory, while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ("/bin/mount", "-t", "tmpfs", "-o", f"mode=755,{options}", "tmpfs", str(folder))
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run(("/bin/umount", "--lazy", str(folder)), check=True)


def fill(folder: Path, *, but: int = 0) -> None:
    """Leave no room on a file system, or so many bytes."""
    with (folder / FILLING).open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 65536):
                pass
        except OSError as e:
            if e.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        file.truncate(max(0, file.tell() - but))


def enlarge(folder: Path, options: str) -> None:
    """Give what `small` made more room."""
    subprocess.run(("/bin/mount", "-o", f"remount,{options}", str(folder)), check=True)


def free(folder: Path) -> None:
    """Take back what `fill` took."""
    (folder / FILLING).unlink()


def everything_below(folder: Path) -> list[str]:
    """All that is in a folder, with what is hidden."""
    found = []
    for where, folders, files in os.walk(folder):
        found += [str((Path(where) / name).relative_to(folder)) for name in (*folders, *files)]
    return sorted(found)


@contextlib.contextmanager
def btrfs(folder: Path, image: Path, *, quotas: bool = True) -> Generator[Path]:
    """A btrfs in a file, while the block runs."""
    with image.open("wb") as file:
        file.truncate(512 * 1024**2)
    _run(BTRFS, "-q", "-f", str(image))
    folder.mkdir(parents=True, exist_ok=True)
    _run("/bin/mount", "-t", "btrfs", "-o", "loop", str(image), str(folder))
    try:
        if quotas:
            _run("/usr/bin/btrfs", "quota", "enable", str(folder))
        yield folder
    finally:
        _run("/bin/umount", "--lazy", str(folder))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
