"""Takes over what nbhosting 0.59 wrote (T1, T2)."""

import asyncio

import structlog
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from nbh_proto.stats import ImportLines, LinesImported, LineUnreadable
from nbh_stats import original_lines
from nbh_stats.clickhouse import Door
from nbh_stats.keeping import store
from nbh_stats.live import Live
from nbh_stats.original_lines import Read
from nbh_stats.students import Students

logger = structlog.get_logger(__name__)


class Importing:
    """Answers who hands over lines of old files."""

    def __init__(self, writing: Door, students: Students, live: Live) -> None:
        self._writing = writing
        self._students = students
        self._live = live

    async def lines(self, given: ImportLines) -> LinesImported:
        """Keep what they say, as far as it is not kept."""
        # not in ClickHouse's turn: it may still be storing the lines before these
        read = await asyncio.to_thread(_read, given)

        def work(client: Client) -> set[int]:
            return {row.sequence for row in store(client, self._students, read.rows)}

        try:
            stored = await self._writing.use(work)
        except ClickHouseError as e:
            logger.exception("lines could not be imported")
            return LinesImported(error=f"ClickHouse says: {str(e).partition(chr(10))[0]}")
        self._live.hear_of({row.course for row in read.rows if row.sequence in stored})
        return _told(read, stored)


def _read(given: ImportLines) -> Read:
    read = original_lines.events if given.file == "events" else original_lines.counts
    return read(given.only_course, given.lines, given.first)


def _told(read: Read, stored: set[int]) -> LinesImported:
    lines = {row.sequence for row in read.rows}
    return LinesImported(
        stored=len(stored),
        known=len(lines - stored),
        passed_over=read.passed_over,
        unreadable=tuple(LineUnreadable(line=n, why=why) for n, why in read.unreadable),
    )
