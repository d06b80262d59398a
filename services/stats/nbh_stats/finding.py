"""Finds out what a question is about, and asks ClickHouse."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from nbh_stats import asked, reading
from nbh_stats.asked import Asked, BadQuestion
from nbh_stats.clickhouse import Door
from nbh_stats.courses import Courses
from nbh_stats.leaving_out import LeavingOut
from nbh_stats.numbers import Number
from nbh_stats.reading import Format, Place
from nbh_stats.rows import stem_of
from nbh_stats.viewers import Viewer

_FIRST_AND_LAST = """
SELECT at FROM (
    SELECT at FROM events WHERE course = {course:String} AND kind = {kind:String}
    ORDER BY course, kind, at LIMIT 1
    UNION ALL
    SELECT at FROM events WHERE course = {course:String} AND kind = {kind:String}
    ORDER BY course DESC, kind DESC, at DESC LIMIT 1
)
ORDER BY at
"""

_ANYTHING = "SELECT 1 FROM events WHERE course = {course:String} LIMIT 1"

_OF_STUDENT = """
SELECT at, kind, course, student, notebook, id, detail FROM events
WHERE student = {student:String} ORDER BY at, id
"""

Query = Mapping[str, str]


class Unknown(LookupError):
    """There is no such thing; says what."""


class Answer(NamedTuple):
    """A number, and what it is of."""

    number: Number
    data: bytes
    """In the format that was asked for."""

    asked: Asked
    left_out: int
    """How many students are not counted."""

    about: Mapping[str, str]
    """The course, or the machine."""


class Extent(NamedTuple):
    """The instants of the first and of the last event."""

    first: datetime
    last: datetime


class NamedTrack(msgspec.Struct, frozen=True):
    """One of a course's tracks."""

    id: str
    name: str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """A course, before any number of it."""

    course: str
    time_zone: str
    first: datetime | None
    """When a notebook of it was opened first; None if none ever was."""

    last: datetime | None
    tracks: list[NamedTrack]
    left_out: int
    """How many students are not counted."""


class Finding:
    """Answers questions about the statistics."""

    def __init__(self, door: Door, courses: Courses, leaving_out: LeavingOut, zone: str) -> None:
        self._door = door
        self._courses = courses
        self._leaving_out = leaving_out
        self._zone = zone
        self._zones: frozenset[str] = frozenset()

    async def of_course(
        self, number: Number, course: str, query: Query, format_: Format
    ) -> Answer:
        """A number of a course.

        Raises:
            Unknown: nothing was ever heard of it.
            BadQuestion: the query.
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        await self.check(course)
        question = await self._question(query, number, course)
        return await self.asked_of_course(number, course, question, format_)

    async def asked_of_course(
        self, number: Number, course: str, question: Asked, format_: Format
    ) -> Answer:
        """The same, of a question that is read already.

        Raises:
            BadQuestion: there is no such track.
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        place = Place(course=course, left_out=self._left_out(number, question, course))
        if "track" in number.options:
            place = self._along_track(place, question.track)
        return await self._answer(number, place, question, format_, {"course": course})

    async def of_node(self, number: Number, node: str, query: Query, format_: Format) -> Answer:
        """A number of a machine; a machine that nobody knows has no rows.

        Raises:
            BadQuestion: the query.
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        question = await self._question(query, number)
        return await self._answer(number, Place(node=node), question, format_, {"node": node})

    async def of_site(
        self, number: Number, viewer: Viewer, query: Query, format_: Format
    ) -> Answer:
        """A number of all courses that somebody may see.

        Raises:
            BadQuestion: the query.
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        question = await self._question(query, number)
        place = Place(any_course=viewer.is_staff, courses=sorted(viewer.courses or ()))
        if number.people and not question.everyone:
            staff = self._leaving_out.staff()
            left_out = self._leaving_out.everywhere()
            place = place._replace(left_out=left_out, staff=staff.students, staff_of=staff.courses)
        return await self._answer(number, place, question, format_, {})

    async def of_student(self, student: str) -> bytes:
        """Every event that is stored of a student, one JSON object a line, oldest first.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        given = {"student": student}
        return await reading.lines(self._door, _OF_STUDENT, given)

    async def extent(self, course: str, kind: str = "access.opened") -> Extent | None:
        """When a course's first and last event of a kind were; None if there are none."""
        given = {"course": course, "kind": kind}

        def ask(client: Client) -> list[datetime]:
            rows = client.query(_FIRST_AND_LAST, parameters=given).result_rows
            return [at.replace(tzinfo=UTC) for (at,) in rows]

        found = await self._door.use(ask)
        return Extent(found[0], found[-1]) if found else None

    async def about(self, course: str) -> About:
        """What can be asked of a course.

        Raises:
            Unknown: nothing was ever heard of it.
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        extent = await self.extent(course)
        if extent is None:
            await self.check(course)
        return About(
            course=course,
            time_zone=self.zone_of(course),
            first=extent.first if extent else None,
            last=extent.last if extent else None,
            tracks=[NamedTrack(t.id, t.name) for t in self._courses.tracks(course)],
            left_out=len(self._leaving_out.of_course(course)),
        )

    def zone_of(self, course: str) -> str:
        """A course's time zone."""
        found = self._courses.get(course)
        return (found.time_zone if found else "") or self._zone

    async def check(self, course: str) -> None:
        """Do nothing about a course that was ever heard of.

        Raises:
            Unknown: it never was.
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        if self._courses.get(course) is not None:
            return
        given = {"course": course}
        rows = await self._door.use(lambda c: c.query(_ANYTHING, parameters=given).result_rows)
        if not rows:
            raise Unknown("there is no such course")

    async def _question(self, query: Query, number: Number, course: str = "") -> Asked:
        question = asked.read(query, self.zone_of(course), await self._known_zones())
        if "step" not in number.options or question.step is not None:
            return question
        kind = "access.opened" if number.people else "node.sampled"
        extent = await self.extent(course, kind)
        return asked.with_step(question, number.most_steps, *(extent or (None, None)))

    async def _known_zones(self) -> frozenset[str]:
        if not self._zones:
            ask = "SELECT time_zone FROM system.time_zones"
            rows = await self._door.use(lambda client: client.query(ask).result_rows)
            self._zones = frozenset(str(zone) for (zone,) in rows)
        return self._zones

    def _left_out(self, number: Number, question: Asked, course: str) -> list[int]:
        if question.everyone or not number.people:
            return []
        return self._leaving_out.of_course(course)

    def _along_track(self, place: Place, wanted: str) -> Place:
        tracks = self._courses.tracks(place.course)
        track = next((t for t in tracks if wanted in (t.id, "")), None)
        if track is None and wanted:
            raise BadQuestion("track: the course has no such track")
        titles = self._courses.titles(place.course)
        steps = {
            stem_of(path): section.name
            for section in (track.sections if track else ())
            for path in section.notebooks
        }
        return place._replace(
            track=list(steps),
            sections=list(steps.values()),
            titles=[titles.get(stem, stem) for stem in steps],
        )

    async def _answer(
        self,
        number: Number,
        place: Place,
        question: Asked,
        format_: Format,
        about: Mapping[str, str],
    ) -> Answer:
        data = await reading.read(self._door, number, place, question, format_)
        return Answer(number, data, question, len(place.left_out), about)
