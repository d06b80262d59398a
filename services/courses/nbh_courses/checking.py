"""What is wrong with a published course, with what students opened lately."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import msgspec
import structlog

from nbh_courses.indexing import in_order
from nbh_courses.kept import Indexes
from nbh_courses.record import Record
from nbh_courses.shelf import Shelf
from nbh_kit.bus import Bus, BusAway
from nbh_proto import (
    CheckCourse,
    CourseCheck,
    CourseChecked,
    CourseIndex,
    CoursePublished,
    FindNotebooksUsed,
    NotebooksUsed,
    NotebookUsed,
    Problem,
    now,
)
from nbh_proto.names import NOTEBOOK_SUFFIXES

LATELY = timedelta(days=90)
_STATS_SECONDS = 10.0
_MOST = 100
_MOST_TOLD = 50

logger = structlog.get_logger(__name__)


def links(index: CourseIndex, used: Iterable[NotebookUsed]) -> tuple[Problem, ...]:
    """What students opened and could not open any more. Pure.

    One student alone may have opened a file of their own (S6): that is a warning.
    """
    stems = {_stem(notebook.path) for notebook in index.notebooks}
    return tuple(
        Problem(
            file=each.notebook,
            what=_gone(each),
            level="error" if each.students > 1 else "warning",
        )
        for each in used
        if _stem(each.notebook) not in stems
    )


def _gone(used: NotebookUsed) -> str:
    who = f"{used.students} students" if used.students > 1 else "one student (their own file?)"
    return f"is no longer here; last opened on {used.last:%Y-%m-%d}, in 90 days by {who}"


def _stem(path: str) -> str:
    """A bare name opens any suffix, and most links are bare (S6)."""
    return next((path.removesuffix(s) for s in NOTEBOOK_SUFFIXES if path.endswith(s)), path)


def builds(record: Record) -> tuple[Problem, ...]:
    """What could not be built when it was tried last. Pure."""
    tried = (("image", record.image_build), ("documentation", record.docs_build))
    return tuple(
        Problem(file=what, what=f"could not be built of {last.commit[:10]}: {last.why}")
        for what, last in tried
        if last and last.why
    )


def outcome(index: CourseIndex, more: Iterable[Problem], most: int = _MOST) -> CourseCheck:
    """All that is wrong, counted; the first of it listed. Pure."""
    problems = in_order([*index.problems, *more])
    errors = sum(problem.level == "error" for problem in problems)
    return CourseCheck(
        commit=index.commit,
        notebooks=len(index.notebooks),
        errors=errors,
        warnings=len(problems) - errors,
        problems=problems[:most],
    )


class Checks:
    """Checks courses when asked, and each revision after it was published."""

    def __init__(self, bus: Bus, shelf: Shelf) -> None:
        self._bus = bus
        self._shelf = shelf

    async def answer(self, question: CheckCourse) -> CourseCheck:
        """The reply to a question."""
        index = await asyncio.to_thread(self._index, question.course)
        record = self._shelf.place(question.course).record
        if index is None or record is None:
            return CourseCheck(error=f"there is no course {question.course} that is published")
        return outcome(index, [*await self._links(index), *builds(record)])

    async def heard(self, published: CoursePublished) -> None:
        """Tell what is wrong with a revision, if it is still the one that is published."""
        index = await asyncio.to_thread(self._index, published.course)
        if index is None or index.commit != published.commit:
            return
        found = outcome(index, await self._links(index), _MOST_TOLD)
        await self._bus.tell_surely(_told(published, found))
        indexes = Indexes(self._shelf.place(published.course).folder)
        await asyncio.to_thread(indexes.forget_before, published.commit)

    async def _links(self, index: CourseIndex) -> tuple[Problem, ...]:
        question = FindNotebooksUsed(only_course=index.course, since=now() - LATELY)
        try:
            found = await self._bus.ask(question, NotebooksUsed, within=_STATS_SECONDS)
        except (BusAway, msgspec.MsgspecError) as e:
            return (_unknown(str(e)),)
        return (_unknown(found.error),) if found.error else links(index, found.notebooks)

    def _index(self, course: str) -> CourseIndex | None:
        place = self._shelf.place(course)
        record = place.record
        if record is None or record.intention or not record.commit:
            return None
        kept = Indexes(place.folder).of(record.commit)
        return msgspec.structs.replace(kept.index, course=course) if kept else None


def _told(published: CoursePublished, found: CourseCheck) -> CourseChecked:
    return CourseChecked(
        id=f"checked-{published.id}",
        course=published.course,
        commit=found.commit,
        notebooks=found.notebooks,
        errors=found.errors,
        warnings=found.warnings,
        problems=found.problems,
    )


def _unknown(why: str) -> Problem:
    what = f"what students opened lately is not known: {why}"
    return Problem(file="statistics", what=what, level="warning")
