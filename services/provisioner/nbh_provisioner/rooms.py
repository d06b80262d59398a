"""Whether who opens a notebook has room left to write: they are to know it before they work."""

import asyncio
import contextlib

from nbh_kit import config
from nbh_proto import Course
from nbh_proto.workspace import Full
from nbh_provisioner import room
from nbh_provisioner.files.usage import DiskUsage
from nbh_provisioner.room import Room
from nbh_provisioner.run_spec import limits_of

_COUNTED_WITHIN = 1.0


class Rooms:
    """What workspaces may take, and whether they do."""

    def __init__(self, usage: DiskUsage, site: config.Lab, *, bounded: bool) -> None:
        """``bounded`` says whether there are any limits."""
        self._usage = usage
        self._site = site
        self.are_bounded = bounded

    def of(self, course: Course) -> Room:
        """What each of a course's workspaces may take."""
        return room.room_of(limits_of(course.limits, self._site))

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
