"""Answers accesses: the notebook first, then the lab, then the word to the router that asked.

The way to a lab that runs is the hot one: a look at the workspace, an answer, an event.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from weakref import WeakValueDictionary

import structlog

from nbh_kit.bus import Bus
from nbh_kit.lines import About
from nbh_kit.traces import Traces
from nbh_proto import (
    AccessDenied,
    AccessProgress,
    AccessReady,
    AccessRequested,
    Course,
    Lab,
    lab_key,
    names,
    new_id,
    now,
)
from nbh_proto.access import Reason, Stage, Way
from nbh_proto.names import BadName
from nbh_proto.streams import PATIENCE
from nbh_proto.workspace import Full
from nbh_provisioner import access_events
from nbh_provisioner.boot import Wish
from nbh_provisioner.courses import Courses
from nbh_provisioner.disks import Disks
from nbh_provisioner.files.failure import DiskFull, FilesError
from nbh_provisioner.files.workspace import Ready
from nbh_provisioner.labs import Labs
from nbh_provisioner.preparation import Preparation
from nbh_provisioner.revision import Revision, Unreadable
from nbh_provisioner.rooms import Rooms
from nbh_provisioner.waiting import NoLab, Served

_ADOPTION_SECONDS = 10.0

logger = structlog.get_logger(__name__)


class _Denied(Exception):
    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        capability: str = "",
        full: Full | None = None,
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.capability = capability
        self.full = full


class Accesses:
    """The handler of `AccessRequested`."""

    def __init__(
        self,
        bus: Bus,
        courses: Courses,
        preparation: Preparation,
        labs: Labs,
        disks: Disks,
        rooms: Rooms,
        traces: Traces,
    ) -> None:
        self._bus = bus
        self._courses = courses
        self._preparation = preparation
        self._labs = labs
        self._disks = disks
        self._rooms = rooms
        self._traces = traces
        self.opening: Counter[tuple[str, str]] = Counter()
        """The (course, student) whose accesses are being answered."""

        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def handle(self, requested: AccessRequested) -> None:
        """Answer one access, whatever comes; it may have been answered before.

        Whatever is logged on the way has the click's id, also by the tasks that start a lab.
        """
        with (
            About(access=requested.access),
            self._traces.span("serve the access"),
        ):
            await self._handle(requested)

    async def _handle(self, requested: AccessRequested) -> None:
        try:
            await self._open(requested)
        except _Denied as e:
            await self._deny(requested, e)
        except (FilesError, NoLab) as e:
            await self._deny(requested, _Denied(e.reason, str(e)))
        except Unreadable as e:
            await self._deny(requested, _Denied("course-unreadable", str(e)))
        except Exception:
            incident = new_id()[:8]
            logger.exception("an access failed", incident=incident)
            await self._deny(requested, _Denied("internal", f"see the log, incident {incident}"))

    async def _open(self, requested: AccessRequested) -> None:
        until = requested.at + PATIENCE
        if now() > until:
            raise _Denied("expired", "nobody could serve it in time")
        if not requested.page:
            _check_name(requested.notebook)
        await self._adopted()
        with self._counted(requested.course, requested.student):
            await self._open_there(requested, until)

    @asynccontextmanager
    async def alone_with(self, course: str, student: str) -> AsyncGenerator[None]:
        """Have a student's files of a course to oneself in the block: who opens a notebook of it
        waits, and the course is not closed."""
        with self._counted(course, student):
            async with self._order(lab_key(course, student)):
                yield

    def _order(self, key: str) -> asyncio.Lock:
        return self._orders.setdefault(key, asyncio.Lock())

    @contextmanager
    def _counted(self, course: str, student: str) -> Iterator[None]:
        """While one is open its course is not closed: it may be about to make a workspace."""
        who = (course, student)
        self.opening[who] += 1
        try:
            yield
        finally:
            self.opening[who] -= 1
            if not self.opening[who]:
                del self.opening[who]

    async def _open_there(self, requested: AccessRequested, until: datetime) -> None:
        course = await self._courses.find(requested.course)
        if course is None:
            raise _Denied("course-unknown", "it is not in the bucket of courses")
        revision = self._courses.revision(course)
        key = lab_key(requested.course, requested.student)
        wish = Wish(course, requested.student, revision)
        is_known = self._labs.is_up(key) or self._preparation.has_files(requested)
        if not is_known:
            await self._check_disks()
        try:
            with self._traces.span("prepare the files"):
                ready = await self._prepared(key, requested, course, revision)
        except DiskFull as e:
            if not is_known:
                raise
            lab, _ = await self._lab(key, requested, wish)
            full = await self._rooms.full(requested.student, course)
            # A file system may call the disk full where it is the student's share of it.
            reason = "workspace-full" if full else e.reason
            raise _Denied(reason, str(e), capability=lab.capability, full=full) from e
        with self._traces.span("have a lab"):
            lab, way = await self._lab(key, requested, wish)
        full = await self._rooms.full(requested.student, course)
        await self._answer(requested, lab, ready, way, full)

    async def _prepared(
        self, key: str, requested: AccessRequested, course: Course, revision: Revision
    ) -> Ready:
        async with self._order(key):
            if not self._labs.is_up(key):
                await self._rooms.bound(requested.student, course)
            ready = await self._preparation.ready(
                requested, revision, lambda: self._progress(requested, "copying")
            )
        for event in access_events.of_files(requested, revision, ready):
            await self._bus.tell_surely(event)
        return ready

    async def _lab(self, key: str, requested: AccessRequested, wish: Wish) -> Served:
        if lab := self._labs.ready(key):
            return Served(lab, "running")
        self._rooms.look(requested.student, wish.course)

        async def progress(stage: Stage, position: int) -> None:
            await self._progress(requested, stage, position)

        return await self._labs.wanted(key, wish, requested.at + PATIENCE, progress)

    async def _answer(
        self, requested: AccessRequested, lab: Lab, ready: Ready, way: Way, full: Full | None
    ) -> None:
        answer = AccessReady(
            about=requested.access,
            capability=lab.capability,
            notebook=ready.notebook,
            full=full,
            way=way,
        )
        opened = access_events.opened(requested, ready, way)
        await self._bus.answer(requested.answer_to, answer)
        await self._bus.tell_surely(opened)
        # last: a student does not wait for a line
        logger.info(
            "an access is served",
            way=way,
            seconds=round(opened.seconds, 3),
            generation=lab.generation,
        )

    async def _deny(self, requested: AccessRequested, denied: _Denied) -> None:
        reason, detail = denied.reason, str(denied)
        logger.info("an access is denied", reason=reason, detail=detail)
        answer = AccessDenied(
            about=requested.access,
            reason=reason,
            capability=denied.capability,
            full=denied.full,
        )
        await self._bus.answer(requested.answer_to, answer)
        await self._bus.tell_surely(access_events.failed(requested, reason, detail))

    async def _progress(self, requested: AccessRequested, stage: Stage, position: int = 0) -> None:
        progress = AccessProgress(about=requested.access, stage=stage, position=position)
        await self._bus.answer(requested.answer_to, progress)

    async def _adopted(self) -> None:
        if self._labs.adopted.is_set():
            return
        try:
            await asyncio.wait_for(self._labs.adopted.wait(), _ADOPTION_SECONDS)
        except TimeoutError as e:
            raise _Denied("engine-down", "nobody knows yet which labs run") from e

    async def _check_disks(self) -> None:
        """For somebody new. Who has a lab or files is never locked out of them (R-15)."""
        if short := await self._disks.short():
            raise _Denied("disk-full", short)


def _check_name(notebook: str) -> None:
    try:
        names.notebook(notebook)
    except BadName as e:
        raise _Denied("notebook-unknown", str(e)) from e
