"""Ends labs when the node's memory runs short: those that are nobody's, then the one that is
frozen the longest, and so on.

A frozen lab costs nothing but memory, and whoever left it long ago is the least likely to come
back for its kernels. A lab that is not frozen is never ended for this.
"""

import asyncio
from collections.abc import Iterable

import structlog

from nbh_proto import Lab
from nbh_provisioner.head_room import HeadRoom
from nbh_provisioner.labs import Labs
from nbh_provisioner.pool import Pool

_LOOK_EVERY = 2.0

logger = structlog.get_logger(__name__)


def next_to_end(frozen: Iterable[Lab]) -> Lab | None:
    """The lab that ends before all others. Pure."""
    return min(frozen, key=lambda lab: lab.since, default=None)


class Relief:
    """Looks at the node's memory from time to time."""

    def __init__(self, labs: Labs, pool: Pool, head_room: HeadRoom, *, free_of_pool: int) -> None:
        """``free_of_pool``: the bytes that labs which are nobody's must leave."""
        self._labs = labs
        self._pool = pool
        self._head_room = head_room
        self._free_of_pool = free_of_pool

    async def give(self) -> None:
        """Keep the use of memory below the share, for ever."""
        await self._labs.adopted.wait()
        while True:
            # one after another: the next look sees what the last one's end has freed
            while await self._has_ended_one():
                pass
            await asyncio.sleep(_LOOK_EVERY)

    async def _has_ended_one(self) -> bool:
        if self._head_room.left(self._free_of_pool) < 0 and self._pool.slots:
            slot = self._pool.slots[-1]
            await self._pool.end(slot)
            logger.info("memory is short for a pool", course=slot.lab.course)
            return True
        if self._head_room.left() >= 0 or not (lab := next_to_end(self._labs.frozen())):
            return False
        ended = await self._labs.stop(lab.key, "memory", lab.generation)
        logger.info("memory is short", course=lab.course, ended=ended)
        return True
