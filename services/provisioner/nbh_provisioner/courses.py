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

    async def find(self, name: str) -> Course | None:
        """A course; asked of NATS where the replica may be behind."""
        key = names.token(name)
        if course := self._replica.get(key):
            return course
        held = await surely(lambda: self._bucket.get(key))
        return held.value if held else None

    def revision(self, course: Course) -> Revision:
        """What its students get at this instant.

        Raises:
            Unreadable: there is nothing.
        """
        return self._revisions.current(course)
