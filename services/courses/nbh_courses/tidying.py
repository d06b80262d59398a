"""Removes revisions that nobody uses any more, while it is certain which those are."""

import asyncio
from datetime import timedelta

import structlog

from nbh_courses.labs import LabsSeen
from nbh_courses.leftovers import removable
from nbh_courses.pulls import Pulls
from nbh_courses.shelf import Place, Shelf
from nbh_courses.workspaces import Workspaces
from nbh_proto import now

logger = structlog.get_logger(__name__)


class Tidying:
    """All courses' old revisions."""

    def __init__(
        self,
        shelf: Shelf,
        pulls: Pulls,
        labs: LabsSeen,
        workspaces: Workspaces,
        grace: timedelta,
    ) -> None:
        self._shelf = shelf
        self._pulls = pulls
        self._labs = labs
        self._workspaces = workspaces
        self._grace = grace

    async def tidy(self) -> None:
        """Remove what can go, of every course."""
        candidates = [r for r in self._shelf.records() if self._removable(r.course, frozenset())]
        if not candidates:
            return
        # The bucket may lack what a provisioner that is down could not write again: they say it.
        told = await self._workspaces.revisions()
        if told is None:
            logger.info("old revisions stay: a provisioner does not say which it uses")
            return
        for record in candidates:
            async with self._pulls.turn(record.course):
                used = frozenset(told.get(record.course, ()))
                for commit in self._removable(record.course, used):
                    place = self._shelf.place(record.course)
                    await asyncio.to_thread(place.remove_revision, commit)
                    logger.info("an old revision goes", course=record.course, commit=commit)

    def _removable(self, course: str, used: frozenset[str]) -> list[str]:
        place: Place = self._shelf.place(course)
        record = place.record
        if record is None:
            return []
        return removable(
            place.revisions(),
            record,
            used | self._labs.commits(course),
            known_since=self._labs.since,
            now=now(),
            grace=self._grace,
        )
