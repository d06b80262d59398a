"""Tells of refusals, never more than a few a second: junk must not fill the stream (S-30)."""

import asyncio
import time

import structlog

from nbh_kit.bus import Bus, BusAway
from nbh_proto import AccessRefused

logger = structlog.get_logger(__name__)

A_SECOND = 5.0
AT_ONCE = 20.0


class Allowance:
    """A token bucket: so many at once, so many a second. Pure; ``now`` in seconds."""

    def __init__(self, a_second: float, at_once: float) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._left = at_once
        self._then = 0.0

    def takes(self, now: float) -> bool:
        """Whether one more is within the allowance; if so it counts."""
        gained = (now - self._then) * self._a_second
        self._left = min(self._at_once, self._left + max(0.0, gained))
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Refusals:
    """Logs and tells who was not let in, beside the answer and never before it."""

    def __init__(self) -> None:
        self._allowance = Allowance(A_SECOND, AT_ONCE)
        self._untold = 0
        self._telling: set[asyncio.Task[None]] = set()

    def note(self, bus: Bus | None, refused: AccessRefused) -> None:
        """A refusal happened."""
        if not self._allowance.takes(time.monotonic()):
            self._untold += 1
            return
        logger.info(
            "refused",
            access=refused.access,
            course=refused.course,
            student=refused.student,
            reason=refused.reason,
            platform=refused.platform,
            untold_before=self._untold,
        )
        self._untold = 0
        if bus is not None:
            task = asyncio.create_task(_tell(bus, refused))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)


async def _tell(bus: Bus, refused: AccessRefused) -> None:
    try:
        await bus.tell(refused)
    except BusAway as e:
        logger.warning("a refusal was not told", access=refused.access, error=str(e))
