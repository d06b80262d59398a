"""The bucket of labs, where an entry is a lease (R-5). NATS may be away: that is waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import structlog

from nbh_kit.buckets import Bucket, Held, Lost
from nbh_kit.bus import BusAway
from nbh_proto import Lab

R = TypeVar("R")

_PAUSE = 0.25

logger = structlog.get_logger(__name__)


class Taken(Exception):
    """The lease is another node's, or was taken over."""

    def __init__(self, by: Lab) -> None:
        super().__init__(f"the lab is on node {by.node}, which has its lease since {by.since}")
        self.by = by


class Leases:
    """The leases of one node, which nobody else writes."""

    def __init__(self, bucket: Bucket[Lab], node: str) -> None:
        self._bucket = bucket
        self._node = node

    async def take(self, lab: Lab) -> Held[Lab]:
        """Take the lease for a lab; the revision becomes its generation, its fencing token.

        Over a failed lab's entry, or one that this node left behind.

        Raises:
            Taken: another node has it.
        """
        revision = await _surely(lambda: self._take(lab))
        return Held(msgspec.structs.replace(lab, generation=revision), revision)

    async def put(self, held: Held[Lab], lab: Lab) -> Held[Lab]:
        """Make ``lab`` the lease's value. If NATS has lost the lease it is written anew.

        Raises:
            Taken: another node has it now.
        """
        return Held(lab, await _surely(lambda: self._put(held, lab)))

    async def drop(self, held: Held[Lab]) -> None:
        """Let the key be absent; if somebody else has it by now, it is theirs."""
        await _surely(lambda: self._drop(held))

    async def _take(self, lab: Lab) -> int:
        try:
            return await self._bucket.create(lab.key, lab)
        except Lost:
            there = await self._bucket.get(lab.key)
        if there is None:
            raise Lost(lab.key)
        if there.value.capability == lab.capability:  # written, though the answer was lost
            return there.revision
        if there.value.node != self._node and there.value.state != "failed":
            raise Taken(there.value)
        return await self._bucket.update(lab.key, lab, there.revision)

    async def _put(self, held: Held[Lab], lab: Lab) -> int:
        try:
            return await self._bucket.update(lab.key, lab, held.revision)
        except Lost:
            there = await self._bucket.get(lab.key)
        if there is None:
            return await self._bucket.create(lab.key, lab)
        if there.value == lab:
            return there.revision
        if there.value.capability != lab.capability:
            raise Taken(there.value)
        return await self._bucket.update(lab.key, lab, there.revision)

    async def _drop(self, held: Held[Lab]) -> None:
        key = held.value.key
        there = await self._bucket.get(key)
        if there is not None and there.value.capability == held.value.capability:
            await self._bucket.delete(key, there.revision)


async def _surely(call: Callable[[], Awaitable[R]]) -> R:
    """Call until NATS answers and nobody interferes."""
    waited = False
    while True:
        try:
            return await call()
        except BusAway as e:
            if not waited:
                logger.warning("waiting for NATS with a lease", error=str(e))
            waited = True
        except Lost:
            pass  # it changed between the look and the write: look again
        await asyncio.sleep(_PAUSE if waited else 0)
