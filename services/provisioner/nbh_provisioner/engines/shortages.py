"""Hears when the kernel refuses a lab more than it may have: events of control groups.

Version 2 of them says so as a change of the file that counts (inotify). Version 1 has descriptors
of events for memory, and speaks just before it counts; it says nothing about processes (Linux
6.18), so those are looked at from time to time. While nobody waits for a lab's next shortage
nothing is heard of it: one that is refused something all the time wakes nobody.
"""

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import structlog
from asyncinotify import Inotify, Mask, Watch

from nbh_provisioner.engine import Shortage
from nbh_provisioner.engines.shortage import Tally

_UNTIL_COUNTED = (0.1, 1.0)
"""Seconds after which the kernel should have counted what it told."""

_LOOK_EVERY = 5.0
"""Seconds, where the kernel says nothing."""

_MEMORY_OF_VERSION_1, _TASKS_OF_VERSION_1 = "memory.oom_control", "tasks"
_REGISTRATION = "cgroup.event_control"
_GONE = (errno.ENOENT, errno.ENODEV)

logger = structlog.get_logger(__name__)


class Shortages:
    """One inotify instance for all labs."""

    def __init__(self) -> None:
        self._inotify: Inotify | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._waiting: dict[Watch, Callable[[], None]] = {}

    async def of(self, tally: Tally) -> AsyncGenerator[Shortage]:
        """As `nbh_provisioner.engine.Engine.shortages`; it ends with the lab."""
        while tally.files:
            try:
                found = await self._next(tally)
            except OSError as e:
                if e.errno not in _GONE:
                    logger.warning("what a lab lacks cannot be heard", error=str(e))
                return
            for shortage in found:
                yield shortage

    def close(self) -> None:
        """Hear nothing any more."""
        if self._hearing and self._inotify:
            self._hearing.cancel()
            self._inotify.close()

    async def _next(self, tally: Tally) -> list[Shortage]:
        happened = asyncio.Event()
        pause = None if all(map(_speaks, tally.files)) else _LOOK_EVERY
        with self._heard(tally.files, happened.set):
            while not happened.is_set():
                if found := tally.more():
                    return found
                with suppress(TimeoutError):
                    await asyncio.wait_for(happened.wait(), pause)
        for pause in _UNTIL_COUNTED:
            await asyncio.sleep(pause)
            if found := tally.more():
                return found
        return []

    def _instance(self) -> Inotify:
        if self._inotify is None:
            self._inotify = Inotify()
            self._hearing = asyncio.create_task(self._hear(self._inotify))
        return self._inotify

    async def _hear(self, inotify: Inotify) -> None:
        try:
            async for event in inotify:
                if event.watch and (happened := self._waiting.get(event.watch)):
                    happened()
        except Exception:
            logger.exception("what labs lack is not heard any more")

    @contextmanager
    def _heard(self, files: Iterable[Path], happened: Callable[[], None]) -> Iterator[None]:
        with ExitStack() as stack:
            for file in files:
                way = _described if file.name == _MEMORY_OF_VERSION_1 else self._watched
                stack.enter_context(way(file, happened))
            yield

    @contextmanager
    def _watched(self, file: Path, happened: Callable[[], None]) -> Iterator[None]:
        inotify = self._instance()
        watch = inotify.add_watch(file, Mask.MODIFY | Mask.ONESHOT)
        self._waiting[watch] = happened
        try:
            yield
        finally:
            del self._waiting[watch]
            with suppress(OSError):  # it has spoken, or the lab is gone
                inotify.rm_watch(watch)


def _speaks(file: Path) -> bool:
    """Whether the kernel says that this file has changed."""
    return file.name == _MEMORY_OF_VERSION_1 or not file.with_name(_TASKS_OF_VERSION_1).exists()


@contextmanager
def _described(file: Path, happened: Callable[[], None]) -> Iterator[None]:
    """By a descriptor (Linux' cgroup-v1/memory.rst, 10), which ends with its close."""
    loop = asyncio.get_running_loop()
    descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    try:
        with file.open() as counter:
            registration = f"{descriptor} {counter.fileno()}"
            file.with_name(_REGISTRATION).write_text(registration)
        loop.add_reader(descriptor, _once, loop, descriptor, happened)
        yield
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _once(loop: asyncio.AbstractEventLoop, descriptor: int, happened: Callable[[], None]) -> None:
    loop.remove_reader(descriptor)
    happened()
