"""What operators ask for: create, pull. Each answer goes to who asked, line by line."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from nbh_courses.git_program import Say
from nbh_courses.pulling import PullFailed, Pulling
from nbh_courses.registry import Registry
from nbh_kit.bus import Bus
from nbh_proto import (
    Command,
    CommandDone,
    CommandFailed,
    CommandProgress,
    Course,
    CoursePublished,
    CreateCourse,
    PullCourse,
    now,
)
from nbh_proto.streams import PATIENCE


class Commands:
    """Carries commands out; one that comes twice does no more than once."""

    def __init__(self, registry: Registry, pulling: Pulling, bus: Bus, image: str) -> None:
        """Take what they need; ``image`` is the site's default."""
        self._registry = registry
        self._pulling = pulling
        self._bus = bus
        self._image = image

    async def handle(self, command: CreateCourse | PullCourse) -> None:
        """Carry a command out and tell who asked."""
        try:
            async with self._saying(command) as say:
                done = await self._carried_out(command, say)
        except PullFailed as e:
            failed = CommandFailed(about=command.id, reason=e.reason, detail=str(e))
            await self._bus.answer(command.answer_to, failed)
        else:
            await self._bus.answer(command.answer_to, CommandDone(about=command.id, line=done))

    async def _carried_out(self, command: CreateCourse | PullCourse, say: Say) -> str:
        if now() - command.at > PATIENCE:
            raise PullFailed("internal", "nobody could take this in ten minutes")
        if isinstance(command, CreateCourse):
            await self._create(command)
        published = await self._pulling.pull(command.course, say)
        return _summary(published)

    async def _create(self, command: CreateCourse) -> None:
        there = self._registry.get(command.course)
        wanted = (command.giturl, command.branch)
        # The same wish again: the first was interrupted, or its repository was not there yet.
        if there and ((there.giturl, there.branch) != wanted or there.commit):
            raise PullFailed("exists", f"there is a course {command.course} already")
        self._pulling.check(command.giturl, command.branch)
        await self._registry.put(
            Course(
                course=command.course,
                giturl=command.giturl,
                branch=command.branch,
                image=command.image or self._image,
            )
        )

    @asynccontextmanager
    async def _saying(self, command: Command) -> AsyncGenerator[Say]:
        """Pass lines on in their order, without making who says them wait."""
        lines: asyncio.Queue[str | None] = asyncio.Queue()

        async def pass_on() -> None:
            while (line := await lines.get()) is not None:
                progress = CommandProgress(about=command.id, line=line)
                await self._bus.answer(command.answer_to, progress)

        passing = asyncio.create_task(pass_on())
        try:
            yield lines.put_nowait
        finally:
            lines.put_nowait(None)
            with contextlib.suppress(asyncio.CancelledError):
                await passing


def _summary(published: CoursePublished | None) -> str:
    if published is None:
        return "nothing new"
    return f"published {published.commit[:10]}: {published.notebooks} notebooks"
