"""What is asked of the provisioners, who own the students' files and the labs."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import structlog

from nbh_courses.failure import CourseError
from nbh_courses.git_program import Say
from nbh_kit.bus import Bus, BusAway
from nbh_proto import CloseCourse, CountWorkspaces, FindRevisions
from nbh_proto.workspace import CourseClosed, Fate, RevisionsFound, WorkspacesCounted

_COUNTED_WITHIN = 10.0
_FOUND_WITHIN = 3.0
_CLOSED_WITHIN = 15.0
_AGAIN_SECONDS = 1.0

logger = structlog.get_logger(__name__)


class Workspaces:
    """All nodes' provisioners."""

    def __init__(self, bus: Bus, nodes: Sequence[str]) -> None:
        self._bus = bus
        self._nodes = nodes

    async def count(self, course: str) -> int:
        """How many students have files in a course.

        Raises:
            CourseError: a node does not answer: nothing is to be begun now.
        """
        return (await self.counts())[course]

    async def counts(self) -> Counter[str]:
        """How many students have files, by course.

        Raises:
            CourseError: a node does not answer.
        """
        counts: Counter[str] = Counter()
        for node in self._nodes:
            try:
                counted = await self._bus.ask(
                    CountWorkspaces(node=node), WorkspacesCounted, within=_COUNTED_WITHIN
                )
            except BusAway as e:
                raise CourseError("no-answer", f"the provisioner of {node}: is it running?") from e
            counts.update(counted.students)
        return counts

    async def close(self, course: str, what: Fate, say: Say, *, to: str = "") -> CourseClosed:
        """Have every node close a course; waits for nodes that do not answer, however long.

        Returns what the first says that refuses, else that all is done.
        """
        for node in self._nodes:
            asked = CloseCourse(node=node, course=course, workspaces=what, to=to)
            closed = await self._closed(asked, say)
            if closed != CourseClosed():
                return closed
        return CourseClosed()

    async def _closed(self, asked: CloseCourse, say: Say) -> CourseClosed:
        while True:
            try:
                return await self._bus.ask(asked, CourseClosed, within=_CLOSED_WITHIN)
            except BusAway as e:
                # It may have begun: only its own word ends this.
                logger.warning("waiting for a provisioner", node=asked.node, error=str(e))
                await say(f"waiting for the provisioner of {asked.node}")
                await asyncio.sleep(_AGAIN_SECONDS)

    async def revisions(self) -> dict[str, set[str]] | None:
        """The revisions that labs mount, by course; None if a node does not say."""
        found: dict[str, set[str]] = {}
        for node in self._nodes:
            try:
                told = await self._bus.ask(
                    FindRevisions(node=node), RevisionsFound, within=_FOUND_WITHIN
                )
            except BusAway:
                return None
            for course, commits in told.commits.items():
                found.setdefault(course, set()).update(commits)
        return found
