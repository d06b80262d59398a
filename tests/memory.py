"""Folders in memory: what syncs each write, as the real parts do, waits for no disk there."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_SHARED = Path("/dev/shm")  # folders there have names of their own
_ENOUGH = 8 * 1024**3


@contextmanager
def folder() -> Generator[Path]:
    """One that is gone after the block; on the disk where there is too little memory for files."""
    with tempfile.TemporaryDirectory(prefix="nbh-test-", dir=_where()) as made:
        yield Path(made)


def _where() -> Path | None:
    has_room = _SHARED.is_dir() and shutil.disk_usage(_SHARED).free > _ENOUGH
    return _SHARED if has_room else None
