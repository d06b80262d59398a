"""What is being done for one lab, in tasks: start, freezing, removal, the watch over its end.

Nothing here decides: what comes of it is posted, and `nbh_provisioner.lease` steps on.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any, NamedTuple

import structlog

from nbh_kit.bus import Bus
from nbh_kit.traces import Traces
from nbh_proto import Lab, new_id, now
from nbh_proto.access import Way
from nbh_provisioner.boot import Boot, Wish
from nbh_provisioner.engine import CannotAttach, EngineError, Running
from nbh_provisioner.freezer import Freezer
from nbh_provisioner.head_room import HeadRoom, NoMemory
from nbh_provisioner.lease_messages import (
    Answered,
    Ended,
    Failed,
    Frozen,
    Gone,
    Message,
    NotFrozen,
    Placed,
    RanShort,
    Remove,
    Stuck,
    Unclaimed,
)
from nbh_provisioner.leases import Leases
from nbh_provisioner.pool import Pool
from nbh_provisioner.sayable import sayable
from nbh_provisioner.slot import Slot
from nbh_provisioner.starts import Starts
from nbh_provisioner.waiting import WaitingRoom

_TRY_AGAIN = 1.0
_SHORTAGES_APART = 5.0
"""A fork bomb is refused thousands of times a second."""

_STOP_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0)

logger = structlog.get_logger(__name__)


class Means(NamedTuple):
    """What every keeper works with."""

    node: str
    image: str
    """What labs of a course run that names no image of its own."""

    boot: Boot
    freezer: Freezer
    leases: Leases
    starts: Starts
    head_room: HeadRoom
    pool: Pool
    bus: Bus
    traces: Traces


class Affairs:
    """Those of one keeper, which hears what comes of them."""

    def __init__(
        self, means: Means, waiting: WaitingRoom, post: Callable[[Message], None]
    ) -> None:
        self._means = means
        self._waiting = waiting
        self._post = post
        self._tasks: set[asyncio.Task[None]] = set()
        """What ends when the lab is on its way out."""

        self._running: Running | None = None
        self._starting: asyncio.Task[Running] | None = None
        self._freezing: asyncio.Task[Frozen | NotFrozen] | None = None
        self._removal: asyncio.Task[None] | None = None
        self._removals = means.bus.metrics.histogram(
            "jupyterhub_server_stop_seconds",
            "Time taken for server stopping operation.",
            _STOP_SECONDS,
            status=("success", "failure"),
        )

    @property
    def running(self) -> Running | None:
        """The lab's container, if it has one."""
        return self._running

    def begin(self, lab: Lab, wish: Wish) -> None:
        """Start a lab and wait for its first answer, after its turn has come."""
        self._do_for(lab, self._begin(lab, wish))

    def adopt(self, lab: Lab, running: Running) -> None:
        """Take over a lab that an earlier process of ours had: watch over its end."""
        self._running = running
        self._watch(lab, running)

    def make_theirs(self, lab: Lab, slot: Slot) -> None:
        """Make a lab of the pool the student's."""
        self._do_for(lab, self._make_theirs(lab, slot))

    def await_answer(self, lab: Lab, way: Way) -> None:
        """Wait for the first answer of a lab that was started, in whatever way."""
        self._do_for(lab, self._await_answer(lab, lab.address, way))

    def find_frozen(self, lab: Lab) -> None:
        """Hear who comes to a lab that stands still, or came before us."""
        if self._running:
            self._do_for(lab, self._means.freezer.find(lab, self._running, self._post))

    def freeze(self, lab: Lab) -> None:
        """Let a lab stand still."""
        self._do_for(lab, self._freeze(lab))

    def thaw(self, lab: Lab) -> None:
        """Let a lab go on."""
        self._do_for(lab, self._thaw(lab))

    def remove(self, remove: Remove) -> None:
        """End what is being done for a lab, and the lab."""
        self._waiting.forget_stage()
        for task in self._tasks:
            task.cancel()
        self._removal = asyncio.create_task(self._removed(remove))

    async def close(self) -> None:
        """Do nothing any more; the lab lives on."""
        tasks = [t for t in (*self._tasks, self._starting, self._freezing, self._removal) if t]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _watch(self, lab: Lab, running: Running) -> None:
        """From now on hear what becomes of a container by itself."""
        self._do_for(lab, self._hear_its_end(lab, running))
        self._do_for(lab, self._hear_shortages(lab, running))

    def _do_for(self, lab: Lab, doing: Coroutine[Any, Any, None]) -> None:
        """Do something for the present lab until it is done or the lab is on its way out."""
        task = asyncio.create_task(self._reported(lab, doing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reported(self, lab: Lab, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except (EngineError, NoMemory) as e:
            self._post(Failed(lab.capability, e.reason, sayable(lab, e)))
        except TimeoutError as e:
            self._post(Failed(lab.capability, "lab-slow", sayable(lab, e)))
        except Exception:
            incident = new_id()[:8]
            logger.exception("a start failed", incident=incident, course=lab.course)
            self._post(Failed(lab.capability, "internal", f"see the log, incident {incident}"))

    async def _begin(self, lab: Lab, wish: Wish) -> None:
        async with (
            self._means.starts.place(lambda position: self._queued(lab, position)),
            self._means.head_room.one_more(lambda: self._waiting.tell("queued")),
        ):
            if self._waiting.have_all_left(now()):
                self._post(Failed(lab.capability, "expired", "it was queued for too long"))
                return
            await self._waiting.tell("starting")
            # A thread that talks to podman cannot be called back: whoever removes the lab waits
            # for it (`_removed`), or a container would come after its own removal.
            with self._means.traces.span("start the container"):
                self._starting = asyncio.create_task(self._means.boot.start(wish, lab))
                running = self._running = await asyncio.shield(self._starting)
            commit = wish.revision.commit
            self._post(Placed(lab.capability, running.container, running.address, commit))
            logger.info("a lab is started", container=running.name, generation=lab.generation)
            self._watch(lab, running)
            await self._waiting.tell("booting")
            await self._await_answer(lab, running.address)

    async def _make_theirs(self, lab: Lab, slot: Slot) -> None:
        # as in `_begin`: whoever removes the lab waits for what is under way
        self._starting = asyncio.create_task(self._means.boot.claim(lab, slot.running))
        try:
            with self._means.traces.span("take a lab of the pool"):
                running = self._running = await asyncio.shield(self._starting)
        except EngineError as e:
            logger.warning("a lab of the pool is of no use", error=sayable(lab, e))
            if isinstance(e, CannotAttach):
                self._means.pool.close_for_good(str(e))
            self._post(Unclaimed(lab.capability))
            return
        finally:
            self._means.pool.claimed(slot)
        logger.info(
            "a lab of the pool is taken", container=running.name, generation=lab.generation
        )
        self._watch(lab, running)
        if slot.answers:
            self._post(Answered(lab.capability, "pool"))
            return
        await self._waiting.tell("booting")
        await self._await_answer(lab, running.address, "pool")

    async def _await_answer(self, lab: Lab, address: str, way: Way = "cold") -> None:
        with self._means.traces.span("wait for Jupyter"):
            await self._means.boot.answer(lab, address)
        logger.info("a lab answers", way=way, generation=lab.generation)
        self._post(Answered(lab.capability, way))

    async def _hear_its_end(self, lab: Lab, running: Running) -> None:
        ending, how = await self._means.boot.end(lab, running)
        self._post(Ended(lab.capability, sayable(lab, how), ending.out_of_memory))

    async def _hear_shortages(self, lab: Lab, running: Running) -> None:
        async with aclosing(self._means.boot.shortages(running)) as shortages:
            async for short in shortages:
                self._post(RanShort(lab.capability, short.of, short.limit, short.times))
                await asyncio.sleep(_SHORTAGES_APART)

    async def _freeze(self, lab: Lab) -> None:
        assert self._running is not None  # it is ready
        freezing = self._means.freezer.freeze(lab, self._running, self._post)
        # Nor can this be called back: a removal waits for it.
        self._freezing = asyncio.create_task(freezing)
        self._post(await asyncio.shield(self._freezing))

    async def _thaw(self, lab: Lab) -> None:
        assert self._running is not None  # it was ready
        self._post(await self._means.freezer.thaw(lab, self._running, self._post))

    def _queued(self, lab: Lab, position: int) -> None:
        self._do_for(lab, self._waiting.tell("queued", position))

    async def _removed(self, remove: Remove) -> None:
        lab = remove.lab
        begun = [task for task in (self._starting, self._freezing) if task]
        await asyncio.gather(*begun, return_exceptions=True)
        self._means.freezer.leave(lab)
        while True:
            began = time.monotonic()
            try:
                await self._means.boot.remove(lab, gently=remove.gently)
                self._removals.observe(time.monotonic() - began, "success")
                break
            except EngineError as e:
                self._removals.observe(time.monotonic() - began, "failure")
                self._post(Stuck(lab.capability, e.reason, sayable(lab, e)))
            except Exception as e:
                logger.exception("a lab could not be removed", course=lab.course)
                self._post(Stuck(lab.capability, "internal", sayable(lab, repr(e))))
            await asyncio.sleep(_TRY_AGAIN)
        self._post(Gone(lab.capability))
