"""All courses: on disk beside each mirror, and in the bucket COURSES that others read.

The disk is the true copy: when JetStream's folder was lost, the bucket is written again from it.
"""

import asyncio
import os
from pathlib import Path

import msgspec
import structlog

from nbh_kit.buckets import Bucket, Lost
from nbh_proto import Course, names

logger = structlog.get_logger(__name__)

_FILE = "course.json"


class Registry:
    """Knows every course; the one writer of the bucket."""

    def __init__(self, folder: Path, bucket: Bucket[Course]) -> None:
        self.folder = folder
        self._bucket = bucket
        self._all: dict[str, Course] = {}

    def read(self) -> None:
        """Read all courses from disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(self.folder.glob(f"*/{_FILE}")):
            try:
                course = msgspec.json.decode(file.read_bytes(), type=Course)
                self._all[course.course] = course
            except (OSError, msgspec.MsgspecError) as e:
                logger.error("a course cannot be read", file=str(file), error=str(e))

    async def tell_all(self) -> None:
        """Write to the bucket what is on disk."""
        for course in self._all.values():
            await self._tell(course)

    def get(self, name: str) -> Course | None:
        """The course of this name."""
        return self._all.get(name)

    def all(self) -> list[Course]:
        """Every course, by name."""
        return [self._all[name] for name in sorted(self._all)]

    def place(self, name: str) -> Path:
        """The folder of a course."""
        return self.folder / names.checked_id("course", name)

    async def put(self, course: Course) -> None:
        """Keep a course, on disk first."""
        await asyncio.to_thread(self._write, course)
        self._all[course.course] = course
        await self._tell(course)

    def _write(self, course: Course) -> None:
        folder = self.place(course.course)
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{_FILE}"
        with fresh.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(course)))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(folder / _FILE)

    async def _tell(self, course: Course) -> None:
        while True:
            there = await self._bucket.get(course.key)
            try:
                if there is None:
                    await self._bucket.create(course.key, course)
                elif there.value != course:
                    await self._bucket.update(course.key, course, there.revision)
                return
            except Lost:
                # ourselves, before a reconnection: look again
                continue
