"""Makes `asyncio.wait_for` heed a cancellation, as it does from Python 3.12 on.

Before, it swallows one that comes just as what it waits for is there (python/cpython#86296).
nats-py waits with it for each answer: a task that was told to end while it spoke to NATS went on
for ever, and with it the group that waited for it (a service ignored its SIGTERM, a test hung).
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


def heed_while_waiting() -> None:
    """From now on no wait with a time limit in this process swallows a cancellation."""
    if sys.version_info < (3, 12):
        asyncio.wait_for = wait_for  # type: ignore[assignment]  # typeshed lists kinds of awaitables


async def wait_for(awaited: Awaitable[T], timeout: float | None) -> T:
    """As Python 3.12 does it: in the task that waits, within `asyncio.timeout`.

    Raises:
        TimeoutError: it took longer than ``timeout`` seconds, and was cancelled.
    """
    future = asyncio.ensure_future(awaited) if timeout is not None and timeout <= 0 else None
    if future and future.done():
        return future.result()
    async with asyncio.timeout(timeout):
        return await (future or awaited)
