"""What this service knows of courses: the bucket's replica, and what lies on disk."""

from pathlib import Path

from nbh_kit.buckets import Bucket, Replica
from nbh_proto import Course, names
from nbh_provisioner.revision import Revision, Revisions
from nbh_provisioner.surely import surely


class Courses:
    """The courses of the site, and their current revisions."""

    def __init__(self, bucket: Bucket[Course], replica: Replica[Course], folder: Path) -> None:
        self._bucket = bucket
        self._replica = replica
        self._revisions = Revisions(folder)
        self._closed: set[str] = set()

    async def find(self, name: str) -> Course | None:
        """A course; asked of NATS where the replica may be behind."""
        key = names.token(name)
        if name not in self._closed and (course := self._replica.get(key)):
            return course
        held = await surely(lambda: self._bucket.get(key))
        if held is None:
            return None
        self._closed.discard(name)  # another one has got the name
        return held.value

    def close(self, name: str) -> None:
        """A course is no more, or has another name: what the replica says of it is over."""
        self._closed.add(name)

    async def are_known(self) -> None:
        """Return once the bucket was read for the first time."""
        await self._replica.known.wait()

    def known(self) -> list[Course]:
        """All that are known so far and have not been put away."""
        return [held.value for held in self._replica.all.values() if not held.value.archived]

    def revision(self, course: Course) -> Revision:
        """What its students get at this instant.

        Raises:
            Unreadable: there is nothing.
        """
        return self._revisions.current(course)
