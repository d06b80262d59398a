"""One `nbh up` for one data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Running(RuntimeError):
    """Another `nbh up` runs on the same data."""

    def __init__(self, data: Path, pid: str) -> None:
        super().__init__(
            f"another nbh up (process {pid or 'unknown'}) runs on {data}; "
            "stop that one, or set site.data to another folder"
        )


@contextmanager
def lock(data: Path) -> Iterator[None]:
    """Held while the block runs; the kernel takes it back however the process ends.

    Raises:
        Running: somebody has it.
        OSError: the folder cannot be made or written.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise Running(data, os.pread(file.fileno(), 20, 0).decode().strip()) from e
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
