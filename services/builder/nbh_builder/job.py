"""One thing that is being built: its bounds while it is, and its end before its time."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, ParamSpec, TypeVar

from nbh_builder.failure import BuildError
from nbh_builder.guard import Disk

P = ParamSpec("P")
R = TypeVar("R")

_LOOK_SECONDS = 0.3
_ENDS_WITHIN = 30.0


class Bounds(NamedTuple):
    """What one build may take."""

    within: float
    """Seconds."""

    disk: Disk

    def complaint(self, seconds: float) -> BuildError | None:
        """What it has taken too much of after so many seconds."""
        if seconds > self.within:
            return BuildError("slow", f"it took longer than {self.within:.0f} s (builder.within)")
        if trouble := self.disk.complaint:
            return BuildError("too-big", trouble)
        return None


class Job:
    """Somebody may cancel it, whether it runs or waits for its turn."""

    def __init__(self, course: str) -> None:
        self.course = course
        self.cancelled = asyncio.Event()

    def check(self) -> None:
        """Go on.

        Raises:
            BuildError: it was cancelled.
        """
        if self.cancelled.is_set():
            raise BuildError("cancelled", "an operator cancelled it")

    @staticmethod
    async def in_thread(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A short call that blocks; it is waited for even when we are to end."""
        return await asyncio.to_thread(call, *args, **kwargs)

    async def guarded(
        self,
        work: Callable[[], R],
        *,
        bounds: Bounds,
        end: Callable[[], object],
        look: Callable[[], object] = lambda: None,
    ) -> R:
        """Do blocking work in a thread, and end it when it breaks its bounds.

        ``end`` ends what it waits for and is called until it returns; ``look`` is called
        meanwhile. When we are cancelled ourselves the work is ended too.

        Raises:
            BuildError: it was ended, and why; or what the work raises.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        working = asyncio.create_task(asyncio.to_thread(work))
        why: BuildError | None = None
        try:
            while why is None and not working.done():
                await self._pause(working)
                await asyncio.to_thread(look)
                why = bounds.complaint(loop.time() - began)
                if self.cancelled.is_set():
                    why = BuildError("cancelled", "an operator cancelled it")
            # what it has finished meanwhile does not count: it took too much
            if why is None:
                return working.result()
        finally:
            await _ended(working, end)
        raise why

    async def _pause(self, working: "asyncio.Task[R]") -> None:
        cancelled = asyncio.create_task(self.cancelled.wait())
        await asyncio.wait(
            {working, cancelled}, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        cancelled.cancel()


async def _ended(working: "asyncio.Task[R]", end: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _ENDS_WITHIN
    while not working.done() and loop.time() < give_up:
        await asyncio.to_thread(end)
        await asyncio.wait({working}, timeout=_LOOK_SECONDS)
    if working.done() and not working.cancelled():
        working.exception()  # heard: it is told by who ended it, or has been returned


class Jobs:
    """What is being built, one after the other, and what waits for its turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._all: set[Job] = set()

    @contextmanager
    def job(self, course: str) -> Iterator[Job]:
        """A job that can be cancelled while the block runs."""
        job = Job(course)
        self._all.add(job)
        try:
            yield job
        finally:
            self._all.discard(job)

    @property
    def turn(self) -> asyncio.Lock:
        """Held by the one that runs."""
        return self._turn

    def cancel(self, course: str) -> int:
        """Cancel a course's builds; how many there were."""
        found = [job for job in self._all if job.course == course]
        for job in found:
            job.cancelled.set()
        return len(found)
