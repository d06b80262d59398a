"""Ends frozen labs when the node's memory runs short: the one that is frozen the longest first.

A frozen lab costs nothing but memory, and whoever left it long ago is the least likely to come
back for its kernels. A lab that is not frozen is never ended for this.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from nbh_proto import Lab
from nbh_provisioner.labs import Labs
from nbh_provisioner.memory import Memory

_LOOK_EVERY = 2.0

logger = structlog.get_logger(__name__)


def next_to_end(frozen: Iterable[Lab], memory: Memory, share: float) -> Lab | None:
    """The lab to end now; None while no more than that share of memory is in use. Pure."""
    if memory.total - memory.available <= share * memory.total:
        return None
    return min(frozen, key=lambda lab: lab.since, default=None)


class Relief:
    """Looks at the node's memory from time to time."""

    def __init__(self, labs: Labs, read: Callable[[], Memory], share: float) -> None:
        self._labs = labs
        self._read = read
        self._share = share

    async def give(self) -> None:
        """Keep the use of memory below the share, for ever."""
        await self._labs.adopted.wait()
        while True:
            while lab := next_to_end(self._labs.frozen(), self._read(), self._share):
                # one after another: the next look sees what the last one's end has freed
                ended = await self._labs.stop(lab.key, "memory", lab.generation)
                logger.info("memory is short", course=lab.course, ended=ended)
            await asyncio.sleep(_LOOK_EVERY)
