"""Brings courses from where teachers push them to what students see.

One pull of a course at a time, a few of different courses at once. A record is written down
before ``current`` moves and before anybody is told, so that a crash at any step leaves the old or
the new revision, and the next start finishes what was begun.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple, get_args

import msgspec
import structlog

from nbh_courses.addresses import checked_branch, checked_url
from nbh_courses.announcing import Announcer
from nbh_courses.changes import applied
from nbh_courses.failure import CourseError, of_disk
from nbh_courses.git_program import Say, Stopping
from nbh_courses.publisher import Publisher
from nbh_courses.publishing import Published
from nbh_courses.record import Record
from nbh_courses.repositories import Repositories, Tip
from nbh_courses.shelf import Place, Shelf
from nbh_courses.submodule_fetching import SubmoduleFetching
from nbh_kit.metrics import Metrics
from nbh_proto import CreateCourse, now
from nbh_proto.course import CourseReason

logger = structlog.get_logger(__name__)


By = Literal["command", "push", "timer"]
"""Who has a course pulled."""


class Rules(NamedTuple):
    """What the site allows."""

    local_urls: bool
    at_once: int
    max_bytes: int


class Pulls:
    """All that is done to courses, each in its turn."""

    def __init__(
        self,
        shelf: Shelf,
        repositories: Repositories,
        announcer: Announcer,
        publisher: Publisher,
        rules: Rules,
        metrics: Metrics,
    ) -> None:
        self._shelf = shelf
        self._repositories = repositories
        self._announcer = announcer
        self._publisher = publisher
        self._rules = rules
        self._submodules = SubmoduleFetching(
            repositories, publisher.environment, local=rules.local_urls
        )
        self._places = asyncio.Semaphore(rules.at_once)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._outcomes = metrics.counter(
            "nbhosting_pulls_total",
            "Pulls of courses, by what came of them.",
            outcome=("published", "unchanged", *get_args(CourseReason)),
        )

    async def create(self, command: CreateCourse, say: Say) -> Record:
        """Register a course and publish it; if that fails nothing of it is left (G3).

        Raises:
            CourseError: the course is there already, a setting cannot be, or it cannot be
                published.
            Stopping: we are leaving.
        """
        checked_url(command.giturl, local=self._rules.local_urls)
        checked_branch(command.branch)
        if self._shelf.is_promised(command.course):
            raise CourseError("exists", "until it is renamed or deleted, or a course is so named")
        async with self._turn(command.course):
            there = self._shelf.place(command.course).record
            if there is None:
                asked = applied(_asked(command), command.changes, local=self._rules.local_urls)
                there = await self._create(asked, say)
            elif there.created_by != command.id or there.intention:
                raise CourseError("exists", "to publish what is new, pull it")
            return await self._announcer.announce(there)

    async def _create(self, asked: Record, say: Say) -> Record:
        try:
            with self._shelf.creating(asked.course) as place:
                created = await self._advance(asked, place, say)
            self._outcomes.add("published")
            return created
        except CourseError as e:
            self._outcomes.add(e.reason)
            await self._announcer.tell_failure(_failed(asked, e))
            raise

    async def pull(self, course: str, say: Say, *, by: By = "command") -> Record:
        """Publish what is new in a course.

        A failure that the timer meets again and again is told as an event once.

        Raises:
            CourseError: there is no such course, or it cannot be published.
            Stopping: we are leaving.
        """
        place = self._shelf.place(course)
        _check_that_it_is_there(place)  # a rename has the turn for as long as it takes
        async with self._turn(course):
            record = _asked_by(by, _check_that_it_is_there(place))
            try:
                advanced = await self._advance(record, place, say)
            except CourseError as e:
                self._outcomes.add(e.reason)
                await self._note(_failed(_asked_by(by, place.record or record), e), place)
                if by != "timer" or e.reason != record.failure:
                    await self._announcer.tell_failure(_failed(record, e))
                raise
            is_new = advanced.commit != record.commit
            self._outcomes.add("published" if is_new else "unchanged")
            return await self._announcer.announce(advanced)

    async def finish(self) -> None:
        """Tell what was published and not told when we were last ended."""
        for record in self._shelf.records():
            if record.commit and record.told != record.commit:
                try:
                    await self._show(record, self._shelf.place(record.course))
                except CourseError as e:
                    logger.warning("clones see an old commit", course=record.course, why=str(e))
                await self._announcer.announce(record)

    @asynccontextmanager
    async def turn(self, course: str) -> AsyncIterator[None]:
        """Have a course to oneself in the block."""
        async with self._turns[course]:
            yield

    def is_busy(self, course: str) -> bool:
        """Whether something is being done to a course."""
        return self._turns[course].locked()

    @asynccontextmanager
    async def _turn(self, course: str) -> AsyncIterator[None]:
        async with self._turns[course], self._places:
            yield

    async def _note(self, failed: Record, place: Place) -> None:
        try:
            await asyncio.to_thread(place.remember, failed)
        except OSError:
            # a full disk may be the very failure; others are told all the same
            logger.exception("a failure could not be noted", course=failed.course)
        await self._announcer.announce(failed)

    async def _advance(self, record: Record, place: Place, say: Say) -> Record:
        """Have a course's place hold what the other side has now."""
        try:
            with of_disk():
                brought = await self._bring(record, place, say)
                await asyncio.to_thread(place.remember, brought)
                if brought.commit != record.commit or record.failure:
                    await self._show(brought, place)
                    await self._tidy(place)
        except (CourseError, Stopping):
            raise
        except Exception as e:  # whoever waits gets an answer, whatever went wrong
            logger.exception("a pull failed", course=record.course)
            raise CourseError("internal", f"{type(e).__name__}: see the service's log") from e
        return brought

    async def _show(self, record: Record, place: Place) -> None:
        await self._repositories.show(place.mirror, record.shown_as, record.commit)

    async def _tidy(self, place: Place) -> None:
        try:
            await self._repositories.tidy(place.mirror)
        except CourseError as e:  # all is published; the mirror is larger than it need be
            logger.warning("a mirror cannot be tidied", mirror=str(place.mirror), why=str(e))

    async def _bring(self, record: Record, place: Place, say: Say) -> Record:
        began = time.monotonic()
        await say(f"asking {record.giturl}")
        if await self._is_up_to_date(record, place):
            return _pulled(await self._indexed(record, place))
        tip = await self._repositories.tip(record.giturl, record.branch, self._shelf.folder)
        if tip.commit == record.commit and place.is_whole(tip.commit):
            return _pulled(await self._indexed(record, place))
        await say(f"fetching {tip.branch} at {tip.commit[:10]}")
        await self._repositories.fetch(place.mirror, record.giturl, tip, say)
        brought = await self._submodules.bring(record, place, say)
        await say(f"publishing {tip.commit[:10]}")
        commit, published = await asyncio.to_thread(
            self._publisher.publish, record, place, brought
        )
        for problem in published.problems:
            await say(f"! {problem}")
        if commit == record.commit:
            return _pulled(record)
        return _published(record, tip, commit, published, time.monotonic() - began)

    async def _is_up_to_date(self, record: Record, place: Place) -> bool:
        return (
            bool(record.commit)
            and place.is_whole(record.commit)
            and await self._repositories.is_still_at(record.giturl, record.branch, record.commit)
        )

    async def _indexed(self, record: Record, place: Place) -> Record:
        """The record with what its index says, which is made again where it is not current."""
        if not record.commit or await asyncio.to_thread(self._publisher.is_current, record, place):
            return record
        return await asyncio.to_thread(self._publisher.again, record, place)

    async def index_all(self) -> None:
        """Make the indexes that are missing, or of which the operator's layer has changed (G7)."""
        for record in self._shelf.records():
            place = self._shelf.place(record.course)
            if record.commit and not self._publisher.is_current(record, place):
                try:
                    await self._index(record.course, place)
                except CourseError as e:
                    logger.warning("no index", course=record.course, why=str(e))

    async def _index(self, course: str, place: Place) -> None:
        async with self._turn(course):
            record = _check_that_it_is_there(place)
            with of_disk():
                indexed = await self._indexed(record, place)
                if indexed != record:
                    await asyncio.to_thread(place.remember, indexed)
            await self._announcer.announce(indexed)


