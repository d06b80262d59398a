"""How many processors of this machine have nothing to do."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_STAT = Path("/proc/stat")
_IDLE, _IOWAIT = 4, 5
_LATELY = 0.5
"""Seconds, at least: of less the kernel's ticks tell too little."""


class Idle(NamedTuple):
    """What the kernel has counted so far."""

    at: float
    """When, in seconds of any steady clock."""

    seconds: float
    """How long processors did nothing, all together, since the machine was started."""


def read() -> Idle:
    """As the kernel tells it now (proc(5), the first line of /proc/stat)."""
    with _STAT.open() as stat:
        words = stat.readline().split()
    ticks = int(words[_IDLE]) + int(words[_IOWAIT])
    return Idle(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"))


class Idleness:
    """For one who looks again and again."""

    def __init__(self, read: Callable[[], Idle]) -> None:
        self._read = read
        self._before = read()
        self._processors = 0.0

    def lately(self) -> float:
        """How many processors were idle since the look before, on the average, say 1.5."""
        now = self._read()
        if (passed := now.at - self._before.at) >= _LATELY:
            self._processors = (now.seconds - self._before.seconds) / passed
            self._before = now
        return self._processors
