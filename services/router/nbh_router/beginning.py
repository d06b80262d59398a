"""What a router that has just been started does not know yet, but is about to."""

import asyncio
import contextlib
import time

WITHIN = 0.7
"""Seconds that a click waits for it: a page comes within a second, whatever happens (R-8)."""


class Known:
    """Whether something was read for the first time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """It was."""
        self._event.set()

    async def wait(self, arrived: float) -> None:
        """Return when it was, or when it takes too long for who ``arrived`` (`time.monotonic`)."""
        left = arrived + WITHIN - time.monotonic()
        if not self._event.is_set() and left > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._event.wait()
