"""Removes rows: of a student who is to be forgotten (S-55), and of what is too old to be kept.

How far each stream is kept is noted first (ADR 8): else the newest rows would come back from it.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from nbh_kit.bus import Bus
from nbh_proto import CommandDone, CommandFailed, now
from nbh_proto.stats import EraseStudent
from nbh_stats.clickhouse import Door
from nbh_stats.live import Live
from nbh_stats.students import Students, digest_of

logger = structlog.get_logger(__name__)

_NOTE_PLACES = """
INSERT INTO places SELECT stream, max(sequence) FROM events GROUP BY stream
"""
_NOTE_ERASED = "INSERT INTO erased VALUES ({digest:String}, {until:DateTime64(6, 'UTC')})"
_OF_STUDENT = """
SELECT course, count() FROM events WHERE student = {student:String} GROUP BY course
"""
# ClickHouse writes down what it removed, and keeps that: a number stands there for the student
_HASH = "SELECT sipHash64({student:String})"
_ERASE = "ALTER TABLE events DELETE WHERE sipHash64(student) = {hash:UInt64}"
_FORGET = "ALTER TABLE students DELETE WHERE sipHash64(student) = {hash:UInt64}"
_TOO_OLD = "SELECT count() FROM events WHERE at < {horizon:DateTime64(6, 'UTC')}"
_DROP_OLD = "ALTER TABLE events DELETE WHERE at < {horizon:DateTime64(6, 'UTC')}"
_DROP_UNSEEN = """
ALTER TABLE students DELETE WHERE number NOT IN (SELECT who FROM events GROUP BY who)
"""
_AT_ONCE = {"mutations_sync": 2}
"""The rows are gone when the statement has ended."""


class Erased(NamedTuple):
    """What went."""

    courses: list[str]
    events: int


class Forgetting:
    """Erases when asked, and what is too old by itself."""

    def __init__(
        self, bus: Bus, writing: Door, students: Students, live: Live, keep_days: int
    ) -> None:
        self._bus = bus
        self._writing = writing
        self._students = students
        self._live = live
        self._keep_days = keep_days

    async def handle(self, command: EraseStudent) -> None:
        """Erase a student and answer. Idempotent: what is erased already is no trouble."""
        answer: CommandDone | CommandFailed
        try:
            gone = await self.erase(command.student, command.at)
        except ClickHouseError as e:
            logger.exception("a student was not erased")
            detail = str(e).partition("\n")[0]
            answer = CommandFailed(about=command.id, reason="not-erased", detail=detail)
        else:
            where = f" in {_counted(len(gone.courses), 'course')}" if gone.courses else ""
            line = f"erased: {_counted(gone.events, 'event')}{where}"
            answer = CommandDone(about=command.id, line=line)
        await self._bus.answer(command.answer_to, answer)

    async def erase(self, student: str, until: datetime) -> Erased:
        """Remove what is known of a student; nothing of theirs until then comes back.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        gone = await self._writing.use(lambda client: self._erase(client, student, until))
        self._live.hear_of(set(gone.courses))
        return gone

    async def drop_what_is_old(self) -> None:
        """Remove the days that are older than the site keeps.

        Raises:
            clickhouse_connect.driver.exceptions.Error: ClickHouse cannot or will not.
        """
        if self._keep_days:
            # whole days: removing makes the table anew, as far as it has such rows
            today = now().replace(hour=0, minute=0, second=0, microsecond=0)
            horizon = today - timedelta(days=self._keep_days)
            await self._writing.use(lambda client: self._drop(client, horizon))

    def _erase(self, client: Client, student: str, until: datetime) -> Erased:
        given = {"student": student}
        found = client.query(_OF_STUDENT, parameters=given).result_rows
        client.command(_NOTE_PLACES)
        erased = {"digest": digest_of(student), "until": until}
        client.command(_NOTE_ERASED, parameters=erased)
        self._students.erase(student, until)
        hashed = {"hash": int(client.query(_HASH, parameters=given).result_rows[0][0])}
        client.command(_ERASE, parameters=hashed, settings=dict(_AT_ONCE))
        client.command(_FORGET, parameters=hashed, settings=dict(_AT_ONCE))
        return Erased([str(c) for c, _ in found if c], sum(int(n) for _, n in found))

    def _drop(self, client: Client, horizon: datetime) -> None:
        given = {"horizon": horizon}
        if not client.query(_TOO_OLD, parameters=given).result_rows[0][0]:
            return
        client.command(_NOTE_PLACES)
        client.command(_DROP_OLD, parameters=given, settings=dict(_AT_ONCE))
        client.command(_DROP_UNSEEN, settings=dict(_AT_ONCE))
        self._students.load(client)
        logger.info("what is too old was removed", before=horizon.isoformat())


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
