"""Looks at each lab when something could become due, and tells what the policy says."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec
import structlog

from nbh_kit.buckets import Gone, Held, Put, Snapshot
from nbh_proto import (
    FreezeLab,
    Lab,
    LabStopAnnounced,
    LabStopWithdrawn,
    Message,
    StopLab,
    lab_key,
)
from nbh_proto.sample import LabMeasured
from nbh_reaper import known, looking, policy
from nbh_reaper.budget import Budget
from nbh_reaper.clock import Clock, Jumps
from nbh_reaper.jupyter import Jupyter
from nbh_reaper.known import Announced, Instant, Known, Reason
from nbh_reaper.policy import Announce, Limits, Verdict

Tell = Callable[[Message], Awaitable[None]]

_SETTLES = 30.0
"""Seconds after a jump of the clock in which nothing is decided."""

logger = structlog.get_logger(__name__)


class Watched(msgspec.Struct):
    """A lab that is watched."""

    lab: Lab
    known: Known
    timer: asyncio.TimerHandle | None = None
    attending: asyncio.Task[None] | None = None


class Reaper:
    """Watches all labs. It stops none itself: it asks for it."""

    def __init__(
        self,
        jupyter: Jupyter,
        clock: Clock,
        tell: Tell,
        limits: Callable[[Lab], Limits],
        *,
        stops_a_minute: int,
        looks_at_once: int,
    ) -> None:
        """Take who asks labs, the clock, who tells what is decided, and the limits of each lab."""
        self._jupyter = jupyter
        self._clock = clock
        self.now = clock.now
        self._tell = tell
        self.limits = limits
        """Of a lab."""

        self._budget = Budget(stops_a_minute)
        self._places = asyncio.Semaphore(looks_at_once)
        self._jumps = Jumps(clock.now())
        self._holds_until = float("-inf")
        self._labs: dict[str, Watched] = {}
        self._pooled: dict[str, Lab] = {}
        self._known = asyncio.Event()
        self._news = asyncio.Event()

    def hear(self, change: Snapshot[Lab] | Put[Lab] | Gone) -> None:
        """The bucket LABS says something."""
        match change:
            case Snapshot(all=everything):
                for key in (self._labs.keys() | self._pooled.keys()) - everything.keys():
                    self._forget(key)
                for key, held in everything.items():
                    self._hear_of(key, held)
                self._known.set()
            case Put(key, held):
                self._hear_of(key, held)
            case Gone(key):
                self._forget(key)

    def reconsider(self) -> None:
        """Limits have changed: look at every lab again, at once."""
        for key in list(self._labs):
            self._attend_at(key, self._clock.now().at)

    async def settled(self) -> None:
        """Return once it is known which labs there are, and each was asked."""
        await self._known.wait()
        while any(watched.known.is_unheard for watched in self._labs.values()):
            self._news.clear()
            await self._news.wait()

    def labs(self) -> list[tuple[Lab, Known]]:
        """All that is known, of the labs that are somebody's."""
        return [(watched.lab, watched.known) for watched in self._labs.values()]

    def pooled(self) -> list[Lab]:
        """The labs that are nobody's yet."""
        return list(self._pooled.values())

    def learn(self, measured: Iterable[LabMeasured]) -> None:
        """The nodes say this of their labs."""
        for lab in measured:
            key = lab_key(lab.course, lab.student)
            there = self._labs.get(key)
            if there and there.known.generation == lab.generation:
                news = known.measured(there.known, lab.outdated, lab.traffic, self._clock.now())
                has_changed = news.outdated != there.known.outdated
                there.known = news
                if has_changed:
                    self._attend_at(key, self._clock.now().at)

    async def close(self) -> None:
        """Watch no more."""
        for watched in self._labs.values():
            if watched.timer:
                watched.timer.cancel()
        tasks = [w.attending for w in self._labs.values() if w.attending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hear_of(self, key: str, held: Held[Lab]) -> None:
        lab, there = held.value, self._labs.get(key)
        if lab.state == "pooled":
            self._forget(key)
            self._pooled[key] = lab
            return
        # The first write of a lease does not know its own revision yet.
        lab = msgspec.structs.replace(lab, generation=lab.generation or held.revision)
        fresh = known.told(there.known if there else None, lab, self._clock.now())
        if there is None:
            there = self._labs[key] = Watched(lab, fresh)
        there.lab, there.known = lab, fresh
        self._attend_at(key, self._clock.now().at)

    def _forget(self, key: str) -> None:
        self._news.set()
        self._pooled.pop(key, None)
        gone = self._labs.pop(key, None)
        if gone and gone.timer:
            gone.timer.cancel()

    def _attend_at(self, key: str, instant: float) -> None:
        watched = self._labs[key]
        if watched.timer:
            watched.timer.cancel()
        watched.timer = self._clock.at(instant, lambda: self._attend(key))

    def _attend(self, key: str) -> None:
        watched = self._labs.get(key)
        if watched is None:
            return
        if watched.attending is not None:  # what has changed meanwhile is seen right after
            watched.attending.add_done_callback(lambda _: self._attend(key))
            return
        watched.attending = asyncio.create_task(self._attend_to(key, watched))

    async def _attend_to(self, key: str, watched: Watched) -> None:
        try:
            look = await self._considered(watched)
        except Exception:
            logger.exception("a lab could not be attended to", course=watched.lab.course)
            look = self._clock.now().at + self.limits(watched.lab).grace
        finally:
            watched.attending = None
            self._news.set()
        if look is not None and self._labs.get(key) is watched:
            self._attend_at(key, look)

    async def _considered(self, watched: Watched) -> float | None:
        """Look, tell what is to be told, and say when to look again."""
        limits = self.limits(watched.lab)
        if watched.lab.state == "ready":
            await self._look(watched, limits)
        now = self._clock.now()
        if self._has_jumped(now):
            return self._holds_until
        await self._announce(watched, limits)
        return await self._carry_out(watched, policy.verdict(watched.known, limits, now.at))

    async def _look(self, watched: Watched, limits: Limits) -> None:
        lab, before = watched.lab, watched.known
        async with self._places:
            after = await looking.look(self._jupyter, lab, before, limits, self._clock.now)
        if watched.known is before:  # else the bucket has told something newer meanwhile
            watched.known = after

    async def _announce(self, watched: Watched, limits: Limits) -> None:
        now = self._clock.now()
        while said := policy.announcement(watched.known, limits, now.at):
            if isinstance(said, Announce):
                told = Announced(said.due.reason, said.due.at, said.last)
                watched.known = msgspec.structs.replace(watched.known, announced=told)
                await self._tell(_announced(watched.lab, told, now))
            else:
                watched.known = msgspec.structs.replace(watched.known, announced=None)
                await self._tell(_withdrawn(watched.lab, said.reason))

    async def _carry_out(self, watched: Watched, verdict: Verdict) -> float | None:
        now = self._clock.now().at
        match verdict.action:
            case "freeze":
                watched.known = msgspec.structs.replace(watched.known, froze=now)
                await self._tell(_freeze(watched, self._clock.now()))
            case "stop" if verdict.why == "unreachable" and self._is_our_own_trouble():
                logger.warning("so many labs are silent that none is stopped for it")
                return verdict.look
            case "stop":
                if (free := self._budget.free_at(now)) > now:
                    return free
                self._budget = self._budget.spend(now)
                watched.known = msgspec.structs.replace(watched.known, stopped=now)
                await self._tell(_stop(watched.lab, verdict))
            case "keep":
                return verdict.look
        return now + self.limits(watched.lab).grace

    def _has_jumped(self, now: Instant) -> bool:
        if by := self._jumps.since_last(now):
            logger.warning("the clock has jumped, so nothing is decided for a while", seconds=by)
            self._holds_until = now.at + _SETTLES
        return now.at < self._holds_until

    def _is_our_own_trouble(self) -> bool:
        ready = [w.known for w in self._labs.values() if w.known.state == "ready"]
        silent = sum(k.silent is not None for k in ready)
        return policy.is_our_own_trouble(silent, len(ready))


def _freeze(watched: Watched, now: Instant) -> FreezeLab:
    lab = watched.lab
    return FreezeLab(
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        reason="idle",
        idle_since=now.day_of(watched.known.active),
    )


def _stop(lab: Lab, verdict: Verdict) -> StopLab:
    assert verdict.next is not None
    return StopLab(
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        reason=verdict.next.reason,
    )


def _announced(lab: Lab, told: Announced, now: Instant) -> LabStopAnnounced:
    return LabStopAnnounced(
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        reason=told.reason,
        stops_at=now.day_of(told.at),
        last=told.last,
    )


def _withdrawn(lab: Lab, reason: Reason) -> LabStopWithdrawn:
    return LabStopWithdrawn(
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        reason=reason,
    )
