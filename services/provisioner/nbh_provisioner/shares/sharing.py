"""Shares notebooks, shows them to one reader, withdraws them, and says which are shared."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec
import structlog

from nbh_kit.bus import Bus
from nbh_proto import (
    Answer,
    CommandDone,
    Course,
    FindShares,
    NotebookShared,
    NotebookWithdrawn,
    Share,
    ShareFailed,
    ShareMade,
    ShareNotebook,
    SharesFound,
    ShowNotebook,
    WithdrawShares,
    names,
    new_id,
    now,
)
from nbh_proto.names import BadName
from nbh_proto.share import WithdrawReason
from nbh_provisioner.courses import Courses
from nbh_provisioner.revision import Revision, Unreadable
from nbh_provisioner.shares.maker import Maker, NotShared
from nbh_provisioner.shares.snapshots import FOR_ONE, Key, Snapshots

TYPES = (ShareNotebook, ShowNotebook, WithdrawShares)
"""The commands that are taken here."""

_HOLDS = timedelta(seconds=60)
"""A page is public: who was told long ago that it was not made does not expect it now."""

_SWEEP_SECONDS = 600.0
_ANSWER_BYTES = 900 * 1024
"""NATS carries 1 MiB in one message."""

logger = structlog.get_logger(__name__)


class Sharing:
    """The handler of `TYPES`, and the answer to `FindShares`."""

    def __init__(
        self,
        bus: Bus,
        courses: Courses,
        maker: Maker,
        snapshots: Snapshots,
        *,
        image: str,
        at_once: int,
        ready: asyncio.Event,
    ) -> None:
        """Take who is needed.

        Args:
            image: what labs run of a course that names none.
            at_once: how many pages are made at the same time.
            ready: set once what an earlier process left running is gone.
        """
        self._bus = bus
        self._courses = courses
        self._maker = maker
        self._snapshots = snapshots
        self._image = image
        self._ready = ready
        self._turns = asyncio.Semaphore(at_once)
        self._orders: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def answering(self, bus: Bus) -> AsyncGenerator[None]:
        """Answer while the block runs; what was there before is known then."""
        await asyncio.to_thread(self._snapshots.load)
        async with bus.answering(FindShares, self.find):
            yield

    async def find(self, asked: FindShares) -> SharesFound:
        """Those that are wanted, as many as one answer carries."""
        found = self._snapshots.find(asked.only_course, asked.only_student)
        fitting = tuple(_that_fit(found))
        return SharesFound(shares=fitting, left_out=len(found) - len(fitting))

    async def handle(self, command: ShareNotebook | ShowNotebook | WithdrawShares) -> None:
        """Carry out a command and say how it went; it may come twice."""
        order = self._orders.setdefault((command.course, command.student), asyncio.Lock())
        async with order:
            match command:
                case ShareNotebook() | ShowNotebook():
                    await self._bus.answer(command.answer_to, await self._shared(command))
                case WithdrawShares():
                    await self._bus.answer(command.answer_to, await self._withdrawn(command))

    async def sweep(self) -> None:
        """Take away whose time is over, for ever."""
        while True:
            await self._take_away("expired", partial(self._snapshots.is_over, now()))
            await asyncio.to_thread(self._snapshots.forget_glimpses, now())
            await asyncio.sleep(_SWEEP_SECONDS)

    async def forget_course(self, course: str) -> None:
        """Take away what students of a course shared: it is removed with all its files."""
        await self._take_away("course-removed", lambda share: share.course == course)

    async def forget_student(self, student: str) -> int:
        """Take away what a student shared, and tell nobody whose it was; how many pages."""
        gone = await asyncio.to_thread(
            self._snapshots.withdraw, lambda share: share.student == student
        )
        # whose notebook is shown to one reader is not known: they ask again
        await asyncio.to_thread(self._snapshots.forget_glimpses, now() + FOR_ONE)
        return len(gone)

    async def rename_course(self, course: str, to: str) -> None:
        """What students of a course shared is another's; the links stay."""
        await asyncio.to_thread(self._snapshots.rename, course, to)

    async def _withdrawn(self, command: WithdrawShares) -> Answer:
        gone = await self._take_away(
            "asked",
            lambda share: (
                (share.course, share.student) == (command.course, command.student)
                and command.notebook in ("", share.notebook)
            ),
        )
        line = ", ".join(share.notebook for share in gone)
        return CommandDone(
            about=command.id, line=f"withdrawn: {line}" if gone else "nothing is shared"
        )

    async def _take_away(
        self, reason: WithdrawReason, is_meant: Callable[[Share], bool]
    ) -> list[Share]:
        gone = await asyncio.to_thread(self._snapshots.withdraw, is_meant)
        for share in gone:
            await self._bus.tell_surely(
                NotebookWithdrawn(
                    id=_id(f"withdrawn {share.name}"),
                    course=share.course,
                    student=share.student,
                    notebook=share.notebook,
                    reason=reason,
                )
            )
        return gone

    async def _shared(self, command: ShareNotebook | ShowNotebook) -> Answer:
        try:
            is_for_all = isinstance(command, ShareNotebook)
            share = await (self._share(command) if is_for_all else self._show(command))
            return ShareMade(about=command.id, share=share)
        except NotShared as e:
            logger.info("a notebook is not shared", reason=e.reason, detail=str(e))
            return ShareFailed(about=command.id, reason=e.reason, detail=str(e))
        except Exception:
            incident = new_id()[:8]
            logger.exception("a notebook is not shared", incident=incident)
            detail = f"see the log, incident {incident}"
            return ShareFailed(about=command.id, reason="internal", detail=detail)

    async def _show(self, command: ShareNotebook | ShowNotebook) -> Share:
        share, _ = await self._made(command, self._snapshots.put_for_one)
        return share

    async def _share(self, command: ShareNotebook | ShowNotebook) -> Share:
        began = time.monotonic()
        again = self._snapshots.has((command.course, command.student, command.notebook))
        share, notebook = await self._made(command, self._snapshots.put)
        await self._bus.tell_surely(
            NotebookShared(
                id=_id(f"shared {command.id}"),
                course=command.course,
                student=command.student,
                notebook=notebook,
                again=again,
                size=share.size,
                seconds=round(time.monotonic() - began, 3),
            )
        )
        return share

    async def _made(
        self, command: ShareNotebook | ShowNotebook, put: Callable[[Key, Path, datetime], Share]
    ) -> tuple[Share, str]:
        """The page, once it is this notebook's turn, and the file that it is of."""
        _check_name(command.notebook)
        await self._ready.wait()
        async with self._turns:
            if now() - command.at > _HOLDS:
                raise NotShared("expired", "nobody could do it in time")
            return await self._made_now(command, put)

    async def _made_now(
        self, command: ShareNotebook | ShowNotebook, put: Callable[[Key, Path, datetime], Share]
    ) -> tuple[Share, str]:
        key = (command.course, command.student, command.notebook)
        course = await self._course(command)
        image = course.image or self._image
        with self._snapshots.making() as work:
            notebook = await self._maker.make(key, work, image, self._revision(course))
            await self._course(command)  # it may have been removed meanwhile
            share = await asyncio.to_thread(put, key, work.page, now())
        return share, notebook

    def _revision(self, course: Course) -> Revision | None:
        try:
            return self._courses.revision(course)
        except Unreadable:
            return None  # the notebook is the student's

    async def _course(self, command: ShareNotebook | ShowNotebook) -> Course:
        course = await self._courses.find(command.course)
        if course is None:
            raise NotShared("course-unknown", "it is not in the bucket of courses")
        return course


def _check_name(notebook: str) -> None:
    try:
        names.notebook(notebook)
    except BadName as e:
        raise NotShared("notebook-unknown", str(e)) from e


def _that_fit(shares: Iterable[Share]) -> Iterator[Share]:
    left = _ANSWER_BYTES
    for share in shares:
        left -= len(msgspec.json.encode(share)) + 1
        if left < 0:
            return
        yield share


def _id(what: str) -> str:
    """The same id whenever the same is told: it is stored once."""
    return hashlib.sha256(what.encode()).hexdigest()[:32]
