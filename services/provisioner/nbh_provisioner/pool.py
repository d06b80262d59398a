"""The pool: labs that are booted, have their routes, and are nobody's (S-56).

Capability and token are made with the container and told to nobody. A slot is taken out once, in
this process, which is alone on its node; the lease of whoever gets it is taken by compare-and-set.
How many there should be is `nbh_provisioner.stocking`'s affair.
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine
from typing import Any

import msgspec
import structlog

from nbh_kit.buckets import Held
from nbh_proto import Course, Lab, names, now
from nbh_provisioner.boot import Boot, Shape, Wish
from nbh_provisioner.demand import Demands
from nbh_provisioner.engine import CannotAttach, EngineError, Running
from nbh_provisioner.leases import Leases
from nbh_provisioner.sayable import sayable
from nbh_provisioner.slot import Slot

_TRY_AGAIN = 1.0
_AFTER_THE_ANSWER = 0.05
_SHAPES = 200

logger = structlog.get_logger(__name__)


class Pool:
    """The pooled labs of one node, by what they are good for."""

    def __init__(self, node: str, boot: Boot, leases: Leases) -> None:
        self._node = node
        self._boot = boot
        self._leases = leases
        self._slots: list[Slot] = []
        self._doing: dict[Slot, set[asyncio.Task[None]]] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._can_attach: bool | None = None
        self._shapes: dict[tuple[Course, str, str], Shape] = {}
        self.demands = Demands()
        self._starting: list[Lab] = []

        self.taken_at = float("-inf")
        """When a student last came who had no lab; of `time.monotonic`."""

        self.wanted = 0
        """How many there should be, as who stocks it sees it."""

        self.changed = asyncio.Event()
        """Set when there may be something to do for who stocks it."""

    @property
    def is_closed(self) -> bool:
        """Whether this machine cannot mount into labs that run, so that there is no pool."""
        return self._can_attach is False

    @property
    def slots(self) -> list[Slot]:
        """All there are, the oldest first."""
        return list(self._slots)

    @property
    def labs(self) -> list[Lab]:
        """All there are, and those that are on their way."""
        return [*(slot.lab for slot in self._slots), *self._starting]

    def commits(self) -> set[tuple[str, str]]:
        """The (course, revision) that they mount, or are about to."""
        return {(lab.course, lab.commit) for lab in self.labs}

    def take(self, wish: Wish) -> Slot | None:
        """A lab that is as one started now would be, for good; one that boots if none has booted.

        None if there is none. Whoever takes it says `claimed` or `remove`.
        """
        self.taken_at = time.monotonic()
        self.demands.came(wish.course.course, self.taken_at)
        self.changed.set()
        fitting = [s for s in self._slots if self._fits(s, wish)]
        slot = next((s for s in fitting if s.answers), fitting[0] if fitting else None)
        if slot:
            self._let_go(slot)
        return slot

    def claimed(self, slot: Slot) -> None:
        """A slot is a student's, whose own lease says so; its entry as nobody's goes."""
        self._later(self._forget(slot))

    def remove(self, slot: Slot) -> None:
        """A slot is good for nobody."""
        self._let_go(slot)
        self._later(self._removed(slot))

    async def end(self, slot: Slot) -> None:
        """The same; return when it is gone."""
        self._let_go(slot)
        await self._removed(slot)

    def close_for_good(self, why: str) -> None:
        """This machine cannot mount into labs that run: labs are started when they are wanted."""
        if self._can_attach is not False:
            logger.warning("there is no pool of labs on this machine; each starts cold", why=why)
        self._can_attach = False
        for slot in self.slots:
            self.remove(slot)

    async def boot(self, wish: Wish, image_name: str, image: str) -> None:
        """Have one lab more; return once it answers or somebody has taken it meanwhile.

        Raises:
            EngineError, TimeoutError: it cannot be had, and nothing is left of it.
        """
        began = time.monotonic()
        lab = self._fresh(wish, image_name)
        self._starting.append(lab)
        try:
            slot = await self._started(wish, lab, image)
        finally:
            self._starting.remove(lab)
        if await self._until_it_answers(slot):
            self.demands.booted(lab.course, time.monotonic() - began)

    def unrehearsed(self) -> list[Slot]:
        """Those that could be more than booted, the oldest first: they are taken first."""
        return [slot for slot in self._slots if slot.answers and not slot.is_rehearsed]

    async def rehearse(self, slot: Slot) -> None:
        """Have one do what its first page needs, once; ended when somebody takes it meanwhile."""
        if slot not in self._slots:  # it was taken since it was asked for
            return
        rehearsal = asyncio.create_task(self._boot.rehearse(slot.lab))
        self._doing[slot].add(rehearsal)
        await asyncio.wait({rehearsal})
        slot.is_rehearsed = True

    def adopt(
        self, lab: Lab, running: Running, shape: Shape, image: str, held: Held[Lab] | None
    ) -> None:
        """Take over a lab that an earlier process of ours had in its pool."""
        slot = Slot(lab, running, shape, image)
        if held:
            slot.held = held
        self.demands.came(lab.course, time.monotonic())  # somebody was expected, and still is
        self._add(slot)
        self._do_for(slot, self._adopted(slot))

    async def write_again(self) -> None:
        """NATS is back: what it lost of the pool is written again (R-1)."""
        for slot in self.slots:
            self._do_for(slot, self._written(slot))

    async def close(self) -> None:
        """Let go of all; labs live on, and the next process takes them over."""
        tasks = [*self._chores, *(t for doing in self._doing.values() for t in doing)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def shape(self, wish: Wish, slot: Slot) -> Shape:
        """The shape that a slot would have if it were started now, of the same image."""
        key = (wish.course, wish.revision.commit, slot.image)
        if key not in self._shapes:
            if len(self._shapes) > _SHAPES:
                self._shapes.clear()
            self._shapes[key] = self._boot.shape(wish, slot.lab, slot.image)
        return self._shapes[key]

    def _fits(self, slot: Slot, wish: Wish) -> bool:
        if slot.lab.course != wish.course.course or not slot.held.revision:
            return False
        return slot.shape == self.shape(wish, slot)

    def _add(self, slot: Slot) -> None:
        self._slots.append(slot)
        self._do_for(slot, self._watched(slot))

    def _let_go(self, slot: Slot) -> None:
        if slot in self._slots:
            self._slots.remove(slot)
        present = asyncio.current_task()
        for task in self._doing.pop(slot, set()):
            if task is not present:
                task.cancel()
        self.changed.set()

    async def _started(self, wish: Wish, lab: Lab, image: str) -> Slot:
        try:
            running = await self._boot.start_pooled(wish, lab, image)
        except EngineError:
            self._later(self._removed_lab(lab))
            raise
        lab = msgspec.structs.replace(lab, container=running.container, address=running.address)
        slot = Slot(lab, running, self._boot.shape(wish, lab, image), image)
        slot.held = await self._leases.take(lab)
        self._add(slot)
        return slot

    async def _until_it_answers(self, slot: Slot) -> bool:
        """Whether it has answered; False if it is not in the pool any more."""
        answering = asyncio.create_task(self._answered(slot.lab))
        self._doing[slot].add(answering)
        await asyncio.wait({answering})
        if answering.cancelled() or slot not in self._slots:
            return False
        if error := answering.exception():
            self.remove(slot)
            raise error
        await self._make_sure_of_attaching(slot)
        slot.answers = slot in self._slots
        return slot.answers

    async def _answered(self, lab: Lab) -> None:
        await self._boot.answer(lab, lab.address)
        await self._boot.exercise(lab)

    async def _make_sure_of_attaching(self, slot: Slot) -> None:
        if self._can_attach is None:
            try:
                await self._boot.check_attach(slot.running)
                self._can_attach = True
            except CannotAttach as e:
                self.close_for_good(str(e))
            except EngineError as e:  # it has just ended, or podman has: the next one will tell
                logger.info("nobody knows whether there can be a pool", error=str(e))

    async def _adopted(self, slot: Slot) -> None:
        await self._written(slot)
        try:
            await self._until_it_answers(slot)
        except TimeoutError as e:
            logger.info("a lab of the pool does not answer any more", error=sayable(slot.lab, e))

    async def _written(self, slot: Slot) -> None:
        slot.held = await self._leases.put(slot.held, slot.lab)

    async def _watched(self, slot: Slot) -> None:
        _, how = await self._boot.end(slot.lab, slot.running)
        if slot in self._slots:
            logger.warning("a lab of the pool has ended", how=sayable(slot.lab, how))
            self.remove(slot)

    async def _forget(self, slot: Slot) -> None:
        await asyncio.sleep(_AFTER_THE_ANSWER)  # the student is served first
        await self._leases.drop(slot.held)

    async def _removed(self, slot: Slot) -> None:
        await self._removed_lab(slot.lab)
        await self._leases.drop(slot.held)

    async def _removed_lab(self, lab: Lab) -> None:
        while True:
            try:
                await self._boot.remove(lab, gently=False)
                return
            except EngineError as e:
                logger.info("a lab of the pool cannot be removed so far", error=str(e))
            await asyncio.sleep(_TRY_AGAIN)

    def _fresh(self, wish: Wish, image_name: str) -> Lab:
        return Lab(
            node=self._node,
            course=wish.course.course,
            student="",
            state="pooled",
            generation=0,
            capability=names.new_capability(),
            token=secrets.token_urlsafe(32),
            image=image_name,
            commit=wish.revision.commit,
            since=now(),
        )

    def _do_for(self, slot: Slot, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing)
        self._doing.setdefault(slot, set()).add(task)
        task.add_done_callback(self._doing[slot].discard)

    def _later(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
