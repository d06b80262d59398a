"""One builder for one folder of data: the next one waits until the last has let go."""

import asyncio
import fcntl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

_PAUSE = 0.1

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def only_one(lock: Path) -> AsyncGenerator[None]:
    """Hold the lock for the block. The kernel lets go of it when a process ends, however."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("w") as file:
        waited = False
        while not _locked(file.fileno()):
            if not waited:
                logger.warning("another builder works here; waiting until it ends")
            waited = True
            await asyncio.sleep(_PAUSE)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
