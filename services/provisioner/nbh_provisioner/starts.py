"""Starts at once are bounded, and who came first is served first (R-18)."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

Moved = Callable[[int], None]
"""Hears how many starts are before one's own, each time that number changes."""


class Starts:
    """Places for labs that are being started."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._free = at_once
        self._queue: deque[tuple[asyncio.Future[None], Moved]] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether nobody starts and nobody waits."""
        return self._free == self._at_once and not self._queue

    @property
    def running(self) -> int:
        """How many there are now."""
        return self._at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    @asynccontextmanager
    async def place(self, moved: Moved) -> AsyncGenerator[None]:
        """Hold a place for the block, after a wait in the queue if there is none."""
        if self._free and not self._queue:
            self._free -= 1
        else:
            await self._wait(moved)
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, moved: Moved) -> None:
        entry = (asyncio.get_running_loop().create_future(), moved)
        self._queue.append(entry)
        moved(len(self._queue) - 1)
        try:
            await entry[0]
        except asyncio.CancelledError:
            if entry in self._queue:
                self._queue.remove(entry)
                self._announce()
            else:  # the place was given at this very moment
                self._leave()
            raise

    def _leave(self) -> None:
        while self._queue:
            turn, _ = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                self._announce()
                return
        self._free += 1

    def _announce(self) -> None:
        for position, (_, moved) in enumerate(self._queue):
            moved(position)
