"""Removes all that is on disk of a student (S-55)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from nbh_kit.bus import Bus
from nbh_proto import EraseWorkspaces
from nbh_proto.workspace import WorkspacesErased
from nbh_provisioner.accesses import Accesses
from nbh_provisioner.files.housing import Housing
from nbh_provisioner.labs import Labs
from nbh_provisioner.shares.sharing import Sharing

logger = structlog.get_logger(__name__)


class Erasing:
    """The answer to `EraseWorkspaces`."""

    def __init__(self, accesses: Accesses, labs: Labs, housing: Housing, sharing: Sharing) -> None:
        self._accesses = accesses
        self._labs = labs
        self._housing = housing
        self._sharing = sharing

    @asynccontextmanager
    async def answering(self, bus: Bus, node: str) -> AsyncGenerator[None]:
        """Answer while the block runs."""
        async with bus.answering(EraseWorkspaces, self.erase, node=node):
            yield

    async def erase(self, asked: EraseWorkspaces) -> WorkspacesErased:
        """Remove what is there, unless a lab of theirs has it; they are gone when it answers."""
        await self._labs.adopted.wait()
        if busy := self._busy(asked.student):
            return WorkspacesErased(labs=tuple(busy))
        try:
            courses = await asyncio.to_thread(self._housing.forget, asked.student)
            shares = await self._sharing.forget_student(asked.student)
            await asyncio.to_thread(self._housing.sweep)
        except OSError as e:
            logger.exception("a student's files are not removed")
            return WorkspacesErased(error=f"{e.strerror}: {e.filename or 'their files'}")
        return WorkspacesErased(courses=courses, shares=shares)

    def _busy(self, student: str) -> list[str]:
        """The courses in which they have a lab, or an access that may become one."""
        labs = {lab.course for lab in self._labs.all() if lab.student == student}
        opening = {course for course, who in self._accesses.opening if who == student}
        return sorted(labs | opening)
