"""One process for one folder of data: the next one waits until the last has let go."""

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
    """Hold a lock file, in a folder that is there, for the block; wait as long as it takes.

    The kernel lets go of it when a process ends, however.
    """
    with lock.open("w") as file:
        waited = False
        while not _locked(file.fileno()):
            if not waited:
                logger.warning("waiting for another process to leave", lock=str(lock))
            waited = True
            await asyncio.sleep(_PAUSE)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
