"""Carries out what `nbh_provisioner.adoption` plans, before the first access is answered."""

import asyncio

import msgspec
import structlog

from nbh_kit.buckets import Held
from nbh_kit.bus import Bus
from nbh_proto import Lab, now
from nbh_proto.lab import StopReason
from nbh_provisioner import adoption, lab_events
from nbh_provisioner.adoption import Adopted, Pooled
from nbh_provisioner.boot import Boot, Shape
from nbh_provisioner.engine import (
    CannotAttach,
    Engine,
    EngineError,
    ImageMissing,
    NotIsolated,
    Refused,
)
from nbh_provisioner.lab_folders import LabFolders
from nbh_provisioner.labs import Labs
from nbh_provisioner.leases import Leases
from nbh_provisioner.pool import Pool
from nbh_provisioner.sayable import sayable

_TRY_AGAIN = 1.0
_ANSWERS_SECONDS = 2.0
_NEVER_WRITTEN = 0

logger = structlog.get_logger(__name__)


class TakingOver:
    """The first thing that a fresh process does."""

    def __init__(
        self,
        node: str,
        engine: Engine,
        folders: LabFolders,
        leases: Leases,
        boot: Boot,
        labs: Labs,
        pool: Pool,
        bus: Bus,
    ) -> None:
        self._node = node
        self._engine = engine
        self._folders = folders
        self._leases = leases
        self._boot = boot
        self._labs = labs
        self._pool = pool
        self._bus = bus

    async def until_done(self) -> None:
        """Take over what runs and remove what is left over, however long the engine is down."""
        while True:
            try:
                await self._take_over()
                break
            except EngineError as e:
                logger.warning("waiting for the engine to tell which labs run", error=str(e))
            except Exception:
                logger.exception("the labs of the last process could not be taken over")
            await asyncio.sleep(_TRY_AGAIN)
        self._labs.adopted.set()

    async def _take_over(self) -> None:
        await self._secure()
        found = await self._engine.labs()
        held = await self._leases.all()
        tokens = self._folders.tokens()
        claims = self._folders.claims(tokens)
        plan = adoption.plan(self._node, found, held, tokens, claims, now())
        # The folders first. Podman goes on with a removal though we are killed: the next process
        # may find the container running, and must not adopt what is about to end. It adopts none
        # that has no token.
        for capability in plan.forget:
            await asyncio.to_thread(self._folders.remove, capability)
        await asyncio.gather(*(self._remove(container) for container in plan.remove))
        await self._engine.remove_leftovers()
        await asyncio.gather(*(self._release(h) for h in plan.release))
        await asyncio.gather(*(self._leases.drop(h) for h in plan.drop))
        await asyncio.gather(*(self._adopt(a) for a in plan.adopt))
        await asyncio.gather(*(self._adopt_pooled(p) for p in plan.pool))
        logger.info(
            "labs are taken over",
            adopted=len(plan.adopt),
            pooled=len(plan.pool),
            removed=len(plan.remove),
            released=len(plan.release),
        )

    async def _secure(self) -> None:
        try:
            await self._engine.secure()
        except NotIsolated as e:
            logger.error("labs that run are not kept apart; none starts", error=str(e))

    async def _remove(self, container: str) -> None:
        try:
            await self._engine.stop(container, within=0)
        except EngineError as e:
            await self._engine.labs()  # where nobody answers at all, everything is done again
            logger.error("a container cannot be removed, and stays", name=container, error=str(e))

    async def _release(self, held: Held[Lab]) -> None:
        lab = held.value
        if lab.state != "failed":
            found: StopReason = "died" if lab.state in ("ready", "frozen") else "lost"
            await self._bus.tell_surely(lab_events.stopped(lab, lab.why or found))
        await self._leases.drop(held)

    async def _adopt_pooled(self, pooled: Pooled) -> None:
        shape = Shape(pooled.lab.commit, pooled.spec)
        try:
            image = await self._boot.image(pooled.lab.image)
        except ImageMissing:
            image = ""  # then it is outdated
        self._pool.adopt(pooled.lab, pooled.running, shape, image, pooled.held)

    async def _adopt(self, adopted: Adopted) -> None:
        lab, running = adopted.lab, adopted.running
        if adopted.way == "pool":
            try:
                running = await self._boot.finish_claim(lab, running)
            except (CannotAttach, Refused) as e:
                logger.warning("a lab cannot be made its student's", error=sayable(lab, e))
                await self._let_go(adopted)
                return
        if lab.state == "starting" and adopted.held is None and await self._answers(lab):
            # told as ready long ago, before the bucket was lost
            lab = msgspec.structs.replace(lab, state="ready")
        held = adopted.held or Held(lab, _NEVER_WRITTEN)
        if adopted.held is None or held.value != lab:
            held = await self._leases.put(held, lab)
        state = adoption.state(lab, adopted.frozen)
        self._labs.adopt(lab.key, state, held, running, adopted.way)

    async def _let_go(self, adopted: Adopted) -> None:
        await self._boot.remove(adopted.lab, gently=False)
        if adopted.held:
            await self._release(adopted.held)

    async def _answers(self, lab: Lab) -> bool:
        try:
            async with asyncio.timeout(_ANSWERS_SECONDS):
                await self._boot.answer(lab, lab.address)
        except TimeoutError:
            return False
        return True