def _check_that_it_is_there(place: Place) -> Record:
    record = place.record
    if record is None or record.intention:
        raise CourseError("unknown", "create it first")
    return record


def _asked(command: CreateCourse) -> Record:
    return Record(
        course=command.course,
        giturl=command.giturl,
        branch=command.branch,
        image=command.image,
        created_by=command.id,
        created_at=now(),
    )


def _asked_by(by: By, record: Record) -> Record:
    return msgspec.structs.replace(record, pushed_at=now()) if by == "push" else record


def _failed(record: Record, error: CourseError) -> Record:
    return msgspec.structs.replace(
        record, pulled_at=now(), failure=error.reason, failure_detail=error.detail
    )


def _pulled(record: Record) -> Record:
    return msgspec.structs.replace(record, pulled_at=now(), failure=None, failure_detail="")


def _published(
    record: Record, tip: Tip, commit: str, published: Published, seconds: float
) -> Record:
    return msgspec.structs.replace(
        _pulled(record),
        commit=commit,
        previous=record.commit,
        shown_as=tip.branch,
        notebooks=published.notebooks,
        changed=published.changed,
        seconds=round(seconds, 3),
        published_at=now(),
        static_mappings=published.settings.static_mappings,
        notebook_url_format=published.settings.notebook_url_format,
        problems=published.problems,
    )
