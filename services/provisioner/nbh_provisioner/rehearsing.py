"""Has the labs of the pool rehearse their first page, when the machine has nothing better to do.

A rehearsal takes more than a second of a processor, and no student waits for it (ADR 43): it
yields to starts, and to whatever else keeps the machine busy. A lab that is taken before its turn
is as good as any other, and slower at its first page.
"""

import asyncio

from nbh_provisioner.idleness import Idleness
from nbh_provisioner.pool import Pool
from nbh_provisioner.starts import Starts

_LOOK_EVERY = 1.0
_LEFT_OVER = 0.5
"""Processors that stay idle: who comes meanwhile finds the machine free."""


class Rehearsing:
    """The loop of one node."""

    def __init__(self, pool: Pool, starts: Starts, idleness: Idleness) -> None:
        self._pool = pool
        self._starts = starts
        self._idleness = idleness

    async def run(self) -> None:
        """Work for ever, where there can be a pool."""
        while not self._pool.is_closed:
            await asyncio.sleep(_LOOK_EVERY)
            idle = self._idleness.lately()
            if self._starts.is_idle:
                next_ones = self._pool.unrehearsed()[: max(0, int(idle - _LEFT_OVER))]
                await asyncio.gather(*(self._pool.rehearse(slot) for slot in next_ones))
