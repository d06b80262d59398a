"""Keeps one (course, student): feeds its state machine and does what it says, in order (R-10)."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from nbh_kit.buckets import Held
from nbh_kit.bus import Bus
from nbh_proto import Lab, names, new_id, now
from nbh_proto.lab import StopReason
from nbh_provisioner import lease
from nbh_provisioner.boot import Boot, Wish
from nbh_provisioner.engine import EngineError, Running
from nbh_provisioner.lease_messages import (
    Answered,
    Begin,
    DropLease,
    Effect,
    Ended,
    Failed,
    Gone,
    Leased,
    LeaseRefused,
    Message,
    Placed,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    Stuck,
    TakeLease,
    Tell,
    Wanted,
    Write,
)
from nbh_provisioner.leases import Leases, Taken
from nbh_provisioner.starts import Starts
from nbh_provisioner.waiting import Progress, WaitingRoom

_TRY_AGAIN = 1.0
_DETAIL_CHARACTERS = 4000

logger = structlog.get_logger(__name__)


class Means(NamedTuple):
    """What every keeper works with."""

    node: str
    image: str
    """What labs of a course run that names no image of its own."""

    boot: Boot
    leases: Leases
    starts: Starts
    bus: Bus


class Keeper:
    """One (course, student). Made by `nbh_provisioner.labs`."""

    def __init__(self, means: Means, forget: Callable[[], None]) -> None:
        self._means = means
        self._forget = forget
        self._state = lease.State()
        self._held: Held[Lab] | None = None
        self._wish: Wish | None = None
        self._waiting = WaitingRoom()
        self._leaving: list[asyncio.Future[None]] = []
        self._messages: deque[Message] = deque()
        self._working: asyncio.Task[None] | None = None
        self._affairs: set[asyncio.Task[None]] = set()
        """What is being done for the present lab: its start, the watch over its end."""
        self._starting: asyncio.Task[Running] | None = None
        self._removal: asyncio.Task[None] | None = None

    @property
    def ready(self) -> Lab | None:
        """The lab, if it answers."""
        return self._state.lab if self._state.phase == "ready" else None

    @property
    def lab(self) -> Lab | None:
        """The lab, in whatever state, unless it is gone or has failed."""
        return None if self._is_idle() else self._state.lab

    async def wanted(self, wish: Wish, until: datetime, progress: Progress) -> Lab:
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
        if lab is None or self._state.phase not in ("starting", "ready", "leaving"):
            return False
        if generation not in (0, lab.generation):
            return False
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leaving.append(gone)
        self.post(StopAsked(reason, generation))
        await gone
        return True

    def adopt(self, state: lease.State, held: Held[Lab] | None, running: Running | None) -> None:
        """Take over a lab that an earlier process of ours had."""
        self._state, self._held = state, held
        lab = state.lab
        if lab is None:
            return
        if running:
            self._do_for(lab, self._watch(lab, running))
        if state.phase == "starting" and running:
            self._do_for(lab, self._await_answer(lab, running.address))
        if state.phase == "leaving":
            self._remove(Remove(lab, gently=True))

    def post(self, message: Message) -> None:
        """Something happened."""
        self._messages.append(message)
        if self._working is None:
            self._working = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Do nothing any more; the lab lives on."""
        tasks = [t for t in (*self._affairs, self._starting, self._removal, self._working) if t]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while self._messages:
            message = self._messages.popleft()
            self._state, effects = lease.step(self._state, message, now())
            for effect in effects:
                await self._done(effect)
            if isinstance(message, Gone):
                self._tell_who_asked_to_stop()
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
                self._held = await self._means.leases.take(lab)
                self._messages.appendleft(Leased(self._held.value.generation))
            case Write(lab) if self._held:
                self._held = await self._means.leases.put(self._held, lab)
            case DropLease() if self._held:
                await self._means.leases.drop(self._held)
                self._held = None
            case Tell(event):
                await self._means.bus.tell_surely(event)
            case Begin(lab):
                self._do_for(lab, self._begin(lab))
            case Serve(lab) if self._held:
                self._waiting.serve(lab)
            case Refuse(reason, detail):
                self._waiting.refuse(reason, detail)
            case Remove():
                self._remove(effect)

    def _fenced(self, detail: str) -> None:
        """The lease is not ours, or nobody knows: no lab without a lease."""
        self._held = None
        if self._state.phase == "leasing":
            self._messages.appendleft(LeaseRefused(detail))
        else:
            logger.error("a lab loses its lease", detail=detail)
            self._messages.appendleft(StopAsked("lost"))

    def _tell_who_asked_to_stop(self) -> None:
        for gone in self._leaving:
            if not gone.done():
                gone.set_result(None)
        self._leaving = []

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

    def _do_for(self, lab: Lab, doing: Coroutine[Any, Any, None]) -> None:
        """Do something for the present lab until it is done or the lab is on its way out."""
        task = asyncio.create_task(self._reported(lab, doing))
        self._affairs.add(task)
        task.add_done_callback(self._affairs.discard)

    async def _reported(self, lab: Lab, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except EngineError as e:
            self.post(Failed(lab.capability, e.reason, _sayable(lab, e)))
        except TimeoutError as e:
            self.post(Failed(lab.capability, "lab-slow", _sayable(lab, e)))
        except Exception:
            incident = new_id()[:8]
            logger.exception("a start failed", incident=incident, course=lab.course)
            self.post(Failed(lab.capability, "internal", f"see the log, incident {incident}"))

    async def _begin(self, lab: Lab) -> None:
        assert self._wish is not None  # nobody begins unasked
        async with self._means.starts.place(self._queued):
            if self._waiting.have_all_left(now()):
                self.post(Failed(lab.capability, "expired", "it was queued for too long"))
                return
            await self._waiting.tell("starting")
            # A thread that talks to podman cannot be called back: whoever removes the lab waits
            # for it (`_removed`), or a container would come after its own removal.
            wish = self._wish  # a later one may be of a later revision
            self._starting = asyncio.create_task(self._means.boot.start(wish, lab))
            running = await asyncio.shield(self._starting)
            commit = wish.revision.commit
            self.post(Placed(lab.capability, running.container, running.address, commit))
            self._do_for(lab, self._watch(lab, running))
            await self._waiting.tell("booting")
            await self._await_answer(lab, running.address)

    async def _await_answer(self, lab: Lab, address: str) -> None:
        await self._means.boot.answer(lab, address)
        self.post(Answered(lab.capability))

    async def _watch(self, lab: Lab, running: Running) -> None:
        how = await self._means.boot.end(lab, running)
        self.post(Ended(lab.capability, _sayable(lab, how)))

    def _queued(self, position: int) -> None:
        if lab := self._state.lab:
            self._do_for(lab, self._waiting.tell("queued", position))

    def _remove(self, remove: Remove) -> None:
        self._waiting.forget_stage()
        for task in self._affairs:
            task.cancel()
        self._removal = asyncio.create_task(self._removed(remove))

    async def _removed(self, remove: Remove) -> None:
        lab = remove.lab
        if self._starting:
            await asyncio.gather(self._starting, return_exceptions=True)
        while True:
            try:
                await self._means.boot.remove(lab, gently=remove.gently)
                break
            except EngineError as e:
                self.post(Stuck(lab.capability, e.reason, _sayable(lab, e)))
            except Exception as e:
                logger.exception("a lab could not be removed", course=lab.course)
                self.post(Stuck(lab.capability, "internal", _sayable(lab, repr(e))))
            await asyncio.sleep(_TRY_AGAIN)
        self.post(Gone(lab.capability))


def _sayable(lab: Lab, what: object) -> str:
    """What a program below said, for an event: without the lab's secrets, and not too long."""
    said = str(what)[-_DETAIL_CHARACTERS:]
    return said.replace(lab.capability, "***").replace(lab.token, "***")
