"""How much memory this machine has, and has left."""

from pathlib import Path
from typing import NamedTuple

_MEMINFO = Path("/proc/meminfo")


class Memory(NamedTuple):
    """Bytes."""

    total: int
    available: int
    """What can be had without swapping."""


def read() -> Memory:
    """As the kernel tells it now (proc(5), MemTotal and MemAvailable)."""
    rows = (line.split() for line in _MEMINFO.read_text().splitlines())
    sizes = {row[0]: int(row[1]) * 1024 for row in rows}
    return Memory(sizes["MemTotal:"], sizes["MemAvailable:"])
