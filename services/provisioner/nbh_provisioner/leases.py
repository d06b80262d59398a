"""The bucket of labs, where an entry is a lease (R-5). NATS may be away: that is waited for."""

from contextlib import aclosing
from datetime import datetime

import msgspec
import structlog

from nbh_kit.buckets import Bucket, Held, Lost, Snapshot
from nbh_proto import Lab
from nbh_proto.packing import unpacked
from nbh_provisioner.surely import surely

logger = structlog.get_logger(__name__)


class Taken(Exception):
    """The lease is another node's, or was taken over."""

    def __init__(self, node: str, since: datetime | None = None) -> None:
        when = f" since {since}" if since else ""
        super().__init__(f"the lab is on node {node}, which has its lease{when}")


class Leases:
    """The leases of one node, which nobody else writes."""

    def __init__(self, bucket: Bucket[Lab], node: str) -> None:
        self._bucket = bucket
        self._node = node

    async def all(self) -> list[Held[Lab]]:
        """Every lease there is, of whichever node, as it stands."""
        async with aclosing(self._bucket.watch()) as changes:
            async for change in changes:
                if isinstance(change, Snapshot):
                    return [_with_generation(held) for held in change.all.values()]
        return []

    async def take(self, lab: Lab) -> Held[Lab]:
        """Take the lease for a lab; the revision becomes its generation, its fencing token.

        Over a failed lab's entry, or one that this node left behind.

        Raises:
            Taken: another node has it.
        """
        revision = await surely(lambda: self._take(lab))
        return Held(msgspec.structs.replace(lab, generation=revision), revision)

    async def put(self, held: Held[Lab], lab: Lab) -> Held[Lab]:
        """Make ``lab`` the lease's value. If NATS has lost the lease it is written anew.

        Raises:
            Taken: another node has it now.
        """
        return Held(lab, await surely(lambda: self._put(held, lab)))

    async def drop(self, held: Held[Lab]) -> None:
        """Let the key be absent; if somebody else has it by now, it is theirs."""
        await surely(lambda: self._drop(held))

    async def _take(self, lab: Lab) -> int:
        try:
            return await self._bucket.create(lab.key, lab)
        except Lost:
            there = await self._bucket.get(lab.key)
        if there is None:
            return await self._take_from_nobody(lab)
        if there.value.capability == lab.capability:  # written, though the answer was lost
            return there.revision
        if there.value.node != self._node and there.value.state != "failed":
            raise Taken(there.value.node, there.value.since)
        return await self._bucket.update(lab.key, lab, there.revision)

    async def _take_from_nobody(self, lab: Lab) -> int:
        """Over what this release cannot read: which labs of this node run podman says, which
        stands above the bucket. Another node's stays: two labs would have one workspace."""
        unread = await self._bucket.unreadable(lab.key)
        if unread is None:
            raise Lost(lab.key)
        if (node := _node_of(unread.data)) not in ("", self._node):
            raise Taken(node)
        logger.warning("a lease that cannot be read is taken over")
        return await self._bucket.update(lab.key, lab, unread.revision)

    async def _put(self, held: Held[Lab], lab: Lab) -> int:
        try:
            return await self._bucket.update(lab.key, lab, held.revision)
        except Lost:
            there = await self._bucket.get(lab.key)
        if there is None:
            unread = await self._bucket.unreadable(lab.key)
            if unread is None:
                return await self._bucket.create(lab.key, lab)
            return await self._bucket.update(lab.key, lab, unread.revision)
        if there.value == lab:
            return there.revision
        if there.value.capability != lab.capability:
            raise Taken(there.value.node, there.value.since)
        return await self._bucket.update(lab.key, lab, there.revision)

    async def _drop(self, held: Held[Lab]) -> None:
        key = held.value.key
        there = await self._bucket.get(key)
        if there is not None and there.value.capability == held.value.capability:
            await self._bucket.delete(key, there.revision)


class _OfSomeNode(msgspec.Struct):
    """What may be known of a lease of whichever release."""

    node: str = ""


def _node_of(data: bytes) -> str:
    try:
        return msgspec.json.decode(unpacked(data), type=_OfSomeNode).node
    except (msgspec.MsgspecError, ValueError):
        return ""


def _with_generation(held: Held[Lab]) -> Held[Lab]:
    """A lease of which only the first write is there has that write's revision."""
    generation = held.value.generation or held.revision
    return Held(msgspec.structs.replace(held.value, generation=generation), held.revision)
