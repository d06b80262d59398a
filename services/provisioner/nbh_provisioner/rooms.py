"""Whether who opens a notebook has room left to write: they are to know it before they work."""

import asyncio
import contextlib

import structlog

from nbh_kit import settings
from nbh_proto import Course
from nbh_proto.workspace import Full
from nbh_provisioner import room
from nbh_provisioner.files.usage import DiskUsage
from nbh_provisioner.files.workspace import Workspaces
from nbh_provisioner.quotas.quota import Quota, Watched
from nbh_provisioner.room import Room
from nbh_provisioner.run_spec import limits_of

_COUNTED_WITHIN = 1.0

logger = structlog.get_logger(__name__)


class Rooms:
    """What workspaces may take, and whether they do."""

    def __init__(
        self,
        usage: DiskUsage,
        workspaces: Workspaces,
        quota: Quota,
        site: settings.Lab,
        *,
        bounded: bool,
    ) -> None:
        """``bounded`` says whether there are any limits."""
        self._usage = usage
        self._workspaces = workspaces
        self._quota = quota
        self._site = site
        self.are_bounded = bounded

    def of(self, course: Course) -> Room:
        """What each of a course's workspaces may take."""
        return room.room_of(limits_of(course.limits, self._site))

    async def bound(self, student: str, course: Course) -> None:
        """Have the file system keep a workspace, made if it is not there, within its room. Where
        it cannot the student goes on, and is watched."""
        if not self.are_bounded or isinstance(self._quota, Watched):
            return
        there, workspace = self.of(course), f"{student}/{course.course}"
        try:
            await asyncio.to_thread(self._bound, workspace, there)
        except OSError as e:
            logger.warning("a workspace is not bounded", workspace=workspace, error=str(e))

    def _bound(self, workspace: str, room: Room) -> None:
        with self._workspaces.made(workspace) as folder:
            self._quota.bound(folder, room)

    def look(self, student: str, course: Course) -> None:
        """Begin to find out whether a workspace is full, while its lab starts."""
        if self.are_bounded:
            self._usage.last(f"{student}/{course.course}", room.countable(self.of(course)))

    async def full(self, student: str, course: Course) -> Full | None:
        """What a workspace has no room left for, as far as that is known by now."""
        workspace, there = f"{student}/{course.course}", self.of(course)
        if not self.are_bounded or not room.full(self._usage.known(workspace), there):
            return None
        # They may just have deleted something: nobody is told of what is over.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_COUNTED_WITHIN):
                await self._usage.now(workspace, room.countable(there))
        return room.full(self._usage.known(workspace), there)
