"""What this service sees of labs, and since when it has seen all of them."""

from datetime import datetime

from nbh_kit.buckets import Bucket, Gone, Held, Put, Snapshot
from nbh_kit.bus import Bus
from nbh_proto import Lab, now

_DO_NOT_RUN = ("failed", "pooled")
"""States in which a lab is nobody's work."""


class LabsSeen:
    """The bucket LABS, followed."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._bucket: Bucket[Lab] = Bucket(bus, Lab)
        self._all: dict[str, Held[Lab]] = {}
        self._since: datetime | None = None

    @property
    def since(self) -> datetime | None:
        """Since when nothing was missed; None while NATS is away."""
        return self._since if self._bus.is_connected else None

    def students(self, course: str) -> list[str]:
        """Who has a lab of a course, as far as is known."""
        return sorted(
            lab.student
            for lab in self._values()
            if lab.course == course and lab.state not in _DO_NOT_RUN
        )

    def commits(self, course: str) -> set[str]:
        """The revisions that labs of a course mount; an empty one where a lab does not say."""
        return {lab.commit for lab in self._values() if lab.course == course}

    async def follow(self) -> None:
        """Keep up, for ever."""
        async for change in self._bucket.watch():
            match change:
                case Snapshot(all=everything):
                    self._all = everything
                    self._since = now()  # NATS may have come back without what it had
                case Put(key, held):
                    self._all[key] = held
                case Gone(key):
                    self._all.pop(key, None)

    def _values(self) -> list[Lab]:
        return [held.value for held in self._all.values()]
