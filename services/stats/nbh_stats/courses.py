"""What other services say of courses: who their staff are, their tracks, their titles."""

import asyncio
from collections.abc import Iterable

from nbh_kit.buckets import Bucket, Replica
from nbh_kit.bus import Bus
from nbh_proto import Course, CourseIndex, Group, Track, names
from nbh_stats.rows import stem_of


class Courses:
    """Replicas of the buckets, kept up to date by `follow`."""

    def __init__(self, bus: Bus) -> None:
        self._courses = Replica(Bucket(bus, Course))
        self._indexes = Replica(Bucket(bus, CourseIndex))
        self._groups = Replica(Bucket(bus, Group))

    async def follow(self) -> None:
        """Keep up, for ever."""
        replicas = (self._courses, self._indexes, self._groups)
        await asyncio.gather(*(replica.follow() for replica in replicas))

    def get(self, course: str) -> Course | None:
        """What is registered under a name."""
        return self._courses.get(names.token(course))

    def all(self) -> Iterable[Course]:
        """Every course there is."""
        return tuple(held.value for held in self._courses.all.values())

    def members(self, group: str) -> Iterable[str]:
        """Who is in a group right now."""
        found = self._groups.get(names.token(group))
        return found.members if found else ()

    def tracks(self, course: str) -> tuple[Track, ...]:
        """A course's tracks, in order."""
        index = self._index(course)
        return index.tracks if index else ()

    def titles(self, course: str) -> dict[str, str]:
        """The titles of a course's notebooks by their paths without suffixes."""
        index = self._index(course)
        return {stem_of(n.path): n.title for n in index.notebooks} if index else {}

    def _index(self, course: str) -> CourseIndex | None:
        return self._indexes.get(names.token(course))
