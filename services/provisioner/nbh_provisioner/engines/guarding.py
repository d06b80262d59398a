"""Watches over the wall around the labs: what others change in its rules is set again, and what
names lead to is looked up again."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Executor

import structlog

from nbh_provisioner.engine import NotIsolated
from nbh_provisioner.engines.rule_changes import RuleChanges
from nbh_provisioner.engines.wall import Wall

_REFRESH_SECONDS = 60.0

logger = structlog.get_logger(__name__)


class Guarding:
    """Works until it is closed."""

    def __init__(self, wall: Wall, threads: Executor) -> None:
        self._wall = wall
        self._threads = threads
        self._changed = asyncio.Event()
        self._changes: RuleChanges | None = None
        try:
            self._changes = RuleChanges(wall.table, self._changed.set)
        except OSError as e:
            logger.warning("changes of the rules that keep labs apart are not heard", error=str(e))
        self._task = asyncio.create_task(self._work())

    def close(self) -> None:
        """Watch no more; the rules stay."""
        self._task.cancel()
        if self._changes:
            self._changes.close()

    async def _work(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH_SECONDS):
                    await self._changed.wait()
            is_look = self._changed.is_set()
            self._changed.clear()
            await self._in_thread(self._wall.look if is_look else self._wall.refresh)

    async def _in_thread(self, call: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, call)
        except NotIsolated as e:
            logger.error("the rules that keep labs apart cannot be set", error=str(e))
