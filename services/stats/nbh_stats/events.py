"""The table of events: written in batches, read for those who ask."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import structlog
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from nbh_kit.batching import Batch, Refusal
from nbh_proto.stats import (
    EventsFound,
    FindEvents,
    FindNotebooksUsed,
    NotebooksUsed,
    NotebookUsed,
    StoredEvent,
)
from nbh_stats.clickhouse import Door
from nbh_stats.keeping import keep
from nbh_stats.live import Live, Place
from nbh_stats.students import Students

S = TypeVar("S", bound=msgspec.Struct)

logger = structlog.get_logger(__name__)

_MOST = 10_000
_ANSWER_BYTES = 900 * 1024
"""NATS carries 1 MiB in one message."""

_KEPT = """
SELECT greatest(
    (SELECT max(sequence) FROM events WHERE stream = {stream:DateTime64(6, 'UTC')}),
    (SELECT max(sequence) FROM places WHERE stream = {stream:DateTime64(6, 'UTC')})
)
"""

_FIND = """
SELECT at, kind, course, student, notebook, detail
FROM events
WHERE ({course:String} = '' OR course = {course:String})
  AND ({student:String} = '' OR student = {student:String})
  AND ({kind:String} = '' OR kind = {kind:String})
ORDER BY at DESC, sequence DESC
LIMIT {limit:UInt32}
"""


_USED = """
SELECT notebook, uniqExact(student) AS students, max(at) AS last
FROM events
WHERE course = {course:String} AND kind = 'access.opened' AND at >= {since:DateTime64(6, 'UTC')}
  AND notebook != ''
GROUP BY notebook
ORDER BY students DESC, notebook
LIMIT 10000
"""


class Events:
    """Keeps events, through one connection for writing and one for reading."""

    def __init__(self, writing: Door, reading: Door, students: Students, live: Live) -> None:
        self._writing = writing
        self._reading = reading
        self._students = students
        self._live = live

    async def kept(self, stream: datetime) -> int:
        """Up to which sequence this stream is in the table; 0 for nothing.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        sequence = await self._writing.use(lambda client: _kept(client, stream))
        self._live.begin(Place(stream, sequence))
        return sequence

    async def keep(self, batch: Batch) -> Sequence[Refusal]:
        """Store a batch, whole or not at all; return what can be no row.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        kept = await self._writing.use(lambda client: keep(client, self._students, batch))
        self._live.hear(kept.rows)
        return kept.refused

    async def find(self, wanted: FindEvents) -> EventsFound:
        """The latest events that are wanted, newest first, as many as one answer carries."""
        try:
            found = await self._reading.use(lambda client: _find(client, wanted))
        except ClickHouseError as e:
            logger.exception("events could not be read")
            return EventsFound(error=f"ClickHouse says: {str(e).partition(chr(10))[0]}")
        return EventsFound(events=found)

    async def used(self, wanted: FindNotebooksUsed) -> NotebooksUsed:
        """Which notebooks of a course were opened, those of most students first."""
        try:
            found = await self._reading.use(lambda client: _used(client, wanted))
        except ClickHouseError as e:
            logger.exception("events could not be read")
            return NotebooksUsed(error=f"ClickHouse says: {str(e).partition(chr(10))[0]}")
        return NotebooksUsed(notebooks=found)


def _kept(client: Client, stream: datetime) -> int:
    return int(client.query(_KEPT, parameters={"stream": stream}).result_rows[0][0])


def _find(client: Client, wanted: FindEvents) -> tuple[StoredEvent, ...]:
    parameters = {
        "course": wanted.only_course,
        "student": wanted.only_student,
        "kind": wanted.kind,
        "limit": max(0, min(wanted.limit, _MOST)),
    }
    found = client.query(_FIND, parameters=parameters).result_rows
    return tuple(_that_fit(map(_event, found)))


def _event(found: Sequence[object]) -> StoredEvent:
    at, kind, course, student, notebook, detail = found
    assert isinstance(at, datetime)
    return StoredEvent(
        at=at.replace(tzinfo=UTC),
        kind=str(kind),
        course=str(course),
        student=str(student),
        notebook=str(notebook),
        detail=msgspec.json.decode(str(detail)),
    )


def _used(client: Client, wanted: FindNotebooksUsed) -> tuple[NotebookUsed, ...]:
    parameters = {"course": wanted.only_course, "since": wanted.since}
    found = client.query(_USED, parameters=parameters).result_rows
    return tuple(_that_fit(_one_used(*row) for row in found))


def _one_used(notebook: str, students: int, last: datetime) -> NotebookUsed:
    return NotebookUsed(notebook=notebook, students=students, last=last.replace(tzinfo=UTC))


def _that_fit(events: Iterator[S]) -> Iterator[S]:
    left = _ANSWER_BYTES
    for event in events:
        left -= len(msgspec.json.encode(event)) + 1
        if left < 0:
            return
        yield event
