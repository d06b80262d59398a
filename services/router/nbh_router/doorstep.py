"""What is noted of those who were let in, and of those who were not."""

import asyncio

from nbh_kit.buckets import Bucket, Lost
from nbh_kit.bus import Bus, BusAway
from nbh_kit.links import Place, Refused
from nbh_proto import AccessRefused, Launch, names, now
from nbh_router.admission import Admitted
from nbh_router.courses import Courses
from nbh_router.refusals import Refusals

_ANSWER_WITHIN = 0.8


class Doorstep:
    """Uses links up that open once, and tells of refusals."""

    def __init__(self, courses: Courses) -> None:
        self._courses = courses
        self._refusals = Refusals()
        self._bus: Bus | None = None
        self._launches: Bucket[Launch] | None = None

    def connect(self, bus: Bus) -> None:
        """Tell refusals and use links up on this bus from now on."""
        self._bus = bus
        self._launches = Bucket(bus, Launch)

    async def use_up(self, admitted: Admitted) -> None:
        """Use a link up; one that opens again and again is fine.

        Raises:
            Refused: it was used before.
            BusAway: nobody knows.
        """
        if not admitted.nonce:
            return
        if self._launches is None:
            raise BusAway("NATS was never there")
        key = f"{names.token(admitted.platform)}.{admitted.nonce}"
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                await self._launches.create(key, Launch(used_at=now()))
        except Lost as e:
            raise Refused("replayed", admitted.platform) from e
        except TimeoutError as e:
            raise BusAway("NATS is too slow") from e

    def refused(self, access: str, place: Place, why: Refused) -> None:
        """Somebody was not let in; ``access`` is what they may quote."""
        refused = AccessRefused(
            access=access,
            course=place.course,
            student=place.student,
            notebook=place.notebook,
            reason=why.reason,
            platform=why.platform,
        )
        # A course that does not exist is a name that somebody typed: no subject of the bus.
        known = self._courses.get(place.course) is not None
        self._refusals.note(self._bus if known else None, refused)
