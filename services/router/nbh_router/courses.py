"""What the router knows of courses: a replica of the COURSES bucket."""

from nbh_kit.buckets import Replica
from nbh_proto import Course, names
from nbh_router.words import Kind


class Courses:
    """Answers about courses, also before the first of them is known."""

    def __init__(self) -> None:
        self._replica: Replica[Course] | None = None

    def read(self, replica: Replica[Course]) -> None:
        """Answer from this replica from now on."""
        self._replica = replica

    @property
    def are_known(self) -> bool:
        """Whether the bucket was read once."""
        return self._replica is not None and self._replica.known.is_set()

    def get(self, course: str) -> Course | None:
        """A course, if it is there."""
        return self._replica.get(names.token(course)) if self._replica else None

    def problem(self, course: str) -> Kind | None:
        """Why no notebook of a course can be asked for (S5); None if it can."""
        if not self.are_known:
            return "beginning"
        found = self.get(course)
        if found is None:
            return "course-unknown"
        return None if found.commit else "course-unreadable"

    def url_format(self, course: str) -> str:
        """How the course's notebooks are opened (U9)."""
        found = self.get(course)
        return found.notebook_url_format if found else "notebooks/{notebook}"
