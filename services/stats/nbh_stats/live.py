"""Tells open pages which numbers are other ones now, as server-sent events (E-10).

A page opens its stream first and asks for its numbers then, so nothing falls between the two. It
hears which numbers to ask for again, not what they are: that depends on what it shows.
"""

import asyncio
import re
import time
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set,
)
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from nbh_stats import numbers
from nbh_stats.clickhouse import Door
from nbh_stats.numbers import About, Number
from nbh_stats.rows import Row

KEEP_ALIVE_SECONDS = 8.0
"""As JupyterHub does; proxies in between close what is silent for a minute."""

AT_MOST_EVERY_SECONDS = 0.5
_RETRY = b"retry: 1000\n\n"
_STILL_HERE = b": still here\n\n"
_SINCE = """
SELECT DISTINCT course, kind, node FROM events
WHERE stream = {stream:DateTime64(6, 'UTC')} AND sequence > {sequence:UInt64}
"""

_ID = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})", re.ASCII)


class Place(NamedTuple):
    """How far somebody has heard: a stream and a sequence in it."""

    stream: datetime
    sequence: int

    @property
    def id(self) -> str:
        """As ``Last-Event-ID`` has it."""
        micros = round(self.stream.timestamp() * 1e6)
        return f"{micros}.{self.sequence}"


class Change(NamedTuple):
    """Something happened in a course, or on a machine."""

    course: str
    kind: str
    node: str = ""


Telling = Callable[[Set[Change]], Mapping[str, object] | None]
"""What a page is told of changes; None if they do not concern it."""


def of_course(course: str) -> Telling:
    """What the page of a course is told."""

    def tell(changes: Set[Change]) -> Mapping[str, object] | None:
        # what was sampled of a whole machine stands beside each course's share of it
        kinds = {change.kind for change in changes if change.course in (course, "")}
        names = [n.name for n in _made_of("course", kinds)]
        return {"numbers": names} if names else None

    return tell


def of_site(may_see: Callable[[str], bool], *, machines: bool) -> Telling:
    """What a list of courses and machines is told."""

    def tell(changes: Set[Change]) -> Mapping[str, object] | None:
        seen = {c for c in changes if _is_anywhere(c) or _is_seen(c)}
        kinds = {change.kind for change in seen}
        names = [n.name for n in _made_of("site", kinds) if n.people or machines]
        nodes = {c.node for c in seen if c.kind in _SAMPLES} if machines else set()
        if not names and not nodes:
            return None
        courses = {c.course for c in seen if c.course and may_see(c.course)}
        return {"numbers": names, "courses": sorted(courses), "nodes": sorted(nodes - {""})}

    def _is_seen(change: Change) -> bool:
        return may_see(change.course) if change.course else machines

    return tell


def _is_anywhere(change: Change) -> bool:
    return not change.course and not change.node


def everything() -> frozenset[Change]:
    """What may have happened if nobody knows what did."""
    return frozenset(Change("", kind) for number in numbers.ALL for kind in number.kinds)


def _made_of(about: About, kinds: Set[str]) -> list[Number]:
    return [n for n in numbers.ALL if n.about == about and not n.kinds.isdisjoint(kinds)]


_SAMPLES = frozenset(kind for n in numbers.ALL if n.about == "node" for kind in n.kinds)


def place_of(id_: str) -> Place | None:
    """The place that an id says; None if it says none."""
    found = _ID.fullmatch(id_)
    if not found:
        return None
    try:
        return Place(datetime.fromtimestamp(int(found[1]) / 1e6, UTC), int(found[2]))
    except (ValueError, OverflowError, OSError):
        return None


class Listener:
    """One open page: what it has not heard yet."""

    def __init__(self) -> None:
        self._changes: set[Change] = set()
        self._news = asyncio.Event()

    def hear(self, changes: Iterable[Change]) -> None:
        """These happened."""
        self._changes.update(changes)
        if self._changes:
            self._news.set()

    def wake(self) -> None:
        """Something else than an event is the matter."""
        self._news.set()

    async def heard(self, within: float) -> set[Change]:
        """What happened since the last call; empty if nothing did for so many seconds."""
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            return set()
        self._news.clear()
        changes, self._changes = self._changes, set()
        return changes


class Live:
    """All open pages."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.listeners: set[Listener] = set()
        """One for each open page."""

        self._place: Place | None = None
        self._leaving = False

    def begin(self, place: Place) -> None:
        """So far the table goes at the start."""
        self._place = place

    def hear(self, rows: Sequence[Row]) -> None:
        """These rows are in the table now."""
        if not rows:
            return
        last = max(rows, key=lambda row: (row.stream, row.sequence))
        self._place = Place(last.stream, last.sequence)
        changes = {Change(row.course, row.kind, row.node) for row in rows}
        for listener in self.listeners:
            listener.hear(changes)

    def hear_of(self, courses: Set[str]) -> None:
        """Much is another thing in these."""
        kinds = {change.kind for change in everything()}
        changes = {Change(course, kind) for course in courses for kind in kinds}
        for listener in self.listeners:
            listener.hear(changes)

    def leave(self) -> None:
        """End every stream: the service stops."""
        self._leaving = True
        for listener in self.listeners:
            listener.wake()

    async def follow(
        self, tell: Telling, last_id: str, may_still: Callable[[], Awaitable[bool]]
    ) -> AsyncGenerator[bytes]:
        """The stream of one page, for as long as it may listen. ``last_id`` is what it heard last.

        Raises:
            clickhouse_connect.driver.exceptions.Error: what it missed cannot be read.
        """
        with self._listening() as listener:
            yield _RETRY
            listener.hear(await self._missed(last_id))
            while not self._leaving and await may_still():
                began = time.monotonic()
                told = tell(await listener.heard(KEEP_ALIVE_SECONDS))
                if self._leaving:
                    return
                yield self._event(told) if told else _STILL_HERE
                await asyncio.sleep(max(0.0, began + AT_MOST_EVERY_SECONDS - time.monotonic()))

    async def _missed(self, last_id: str) -> Iterable[Change]:
        if not last_id:
            return ()
        place = place_of(last_id)
        if place is None or self._place is None or place.stream != self._place.stream:
            return everything()
        return await self._since(place) if place.sequence < self._place.sequence else ()

    async def _since(self, place: Place) -> list[Change]:
        given = place._asdict()
        found = await self._door.use(lambda c: c.query(_SINCE, parameters=given).result_rows)
        return [Change(*row) for row in found]

    def _event(self, told: Mapping[str, object]) -> bytes:
        id_ = f"id: {self._place.id}\n".encode() if self._place else b""
        return b"event: changed\n" + id_ + b"data: " + msgspec.json.encode(told) + b"\n\n"

    @contextmanager
    def _listening(self) -> Iterator[Listener]:
        listener = Listener()
        self.listeners.add(listener)
        try:
            yield listener
        finally:
            self.listeners.discard(listener)
