"""All labs of this node: one keeper for each (course, student) that has, or wants, one."""

import asyncio
from datetime import datetime

from nbh_kit.buckets import Held
from nbh_proto import Lab
from nbh_proto.lab import StopReason
from nbh_provisioner import lease
from nbh_provisioner.boot import Wish
from nbh_provisioner.engine import Running
from nbh_provisioner.keeper import Keeper, Means
from nbh_provisioner.lease_messages import BucketLost
from nbh_provisioner.waiting import Progress


class Labs:
    """What this process knows of its labs; nobody else writes them, so it is never behind."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._keepers: dict[str, Keeper] = {}
        self.adopted = asyncio.Event()
        """Set once the labs of earlier processes are taken over."""

    def ready(self, key: str) -> Lab | None:
        """The lab of a key (`nbh_proto.lab_key`), if it answers. No call, no wait."""
        keeper = self._keepers.get(key)
        return keeper.ready if keeper else None

    def students(self, course: str) -> list[str]:
        """Who has a lab of a course, in whatever state, or is about to get one."""
        labs = (keeper.lab for keeper in self._keepers.values())
        return sorted(lab.student for lab in labs if lab and lab.course == course)

    def commits(self) -> set[tuple[str, str]]:
        """The (course, revision) that labs mount, or are about to."""
        labs = (keeper.lab for keeper in self._keepers.values())
        return {(lab.course, lab.commit) for lab in labs if lab}

    async def wanted(self, key: str, wish: Wish, until: datetime, progress: Progress) -> Lab:
        """The lab of a key; it is started if there is none, once for all who want it.

        Raises:
            NoLab: it could not be started, and why.
        """
        return await self._keeper(key).wanted(wish, until, progress)

    async def stop(self, key: str, reason: StopReason, generation: int) -> bool:
        """Stop a lab of this generation (0 for any); return when it is gone, or False at once if
        there is none."""
        keeper = self._keepers.get(key)
        return await keeper.stop(reason, generation) if keeper else False

    def adopt(
        self, key: str, state: lease.State, held: Held[Lab] | None, running: Running | None
    ) -> None:
        """Take over a lab that an earlier process of ours had."""
        self._keeper(key).adopt(state, held, running)

    async def write_again(self) -> None:
        """NATS is back: what it lost of our labs is written again (R-1)."""
        for keeper in list(self._keepers.values()):
            keeper.post(BucketLost())

    async def close(self) -> None:
        """Let go of all; labs live on."""
        await asyncio.gather(*(k.close() for k in list(self._keepers.values())))

    def _keeper(self, key: str) -> Keeper:
        if key not in self._keepers:
            self._keepers[key] = Keeper(self._means, lambda: self._forget(key))
        return self._keepers[key]

    def _forget(self, key: str) -> None:
        self._keepers.pop(key, None)
