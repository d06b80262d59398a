"""Clocks for tests: hours in seconds, and one that a test moves itself."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from nbh_reaper.clock import Clock
from nbh_reaper.known import Instant

START = datetime(2026, 11, 26, 12, tzinfo=UTC)


class FastClock(Clock):
    """Runs so many times as fast as this machine's, and jumps when it is told to."""

    def __init__(self, speed):
        self.speed = speed
        self._began = time.monotonic()
        self._jumped = timedelta()

    def now(self):
        at = (time.monotonic() - self._began) * self.speed
        return Instant(at, START + timedelta(seconds=at) + self._jumped)

    def at(self, instant, call):
        wait = max(0.0, (instant - self.now().at) / self.speed)
        return asyncio.get_running_loop().call_later(wait, call)

    def jump(self, **by):
        """What people read jumps."""
        self._jumped += timedelta(**by)


def instant(seconds):
    """An instant so many seconds after the start."""
    return Instant(seconds, START + timedelta(seconds=seconds))
