"""Shows the indexes that are on the disk to the others: the bucket INDEXES."""

import asyncio
import contextlib

import msgspec
import structlog

from nbh_courses.fitting import fitting
from nbh_courses.kept import Indexes
from nbh_courses.record import Record
from nbh_courses.shelf import Shelf
from nbh_kit.buckets import Bucket, Held, Lost, Snapshot
from nbh_kit.bus import Bus, BusAway
from nbh_proto import CourseIndex, names

_RETRY_SECONDS = 0.5

logger = structlog.get_logger(__name__)


class Shown:
    """The one writer of the bucket INDEXES."""

    def __init__(self, bus: Bus, shelf: Shelf) -> None:
        self._shelf = shelf
        self._bucket: Bucket[CourseIndex] = Bucket(bus, CourseIndex)
        self._turn = asyncio.Lock()
        self._stamps: dict[str, object] = {}
        """By course: which file was shown. A pull that finds nothing new shows nothing."""

    async def show(self, course: str) -> None:
        """Have others see the index of what is published, however long NATS is away."""
        async with self._turn:
            while True:
                try:
                    await self._show(course)
                    return
                except BusAway as e:
                    logger.warning("waiting for NATS to show", course=course, error=str(e))
                    await asyncio.sleep(_RETRY_SECONDS)

    async def withdraw(self, course: str) -> None:
        """Have nobody see it; what cannot be withdrawn now is at the next connection."""
        async with self._turn:
            self._stamps.pop(course, None)
            key = names.token(course)
            with contextlib.suppress(Lost, BusAway):
                if held := await self._bucket.get(key):
                    await self._bucket.delete(key, held.revision)

    async def keep_true(self) -> None:
        """Have the bucket hold what is on the disk and nothing else, at each connection anew."""
        async for change in self._bucket.watch():
            if isinstance(change, Snapshot):
                await self._make_true(change.all)

    async def _make_true(self, held: dict[str, Held[CourseIndex]]) -> None:
        records = {names.token(record.course): record for record in self._shelf.records()}
        for key, record in records.items():
            if key not in held or held[key].value != await self._value(record):
                self._stamps.pop(record.course, None)
                await self.show(record.course)
        for key in held.keys() - records.keys():
            await self.withdraw(names.id_of(key))

    async def _show(self, course: str) -> None:
        record = self._shelf.place(course).record
        if record is None or record.intention:
            return
        stamp = Indexes(self._shelf.place(course).folder).stamp(record.commit)
        if stamp == self._stamps.get(course):
            return
        if value := await self._value(record):
            await self._bucket.put(value.key, value)
            self._stamps[course] = stamp

    async def _value(self, record: Record) -> CourseIndex | None:
        return await asyncio.to_thread(self._read, record)

    def _read(self, record: Record) -> CourseIndex | None:
        kept = Indexes(self._shelf.place(record.course).folder).of(record.commit)
        if kept is None:
            return None
        # a course that was renamed has an index that was made under its old name
        return fitting(msgspec.structs.replace(kept.index, course=record.course))
