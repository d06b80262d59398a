"""Pulls: fetch, publish, tell. Never two of one course at once, never too many in all."""

import asyncio
import errno
import time
from collections import defaultdict

import msgspec
import structlog

from nbh_courses import sources
from nbh_courses.git_program import Git, Say
from nbh_courses.mirror import FetchFailed, Mirror
from nbh_courses.registry import Registry
from nbh_courses.revisions import Published, Revisions, TooBig
from nbh_kit import config
from nbh_kit.bus import Bus
from nbh_proto import Course, CourseFailed, CoursePublished, now
from nbh_proto.course import CourseReason

logger = structlog.get_logger(__name__)


class PullFailed(Exception):
    """A course was not published; the last good revision is still served."""

    def __init__(self, reason: CourseReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: CourseReason = reason


class Pulling:
    """Pulls courses."""

    def __init__(self, registry: Registry, bus: Bus, limits: config.Courses) -> None:
        self._registry = registry
        self._bus = bus
        self._limits = limits
        self._git = Git(registry.folder, local=limits.local_urls, max_bytes=limits.max_bytes)
        self._one_at_a_time: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._at_once = asyncio.Semaphore(limits.pulls_at_once)

    def check(self, url: str, branch: str) -> None:
        """Refuse what git must never be given.

        Raises:
            PullFailed: it is refused.
        """
        try:
            sources.check_url(url, local=self._limits.local_urls)
            if branch:
                sources.check_branch(branch)
        except sources.Refused as e:
            raise PullFailed(e.reason, str(e)) from e

    async def pull(self, name: str, say: Say) -> CoursePublished | None:
        """Publish what is new; return what was told, None if there was nothing new.

        Raises:
            PullFailed: and CourseFailed is told.
        """
        async with self._one_at_a_time[name], self._at_once:
            course = self._registry.get(name)
            if course is None:
                raise PullFailed("unknown", f"there is no course {name}")
            began = time.monotonic()
            try:
                published = await self._published(course, say)
            except PullFailed as e:
                await self._failed(course, e)
                raise
            return await self._told(course, published, time.monotonic() - began, say)

    async def pull_all(self) -> None:
        """Pull all courses that are not archived (G5); what fails is told, the others go on."""
        wanted = [c.course for c in self._registry.all() if not c.archived]
        results = await asyncio.gather(
            *[self.pull(name, lambda _: None) for name in wanted], return_exceptions=True
        )
        for name, result in zip(wanted, results, strict=True):
            if isinstance(result, Exception) and not isinstance(result, PullFailed):
                logger.error("a pull failed", course=name, exc_info=result)

    async def _published(self, course: Course, say: Say) -> Published:
        self.check(course.giturl, course.branch)
        place = self._registry.place(course.course)
        limits = self._limits
        mirror = Mirror(
            place / "mirror.git",
            self._git,
            within=limits.fetch_within,
            max_bytes=limits.max_bytes,
        )
        try:
            commit = await mirror.fetch(course.giturl, course.branch, say)
            if commit != course.commit:
                say(f"publishing {commit[:10]}")
            revisions = Revisions(place, limits.max_bytes)
            return await asyncio.to_thread(revisions.publish, commit)
        except FetchFailed as e:
            raise PullFailed(e.reason, str(e)) from e
        except TooBig as e:
            raise PullFailed("too-big", str(e)) from e
        except OSError as e:
            full = e.errno in (errno.ENOSPC, errno.EDQUOT)
            raise PullFailed("disk-full" if full else "internal", str(e)) from e
        except Exception as e:  # GitPython raises all kinds on objects that are broken
            logger.exception("a commit cannot be read", course=course.course)
            raise PullFailed("unreadable", repr(e)) from e

    async def _told(
        self, course: Course, published: Published, seconds: float, say: Say
    ) -> CoursePublished | None:
        for complaint in published.settings.complaints:
            say(f"warning: {complaint}")
        is_new = published.commit != course.commit
        at = now()
        await self._registry.put(
            msgspec.structs.replace(
                course,
                commit=published.commit,
                notebooks=published.notebooks,
                pulled_at=at,
                published_at=at if is_new else course.published_at,
                failure=None,
                failure_detail="",
                static_mappings=published.settings.static_mappings,
                notebook_url_format=published.settings.notebook_url_format,
            )
        )
        if not is_new:
            return None
        event = CoursePublished(
            course=course.course,
            commit=published.commit,
            notebooks=published.notebooks,
            seconds=seconds,
        )
        await self._bus.tell_surely(event)
        return event

    async def _failed(self, course: Course, failure: PullFailed) -> None:
        detail = str(failure)
        logger.warning("a pull failed", course=course.course, reason=failure.reason, detail=detail)
        await self._registry.put(
            msgspec.structs.replace(
                course, pulled_at=now(), failure=failure.reason, failure_detail=detail
            )
        )
        await self._bus.tell_surely(
            CourseFailed(course=course.course, reason=failure.reason, detail=detail)
        )
