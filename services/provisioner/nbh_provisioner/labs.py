"""All labs of this node: one keeper for each (course, student) that has, or wants, one."""

import asyncio
from datetime import datetime

from nbh_kit.buckets import Held
from nbh_proto import Lab
from nbh_proto.access import Way
from nbh_proto.lab import StopReason
from nbh_provisioner.affairs import Means
from nbh_provisioner.boot import Wish
from nbh_provisioner.engine import Running
from nbh_provisioner.keeper import Keeper
from nbh_provisioner.lease_messages import BucketLost, FreezeAsked, FreezeOver
from nbh_provisioner.lease_state import State
from nbh_provisioner.waiting import Progress, Served

_NO_LAB = "there is no such lab"


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

    def all(self) -> list[Lab]:
        """Those that somebody has or is about to get, in whatever state."""
        return [lab for keeper in self._keepers.values() if (lab := keeper.lab)]

    def commits(self) -> set[tuple[str, str]]:
        """The (course, revision) that labs mount, or are about to."""
        labs = (keeper.lab for keeper in self._keepers.values())
        return {(lab.course, lab.commit) for lab in labs if lab} | self._means.pool.commits()

    def is_up(self, key: str) -> bool:
        """Whether there is a lab that has answered, even if it is frozen now."""
        keeper = self._keepers.get(key)
        return keeper is not None and keeper.is_up

    def up(self) -> list[tuple[Lab, Running]]:
        """The labs that have answered, with their containers, even if they are frozen now."""
        return [up for keeper in self._keepers.values() if (up := keeper.up)]

    def frozen(self) -> list[Lab]:
        """The labs that stand still."""
        return [lab for keeper in self._keepers.values() if (lab := keeper.frozen)]

    async def wanted(self, key: str, wish: Wish, until: datetime, progress: Progress) -> Served:
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

    async def freeze(self, key: str, asked: FreezeAsked) -> FreezeOver:
        """Freeze a lab that nobody is connected to; how that ended."""
        keeper = self._keepers.get(key)
        return await keeper.freeze(asked) if keeper else FreezeOver((asked,), "nothing", _NO_LAB)

    def adopt(
        self,
        key: str,
        state: State,
        held: Held[Lab] | None,
        running: Running | None,
        way: Way,
    ) -> None:
        """Take over a lab that an earlier process of ours had."""
        self._keeper(key).adopt(state, held, running, way)

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
