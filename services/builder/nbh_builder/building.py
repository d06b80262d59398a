"""Carries out what courses asks for: one build at a time, told from its start to its end."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import structlog

from nbh_builder.failure import BuildError
from nbh_builder.job import Job, Jobs
from nbh_builder.saying import Logs, Saying
from nbh_kit.bus import Bus
from nbh_proto import (
    BuildDocs,
    BuildFinished,
    BuildImage,
    BuildStarted,
    CommandDone,
    CommandFailed,
    CommandProgress,
    ImageBuilt,
    now,
)
from nbh_proto.build import Outcome, What
from nbh_proto.streams import PATIENCE

logger = structlog.get_logger(__name__)

Asked = BuildImage | BuildDocs


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How a build ended well."""

    line: str = ""
    """For who asked."""

    image: ImageBuilt | None = None
    """Instead: courses hears it, has new labs get the image, and answers who asked."""


C_contra = TypeVar("C_contra", contravariant=True)


class Recipe(Protocol[C_contra]):
    """How one kind of thing is built."""

    async def build(self, command: C_contra, job: Job, say: Saying) -> Done:
        """Build it.

        Raises:
            BuildError: nothing was built.
        """


class Recipes(NamedTuple):
    """How everything is built."""

    image: Recipe[BuildImage]
    docs: Recipe[BuildDocs]

    async def build(self, command: Asked, job: Job, say: Saying) -> Done:
        """Build what is asked for.

        Raises:
            BuildError: nothing was built.
        """
        if isinstance(command, BuildImage):
            return await self.image.build(command, job, say)
        return await self.docs.build(command, job, say)


class Building:
    """Builds for one node."""

    def __init__(self, bus: Bus, recipes: Recipes, logs: Logs, taken: Path) -> None:
        self._bus = bus
        self._recipes = recipes
        self._logs = logs
        self._taken = taken
        self.jobs = Jobs()

    async def handle(self, command: Asked) -> None:
        """Build, unless it came too late. It may come again: then what is done is found done."""
        mark = self._taken / key_of(command.id)
        if not _in_time(command, mark):
            late = f"nobody could begin it within {PATIENCE.total_seconds() / 60:.0f} minutes"
            await self._tell_failure(command, BuildError("expired", late), 0.0)
            return
        with self.jobs.job(command.course) as job, self._heart_beating(command):
            if self.jobs.turn.locked():
                await self._say(command, "another build runs; this one waits for its turn")
            async with self.jobs.turn:
                await self._in_turn(command, job)
        mark.unlink(missing_ok=True)

    async def _in_turn(self, command: Asked, job: Job) -> None:
        began = time.monotonic()
        try:
            done = await self._build(command, job)
        except BuildError as e:
            await self._tell_failure(command, e, time.monotonic() - began)
        except Exception as e:  # whoever waits gets an answer, whatever went wrong
            logger.exception("a build failed", course=command.course)
            why = BuildError("internal", f"{type(e).__name__}: see the builder's log")
            await self._tell_failure(command, why, time.monotonic() - began)
        else:
            await self._tell(command, done, time.monotonic() - began)

    async def _build(self, command: Asked, job: Job) -> Done:
        what = _what(command)
        job.check()
        started = BuildStarted(
            id=f"started-{command.id}",
            course=command.course,
            node=command.node,
            what=what,
            commit=command.commit,
        )
        await self._bus.tell_surely(started)
        file = self._logs.file(command.course, what)
        with Saying(file, partial(self._say, command)) as say:
            try:
                return await self._recipes.build(command, job, say)
            except BuildError as e:
                await say(f"! {e}")
                raise

    @contextmanager
    def _heart_beating(self, command: Asked) -> Iterator[None]:
        """Who asked hears that it goes on, also while it has nothing to say."""

        async def beat() -> None:
            for minutes in itertools.count(1):
                await asyncio.sleep(60)
                await self._say(command, f"… {minutes} min")

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()

    async def _say(self, command: Asked, line: str) -> None:
        await self._bus.answer(command.answer_to, CommandProgress(about=command.id, line=line))

    async def _tell(self, command: Asked, done: Done, seconds: float) -> None:
        if done.image:
            image = msgspec.structs.replace(done.image, seconds=round(seconds, 3))
            await self._bus.tell_surely(image)
        await self._bus.tell_surely(_finished(command, None, seconds))
        if not done.image:
            await self._bus.answer(
                command.answer_to, CommandDone(about=command.id, line=done.line)
            )

    async def _tell_failure(self, command: Asked, why: BuildError, seconds: float) -> None:
        await self._bus.tell_surely(_finished(command, why, seconds))
        failed = CommandFailed(about=command.id, reason=why.reason, detail=why.detail)
        await self._bus.answer(command.answer_to, failed)


def key_of(id_: str) -> str:
    """A message's id as a name of a file: whoever sends it may have put anything there."""
    return hashlib.sha256(id_.encode()).hexdigest()[:32]


def _in_time(command: Asked, mark: Path) -> bool:
    """Whether it is in time, or was when it came first: we may have been killed since."""
    if not mark.exists():
        if now() - command.at > PATIENCE:
            return False
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return True


def _what(command: Asked) -> What:
    return "image" if isinstance(command, BuildImage) else "docs"


def _finished(command: Asked, why: BuildError | None, seconds: float) -> BuildFinished:
    return BuildFinished(
        id=f"finished-{command.id}",
        course=command.course,
        node=command.node,
        what=_what(command),
        commit=command.commit,
        outcome=_outcome(why),
        reason=why.reason if why else None,
        detail=why.detail if why else "",
        seconds=round(seconds, 3),
    )


def _outcome(why: BuildError | None) -> Outcome:
    if why is None:
        return "done"
    return "cancelled" if why.reason == "cancelled" else "failed"
