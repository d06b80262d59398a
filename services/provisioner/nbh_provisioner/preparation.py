"""Gets the notebook of an access ready in the student's workspace, before there is a lab."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from nbh_proto import AccessRequested
from nbh_provisioner.clones import CloneFailed, Clones, has_our_origin
from nbh_provisioner.files import repository
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.failure import DiskFull, WorkspaceUnusable, told
from nbh_provisioner.files.workspace import Ready, Wanted, Workspaces
from nbh_provisioner.revision import Revision

R = TypeVar("R")

_THREADS = 8
_CHANGES = {"reset": Workspaces.reset, "undo": Workspaces.undo}

logger = structlog.get_logger(__name__)


class Preparation:
    """Lazy copies, resets and clones. The callers do one thing at a time for one student."""

    def __init__(self, workspaces: Workspaces, clones: Clones, owner: Owner | None) -> None:
        self._workspaces = workspaces
        self._clones = clones
        self._owner = owner
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="files")

    async def ready(
        self,
        requested: AccessRequested,
        revision: Revision,
        copying: Callable[[], Awaitable[None]],
    ) -> Ready:
        """The notebook, in the workspace.

        Args:
            copying: called if it takes a moment.

        Raises:
            FilesError: it cannot be had.
        """
        wanted = Wanted(requested.student, revision, requested.notebook)
        if requested.page:
            await self._in_thread(partial(self._make, wanted))
            return Ready("")
        no_room: DiskFull | None = None
        if requested.workspace == "git":
            try:
                await self._make_sure_of_clone(wanted, copying)
            except DiskFull as e:
                no_room = e
        if requested.action != "open":
            change = _CHANGES[requested.action]
            return await self._in_thread(
                partial(change, self._workspaces, wanted, requested.access, requested.at)
            )
        # In the event loop: a thread would cost more than the look itself (measured).
        if ready := self._workspaces.glance(wanted):
            return ready
        if no_room:
            raise no_room
        return await self._in_thread(partial(self._workspaces.prepare, wanted))

    def has_files(self, requested: AccessRequested) -> bool:
        """Whether the student has files in the course; in the event loop, as above."""
        return self._workspaces.has_files(f"{requested.student}/{requested.course}")

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _make_sure_of_clone(
        self, wanted: Wanted, copying: Callable[[], Awaitable[None]]
    ) -> None:
        if self._is_cloned(wanted):
            return
        config = await self._in_thread(partial(self._config, wanted))
        if config is None:
            await copying()
            await self._clone(wanted)
        elif config:
            await self._correct_origin(wanted, config)

    async def _clone(self, wanted: Wanted) -> None:
        try:
            async with self._clones.clone(wanted.revision.mirror) as clone:
                await self._in_thread(partial(self._bring_in, wanted, clone))
        except CloneFailed as e:
            raise WorkspaceUnusable(str(e)) from e

    async def _correct_origin(self, wanted: Wanted, config: bytes) -> None:
        try:
            corrected = await self._clones.with_our_origin(config)
        except CloneFailed as e:
            # The student's repository is broken; the notebook opens all the same.
            logger.info("a student's repository has no configuration", error=str(e))
            return
        await self._in_thread(partial(self._put_config, wanted, corrected))

    def _make(self, wanted: Wanted) -> None:
        with told(), self._workspaces.made(wanted.workspace):
            pass

    def _is_cloned(self, wanted: Wanted) -> bool:
        """Whether there is nothing to do; a look, as `Workspaces.glance` is."""
        try:
            with self._workspaces.opened(wanted.workspace) as root:
                return has_our_origin(repository.config_of(root) or b"")
        except OSError:
            return False

    def _config(self, wanted: Wanted) -> bytes | None:
        with told(), self._workspaces.made(wanted.workspace) as root:
            return repository.config_of(root)

    def _bring_in(self, wanted: Wanted, clone: Path) -> None:
        with told(), self._workspaces.made(wanted.workspace) as root:
            repository.bring_in(clone, root, self._owner)

    def _put_config(self, wanted: Wanted, config: bytes) -> None:
        with told(), self._workspaces.made(wanted.workspace) as root:
            repository.put_config(root, config, self._owner)

    async def _in_thread(self, call: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
