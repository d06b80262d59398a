"""The clocks: one that never jumps, the one people read, and what happens between the two."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from nbh_reaper.known import Instant

_JUMP = 2.0
"""Seconds: a clock that is merely adjusted gains or loses half a second in 15 minutes."""


class Clock:
    """This machine's clocks. Tests have faster ones."""

    def now(self) -> Instant:
        """This instant."""
        return Instant(time.monotonic(), datetime.now(UTC))

    def at(self, instant: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Call when the clock that never jumps shows ``instant``."""
        wait = max(0.0, instant - self.now().at)
        return asyncio.get_running_loop().call_later(wait, call)


class Jumps:
    """Notices that the clock people read has jumped, or that the machine has slept."""

    def __init__(self, now: Instant) -> None:
        self._apart = _apart(now)

    def since_last(self, now: Instant) -> float:
        """Seconds by which it jumped since this was last asked; 0 if it did not."""
        before, self._apart = self._apart, _apart(now)
        by = self._apart - before
        return by if abs(by) > _JUMP else 0.0


def _apart(now: Instant) -> float:
    return now.day.timestamp() - now.at
