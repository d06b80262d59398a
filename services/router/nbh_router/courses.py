"""What the router knows of courses: a replica of the COURSES bucket."""

import asyncio

from nbh_kit.buckets import Replica
from nbh_proto import Course, names
from nbh_router.beginning import Known
from nbh_router.words import Kind


class Courses:
    """Answers about courses, also before the first of them is known."""

    def __init__(self) -> None:
        self._replica: Replica[Course] | None = None
        self.known = Known()
        """Whether the bucket was read once."""

    async def follow(self, replica: Replica[Course]) -> None:
        """Answer from this replica, and keep it up to date, for ever."""
        self._replica = replica
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(replica.follow())
            await replica.known.wait()
            self.known.set()

    def get(self, course: str) -> Course | None:
        """A course, if it is there."""
        return self._replica.get(names.token(course)) if self._replica else None

    def problem(self, course: str) -> Kind | None:
        """Why no notebook of a course can be asked for (S5); None if it can."""
        if not self.known:
            return "beginning"
        found = self.get(course)
        if found is None:
            return "course-unknown"
        return None if found.commit else "course-unreadable"

    def url_format(self, course: str) -> str:
        """How the course's notebooks are opened (U9)."""
        found = self.get(course)
        return found.notebook_url_format if found else "notebooks/{notebook}"
