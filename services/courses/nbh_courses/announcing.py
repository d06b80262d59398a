"""Tells the others what is on the shelf: the COURSES bucket and the events.

The disk is the truth: whatever is told here is told again until it agrees (DESIGN.md, Which copy
is true).
"""

import asyncio
import contextlib
from collections.abc import Mapping

import msgspec
import structlog

from nbh_courses import images
from nbh_courses.record import Record
from nbh_courses.shelf import Shelf
from nbh_courses.showing import Shown
from nbh_kit.buckets import Bucket, Held, Lost, Snapshot
from nbh_kit.bus import Bus, BusAway
from nbh_proto import Course, CourseFailed, Event, names

_RETRY_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Announcer:
    """The one writer of the bucket COURSES; an index is shown with its course."""

    def __init__(self, bus: Bus, shelf: Shelf, default_image: str, indexes: Shown) -> None:
        self._bus = bus
        self._indexes = indexes
        self._shelf = shelf
        self._bucket: Bucket[Course] = Bucket(bus, Course)
        self._default_image = default_image
        self._withdrawing = asyncio.Lock()

    async def announce(self, record: Record) -> Record:
        """Have others see a record, however long NATS is away; tell a publication once.

        Returns the record with what was told in it.
        """
        await self._show(record)
        await self._indexes.show(record.course)
        if not record.commit or record.told == record.commit:
            return record
        await self._bus.tell_surely(record.publication)
        told = msgspec.structs.replace(record, told=record.commit)
        try:
            await asyncio.to_thread(self._shelf.place(record.course).remember, told)
        except OSError:  # then it is told once more at the next start, under the same id
            logger.exception("a publication could not be noted as told", course=record.course)
        return told

    async def withdraw(self, course: str) -> None:
        """Have nobody see a course any more, however long NATS is away."""
        await self._indexes.withdraw(course)
        async with self._withdrawing:
            while True:
                try:
                    if held := await self._bucket.get(names.token(course)):
                        await self._bucket.delete(names.token(course), held.revision)
                    return
                except Lost:
                    continue
                except BusAway as e:
                    logger.warning("waiting for NATS to withdraw", course=course, error=str(e))
                    await asyncio.sleep(_RETRY_SECONDS)

    async def tell(self, event: Event) -> None:
        """Tell what has become of a course, however long NATS is away."""
        await self._bus.tell_surely(event)

    async def tell_failure(self, record: Record) -> None:
        """Tell that a course could not be published; the last good revision is still served."""
        assert record.failure is not None
        await self._bus.tell_surely(
            CourseFailed(course=record.course, reason=record.failure, detail=record.failure_detail)
        )

    async def keep_true(self) -> None:
        """Have the bucket hold what is on the shelf and nothing else, at each connection anew."""
        async for change in self._bucket.watch():
            if isinstance(change, Snapshot):
                await self._make_true(change.all)

    async def _make_true(self, held: Mapping[str, Held[Course]]) -> None:
        records = self._shelf.records()
        for record in records:
            value = self._value(record)
            if value.key not in held or held[value.key].value != value:
                await self.show_again(record.course)
        for key in held.keys() - {names.token(record.course) for record in records}:
            logger.warning("a course that is not on the disk is taken back", course=key)
            with contextlib.suppress(Lost, BusAway):  # the next connection tries again
                await self._bucket.delete(key, held[key].revision)

    async def show_again(self, course: str) -> None:
        """Have others see what the disk has of a course."""
        async with self._withdrawing:
            record = self._shelf.place(course).record
            if record and not record.intention:
                await self._show(record)

    def _value(self, record: Record) -> Course:
        image = images.image_of(record, self._shelf.record, self._default_image)
        return record.value(image, hook=self._shelf.place(record.course).hook.exists())

    async def _show(self, record: Record) -> None:
        value = self._value(record)
        while True:
            try:
                await self._bucket.put(value.key, value)
                return
            except BusAway as e:
                logger.warning("waiting for NATS to show", course=record.course, error=str(e))
                await asyncio.sleep(_RETRY_SECONDS)
