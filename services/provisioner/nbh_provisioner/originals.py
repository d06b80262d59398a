"""Answers whether the course has a newer original of what a student works at."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nbh_kit.bus import Bus
from nbh_proto import FindOriginal, OriginalFound, OriginalPassedOver, PassOverOriginal
from nbh_provisioner.courses import Courses
from nbh_provisioner.files.failure import FilesError
from nbh_provisioner.files.workspace import Wanted, Workspaces
from nbh_provisioner.revision import Unreadable


class Originals:
    """The answers to `FindOriginal` and `PassOverOriginal`."""

    def __init__(self, courses: Courses, workspaces: Workspaces) -> None:
        self._courses = courses
        self._workspaces = workspaces

    @asynccontextmanager
    async def answering(self, bus: Bus, node: str) -> AsyncGenerator[None]:
        """Answer while the block runs."""
        async with (
            bus.answering(FindOriginal, self.find, node=node),
            bus.answering(PassOverOriginal, self.pass_over, node=node),
        ):
            yield

    async def find(self, asked: FindOriginal) -> OriginalFound:
        """The newer one; of a notebook that only the student has there is none."""
        wanted = await self._wanted(asked)
        if wanted is None:
            return OriginalFound()
        try:
            newer = await asyncio.to_thread(self._workspaces.newer, wanted)
        except FilesError:
            return OriginalFound()
        return OriginalFound(is_new=newer is not None, text=newer.text if newer else None)

    async def pass_over(self, asked: PassOverOriginal) -> OriginalPassedOver:
        """Tell nobody of it again."""
        wanted = await self._wanted(asked)
        if wanted is None:
            return OriginalPassedOver(done=False)
        try:
            done = await asyncio.to_thread(self._workspaces.pass_over, wanted)
        except FilesError:
            return OriginalPassedOver(done=False)
        return OriginalPassedOver(done=done)

    async def _wanted(self, asked: FindOriginal | PassOverOriginal) -> Wanted | None:
        course = await self._courses.find(asked.course)
        if course is None:
            return None
        try:
            revision = self._courses.revision(course)
        except Unreadable:
            return None
        return Wanted(asked.student, revision, asked.notebook)
