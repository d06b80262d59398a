"""What is wrong with a published course, with what students opened lately."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import msgspec
import structlog

from nbh_courses import disk
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
    """Checks courses when asked, and each revision once after it was published."""

    def __init__(self, bus: Bus, shelf: Shelf) -> None:
        self._bus = bus
        self._shelf = shelf

    async def answer(self, question: CheckCourse) -> CourseCheck:
        """The reply to a question."""
        index = await asyncio.to_thread(self._index, question.course)
        if index is None:
            return CourseCheck(error=f"there is no course {question.course} that is published")
        return outcome(index, await self._links(index))

    async def check_new(self) -> None:
        """Check what was published and not yet checked, and tell what was found."""
        for record in self._shelf.records():
            if record.told and record.told == record.commit and not self._is_checked(record):
                await self._check(record)

    async def _check(self, record: Record) -> None:
        index = await asyncio.to_thread(self._index, record.course)
        if index is None or index.commit != record.commit:
            return
        found = outcome(index, await self._links(index), _MOST_TOLD)
        await self._bus.tell_surely(_told(record, found))
        try:
            await asyncio.to_thread(self._note, record)
        except OSError:  # then it is told once more, under the same id
            logger.exception("a check could not be noted", course=record.course)

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

    def _is_checked(self, record: Record) -> bool:
        try:
            return self._mark(record).read_text() == _about(record)
        except FileNotFoundError:
            return False

    def _note(self, record: Record) -> None:
        place = self._shelf.place(record.course)
        disk.replace_file(self._mark(record), _about(record).encode())
        Indexes(place.folder).forget_all_but(record.commit)

    def _mark(self, record: Record) -> Path:
        return self._shelf.place(record.course).folder / "indexes" / "checked"


def _about(record: Record) -> str:
    assert record.published_at is not None
    return f"{record.commit} {record.published_at.timestamp():.6f}"


def _told(record: Record, found: CourseCheck) -> CourseChecked:
    assert record.published_at is not None
    return CourseChecked(
        id=f"checked-{record.course}-{_about(record).replace(' ', '-')}",
        course=record.course,
        commit=found.commit,
        notebooks=found.notebooks,
        errors=found.errors,
        warnings=found.warnings,
        problems=found.problems,
    )


def _unknown(why: str) -> Problem:
    what = f"what students opened lately is not known: {why}"
    return Problem(file="statistics", what=what, level="warning")
