"""Answers what courses asks about all workspaces and labs of a course at once."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from nbh_kit.bus import Bus
from nbh_proto import CloseCourse, CountWorkspaces, FindRevisions
from nbh_proto.workspace import CourseClosed, RevisionsFound, WorkspacesCounted
from nbh_provisioner.accesses import Accesses
from nbh_provisioner.courses import Courses
from nbh_provisioner.files.housing import Housing
from nbh_provisioner.labs import Labs
from nbh_provisioner.shares.sharing import Sharing

_LEAVE_SECONDS = 2.0
"""What an access takes that does not end in a lab."""

_PAUSE = 0.02

logger = structlog.get_logger(__name__)


class Closing:
    """The answers to `CloseCourse`, `CountWorkspaces` and `FindRevisions`."""

    def __init__(
        self,
        courses: Courses,
        accesses: Accesses,
        labs: Labs,
        housing: Housing,
        overrides: Path,
        sharing: Sharing,
    ) -> None:
        self._overrides = overrides
        self._sharing = sharing
        self._courses = courses
        self._accesses = accesses
        self._labs = labs
        self._housing = housing
        self._turn = asyncio.Lock()
        self._sweeping: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def answering(self, bus: Bus, node: str) -> AsyncGenerator[None]:
        """Answer while the block runs; what was taken away before is removed meanwhile."""
        self._sweep()
        async with (
            bus.answering(CloseCourse, self.close, node=node),
            bus.answering(CountWorkspaces, self.count, node=node),
            bus.answering(FindRevisions, self.revisions, node=node),
        ):
            yield

    async def count(self, _: CountWorkspaces) -> WorkspacesCounted:
        """How many students have files in each course."""
        async with self._turn:
            return WorkspacesCounted(students=await asyncio.to_thread(self._housing.counted))

    async def revisions(self, _: FindRevisions) -> RevisionsFound:
        """Which revisions labs mount; who asks before all labs are known waits."""
        await self._labs.adopted.wait()
        commits: dict[str, tuple[str, ...]] = {}
        for course, commit in sorted(self._labs.commits()):
            commits[course] = (*commits.get(course, ()), commit)
        return RevisionsFound(commits=commits)

    async def close(self, asked: CloseCourse) -> CourseClosed:
        """Close a course, unless somebody works in it, and see to its workspaces."""
        await self._labs.adopted.wait()
        async with self._turn:
            # From here on an access asks NATS, which does not have the course any more.
            self._courses.close(asked.course)
            if busy := await self._busy(asked.course):
                return CourseClosed(labs=tuple(busy))
            try:
                # nobody opens the course now: its workspaces are ours alone
                closed = await asyncio.to_thread(self._settle, asked)
                if not closed.in_the_way:
                    await self._settle_shares(asked)
                return closed
            except OSError as e:
                logger.exception("workspaces could not be moved", course=asked.course)
                return CourseClosed(error=f"{e.strerror}: {e.filename or asked.course}")
            finally:
                self._sweep()

    async def _busy(self, course: str) -> list[str]:
        """Who has a lab of the course, or an access to it that may become one."""
        until = asyncio.get_running_loop().time() + _LEAVE_SECONDS
        while not (labs := self._labs.students(course)):
            opening = {student for name, student in self._accesses.opening if name == course}
            if not opening or asyncio.get_running_loop().time() > until:
                return sorted(opening)
            await asyncio.sleep(_PAUSE)
        return labs

    def _settle(self, asked: CloseCourse) -> CourseClosed:
        match asked.workspaces:
            case "rename":
                if both := self._housing.of_both(asked.course, asked.to):
                    return CourseClosed(in_the_way=tuple(both))
                self._housing.rename(asked.course, asked.to)
                self._rename_overrides(asked.course, asked.to)
            case "remove":
                self._housing.remove(asked.course)
            case "keep":
                pass
        return CourseClosed()

    async def _settle_shares(self, asked: CloseCourse) -> None:
        match asked.workspaces:
            case "rename":
                await self._sharing.rename_course(asked.course, asked.to)
            case "remove":
                await self._sharing.forget_course(asked.course)
            case "keep":
                pass

    def _rename_overrides(self, course: str, to: str) -> None:
        # The operator's own: courses, which runs without rights, cannot.
        new = self._overrides / to
        if not new.exists():
            with contextlib.suppress(FileNotFoundError):
                (self._overrides / course).rename(new)

    def _sweep(self) -> None:
        """Free the space of what was taken away; a crash leaves it to the next start."""
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(asyncio.to_thread(self._housing.sweep))
