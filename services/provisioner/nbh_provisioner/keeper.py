"""Keeps one (course, student): feeds its state machine and does what it says, in order (R-10)."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime

import structlog

from nbh_kit.buckets import Held
from nbh_proto import Lab, names, new_id, now
from nbh_proto.access import Way
from nbh_proto.lab import StopReason
from nbh_provisioner import lease
from nbh_provisioner.affairs import Affairs, Means
from nbh_provisioner.boot import Wish
from nbh_provisioner.engine import Running
from nbh_provisioner.lease_messages import (
    Begin,
    Claimed,
    DropLease,
    Effect,
    Freeze,
    FreezeAsked,
    FreezeOver,
    Gone,
    Leased,
    LeaseRefused,
    MakeTheirs,
    Message,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    TakeLease,
    Tell,
    Thaw,
    Unclaimed,
    Wanted,
    Write,
)
from nbh_provisioner.lease_state import UP, State
from nbh_provisioner.leases import Taken
from nbh_provisioner.slot import Slot
from nbh_provisioner.waiting import Progress, Served, WaitingRoom

logger = structlog.get_logger(__name__)


class Keeper:
    """One (course, student). Made by `nbh_provisioner.labs`."""

    def __init__(self, means: Means, forget: Callable[[], None]) -> None:
        self._means = means
        self._forget = forget
        self._state = State()
        self._held: Held[Lab] | None = None
        self._wish: Wish | None = None
        self._waiting = WaitingRoom()
        self._leaving: list[asyncio.Future[bool]] = []
        self._freezings: list[tuple[FreezeAsked, asyncio.Future[FreezeOver]]] = []
        self._messages: deque[Message] = deque()
        self._working: asyncio.Task[None] | None = None
        self._affairs = Affairs(means, self._waiting, self.post)
        self._slot: Slot | None = None
        """What was taken out of the pool for the present lab."""
        self._pool_is_of_use = True
        """False after a lab of the pool was of no use, until there is another."""

    @property
    def ready(self) -> Lab | None:
        """The lab, if it answers."""
        return self._state.lab if self._state.phase == "ready" else None

    @property
    def lab(self) -> Lab | None:
        """The lab, in whatever state, unless it is gone or has failed."""
        return None if self._is_idle() else self._state.lab

    @property
    def is_up(self) -> bool:
        """Whether there is a lab that has answered, even if it is frozen now."""
        return self._state.phase in UP

    @property
    def up(self) -> tuple[Lab, Running] | None:
        """The lab and its container, if it has answered, even if it is frozen now."""
        lab, running = self._state.lab, self._affairs.running
        return (lab, running) if self.is_up and lab and running else None

    @property
    def frozen(self) -> Lab | None:
        """The lab, if it stands still."""
        return self._state.lab if self._state.phase == "frozen" else None

    async def wanted(self, wish: Wish, until: datetime, progress: Progress) -> Served:
        """The lab of this student, which may have to be started.

        Args:
            until: when nobody waits for it any more.

        Raises:
            NoLab: it could not be started, and why.
        """
        self._wish = wish
        fresh = Wanted(self._fresh(wish))
        return await self._waiting.wait(until, progress, lambda: self.post(fresh))

    async def stop(self, reason: StopReason, generation: int) -> bool:
        """Stop the lab, if it is of that generation (0 for any); return when it is gone."""
        lab = self._state.lab
        if lab is None or self._state.phase not in ("starting", *UP, "leaving"):
            return False
        if generation not in (0, lab.generation):
            return False
        gone: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._leaving.append(gone)
        self.post(StopAsked(reason, generation))
        return await gone

    async def freeze(self, asked: FreezeAsked) -> FreezeOver:
        """Freeze the lab, if nobody is connected to it; return when that is over."""
        over: asyncio.Future[FreezeOver] = asyncio.get_running_loop().create_future()
        self._freezings.append((asked, over))
        self.post(asked)
        return await over

    def adopt(
        self, state: State, held: Held[Lab] | None, running: Running | None, way: Way
    ) -> None:
        """Take over a lab that an earlier process of ours had, which came to be in that way."""
        self._state, self._held = state, held
        lab = state.lab
        if lab is None:
            return
        if running:
            self._affairs.adopt(lab, running)
        match state.phase:
            case "starting" if running:
                self._affairs.await_answer(lab, way)
            case "frozen":
                self._affairs.find_frozen(lab)
            case "thawing":
                self._affairs.thaw(lab)
            case "leaving":
                self._affairs.remove(Remove(lab, gently=True))

    def post(self, message: Message) -> None:
        """Something happened."""
        self._messages.append(message)
        if self._working is None:
            self._working = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Do nothing any more; the lab lives on."""
        if self._working:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        await self._affairs.close()

    async def _work(self) -> None:
        while self._messages:
            message = self._messages.popleft()
            self._pool_is_of_use &= not isinstance(message, Unclaimed)
            self._state, effects = lease.step(self._state, message, now())
            for effect in effects:
                await self._done(effect)
            if self._state.phase != "leaving" and isinstance(message, Gone | StopAsked):
                self._tell_who_asked_to_stop(gone=isinstance(message, Gone))
            if not self._messages and self._waiting and self._wish and self._is_idle():
                # who waited for a lab that was on its way out gets a fresh one (L7)
                self._messages.append(Wanted(self._fresh(self._wish)))
        self._working = None
        if self._state.phase == "absent" and not self._waiting:
            self._forget()

    async def _done(self, effect: Effect) -> None:
        try:
            await self._do(effect)
        except Taken as e:
            self._fenced(str(e))
        except Exception:
            incident = new_id()[:8]
            logger.exception("a step failed", incident=incident, step=type(effect).__name__)
            self._fenced(f"see the log, incident {incident}")

    async def _do(self, effect: Effect) -> None:
        match effect:
            case TakeLease(lab):
                await self._take_lease(lab)
            case Write(lab) if self._held:
                self._held = await self._means.leases.put(self._held, lab)
            case DropLease() if self._held:
                await self._means.leases.drop(self._held)
                self._held = None
            case Tell(event):
                await self._means.bus.tell_surely(event)
            case Begin(lab) if self._wish:
                self._affairs.begin(lab, self._wish)
            case MakeTheirs(lab) if self._slot:
                self._affairs.make_theirs(lab, self._slot)
            case Serve(lab, way) if self._held:
                self._pool_is_of_use = True
                self._waiting.serve(lab, way)
                await asyncio.sleep(0)  # who waited is answered before anybody else hears of it
            case Refuse(reason, detail):
                self._waiting.refuse(reason, detail)
            case Freeze(lab):
                self._affairs.freeze(lab)
            case FreezeOver():
                self._tell_who_asked_to_freeze(effect)
            case Thaw(lab):
                self._affairs.thaw(lab)
            case Remove():
                self._affairs.remove(effect)

    async def _take_lease(self, lab: Lab) -> None:
        self._slot = self._from_pool()
        if self._slot is None:
            self._held = await self._means.leases.take(lab)
            self._messages.appendleft(Leased(self._held.value.generation))
            return
        try:
            self._held = await self._means.leases.take(self._slot.as_lab_of(lab))
        except Exception:
            self._means.pool.remove(self._slot)
            raise
        self._messages.appendleft(Claimed(self._held.value))

    def _from_pool(self) -> Slot | None:
        if not (self._pool_is_of_use and self._wish):
            return None
        return self._means.pool.take(self._wish)

    def _fenced(self, detail: str) -> None:
        """The lease is not ours, or nobody knows: no lab without a lease."""
        self._held = None
        if self._state.phase == "leasing":
            self._messages.appendleft(LeaseRefused(detail))
        else:
            logger.error("a lab loses its lease", detail=detail)
            self._messages.appendleft(StopAsked("lost"))

    def _tell_who_asked_to_stop(self, *, gone: bool) -> None:
        for told in self._leaving:
            if not told.done():
                told.set_result(gone)
        self._leaving = []

    def _tell_who_asked_to_freeze(self, over: FreezeOver) -> None:
        for asked, told in self._freezings:
            if asked in over.asked and not told.done():
                told.set_result(over)
        self._freezings = [(asked, told) for asked, told in self._freezings if not told.done()]

    def _fresh(self, wish: Wish) -> Lab:
        return Lab(
            node=self._means.node,
            course=wish.course.course,
            student=wish.student,
            state="starting",
            generation=0,
            capability=names.new_capability(),
            token=secrets.token_urlsafe(32),
            image=wish.course.image or self._means.image,
            commit=wish.revision.commit,
            since=now(),
        )

    def _is_idle(self) -> bool:
        return self._state.phase in ("absent", "failed")
