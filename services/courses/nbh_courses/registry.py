"""What operators do to courses as such: set, rename, delete, give a webhook.

What takes many steps is written down first, as the record's intention. From then on nobody sees
the course: not the router, not the timer. Each step can be done twice, so the next start, or the
same command delivered again, finishes what a crash interrupted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import structlog

from nbh_courses.accounts.accounts import Accounts
from nbh_courses.announcing import Announcer
from nbh_courses.changes import applied
from nbh_courses.failure import CourseError, of_disk
from nbh_courses.git_program import Say
from nbh_courses.hooks.secrets import HookSecrets
from nbh_courses.labs import LabsSeen
from nbh_courses.pulls import Pulls
from nbh_courses.record import Intention, Record
from nbh_courses.shelf import Place, Shelf
from nbh_courses.workspaces import Workspaces
from nbh_proto import (
    CourseDeleted,
    CourseRenamed,
    DeleteCourse,
    MakeHook,
    RenameCourse,
    SetCourse,
    names,
)
from nbh_proto.workspace import CourseClosed, Fate

_MOST_NAMED = 10

logger = structlog.get_logger(__name__)


class Registry:
    """All courses, as they are registered."""

    def __init__(
        self,
        shelf: Shelf,
        pulls: Pulls,
        announcer: Announcer,
        workspaces: Workspaces,
        labs: LabsSeen,
        accounts: Accounts,
        *,
        local: bool,
    ) -> None:
        self._shelf = shelf
        self._pulls = pulls
        self._announcer = announcer
        self._workspaces = workspaces
        self._labs = labs
        self._accounts = accounts
        self._local = local

    async def set(self, command: SetCourse, say: Say) -> str:
        """Change a course's settings, all or none.

        Raises:
            CourseError: there is no such course, or a value cannot be.
        """
        async with self._turns(say, command.course):
            place = self._shelf.place(command.course)
            record = _there(place, command)
            changed = applied(record, command.changes, local=self._local)
            await self._remember(place, changed)
            await self._announcer.announce(changed)
        return f"{command.course} is set" if changed != record else "nothing to change"

    async def make_hook(self, command: MakeHook, secrets: HookSecrets, _say: Say) -> str:
        """Make a course's secret for webhooks; the answer's line.

        Raises:
            CourseError: there is no such course, or no space.
        """
        secret = secrets.make(command.course, asked_by=command.id, anew=command.anew)
        await self._announcer.show_again(command.course)
        return secret

    async def rename(self, command: RenameCourse, say: Say) -> str:
        """Give a course another name, with its folder, its students' files and its overrides.

        Raises:
            CourseError: there is no such course, the name is taken, or labs run.
        """
        old, new = command.course, names.checked_id("course", command.to)
        async with self._turns(say, old, new):
            place = self._shelf.place(new)
            if not _is_by(command, place.record):
                place = self._shelf.place(old)
            record = _there(place, command)
            if record.made_by != command.id:
                if not record.intention:
                    record = await self._intend(place, record, await self._renaming(command))
                await self._carry_out(place, record, say)
        return f"{old} is {new} now; what was told before keeps the name {old} in the statistics"

    async def delete(self, command: DeleteCourse, say: Say) -> str:
        """Forget a course, and remove its students' files if that was asked for.

        Deleting what is not there is done, but for files that students have under its name.

        Raises:
            CourseError: labs run.
        """
        course = command.course
        async with self._turns(say, course):
            place = self._shelf.place(course)
            if _is_older(command, place.record):
                return f"there is no course {course} any more"
            if place.record is None:
                return await self._delete_files_of_nobody(command, say)
            record = _there(place, command)
            if not record.intention:
                record = await self._intend(place, record, await self._deleting(command))
            assert record.intention
            await self._carry_out(place, record, say)
        return _farewell(course, record.intention)

    async def finish(self) -> None:
        """Carry out what was intended when we were last ended."""
        for place, record in self._shelf.unfinished():
            intention = record.intention
            assert intention
            logger.info("finishing", course=record.course, what=intention.what)
            try:
                async with self._turns(_to_nobody, record.course, intention.to):
                    if place.record == record:  # the command may have come again meanwhile
                        await self._carry_out(place, record, _to_nobody)
            except CourseError as e:
                logger.warning("not carried out", course=record.course, why=str(e))

    @asynccontextmanager
    async def _turns(self, say: Say, *courses: str) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for course in sorted(filter(None, set(courses))):  # one order: no two wait crosswise
                if self._pulls.is_busy(course):
                    await say(f"waiting until {course} is pulled")
                await stack.enter_async_context(self._pulls.turn(course))
            yield

    async def _renaming(self, command: RenameCourse) -> Intention:
        old, new = command.course, command.to
        if self._shelf.place(new).folder.exists():
            raise CourseError("name-taken", f"there is a course {new}")
        counts = await self._workspaces.counts()
        if counts[new]:
            raise CourseError(
                "name-taken",
                f"{counts[new]} students have files of an earlier course {new}; "
                f"`nbh course delete {new} --with-students` removes them",
            )
        return Intention("rename", command.id, to=new, workspaces=counts[old])

    async def _deleting(self, command: DeleteCourse) -> Intention:
        return Intention(
            "delete",
            command.id,
            with_students=command.with_students,
            workspaces=await self._workspaces.count(command.course),
        )

    async def _intend(self, place: Place, record: Record, intention: Intention) -> Record:
        if running := self._labs.students(record.course):
            raise _busy(running)
        intended = msgspec.structs.replace(record, intention=intention)
        await self._remember(place, intended)
        return intended

    async def _carry_out(self, place: Place, record: Record, say: Say) -> None:
        intention = record.intention
        assert intention
        if place.folder.name == intention.to:  # all before the move was done already
            await self._moved(place, record, intention)
            return
        await self._announcer.withdraw(record.course)
        closed = await self._workspaces.close(
            record.course, _fate(intention), say, to=intention.to
        )
        if closed != CourseClosed():
            await self._give_up(place, record)
            raise _refused(closed, intention)
        if intention.what == "rename":
            await self._moved(place, record, intention)
        else:
            await self._gone(place, record, intention)

    async def _give_up(self, place: Place, record: Record) -> None:
        as_it_was = msgspec.structs.replace(record, intention=None)
        await self._remember(place, as_it_was)
        await self._announcer.announce(as_it_was)

    async def _moved(self, place: Place, record: Record, intention: Intention) -> None:
        new = await asyncio.to_thread(self._shelf.rename, place, intention.to)
        renamed = CourseRenamed(
            id=f"renamed-{intention.command}", course=record.course, to=intention.to
        )
        await self._announcer.tell(renamed)
        await self._accounts.follow_course(record.course, intention.command, instead=intention.to)
        record = msgspec.structs.replace(
            record, course=intention.to, intention=None, made_by=intention.command
        )
        await self._remember(new, record)
        await self._announcer.announce(record)

    async def _gone(self, place: Place, record: Record, intention: Intention) -> None:
        await self._announcer.tell(
            CourseDeleted(
                id=f"deleted-{intention.command}",
                course=record.course,
                with_students=intention.with_students,
                workspaces=intention.workspaces,
            )
        )
        await self._accounts.follow_course(record.course, intention.command)
        await asyncio.to_thread(self._shelf.remove, place)

    async def _delete_files_of_nobody(self, command: DeleteCourse, say: Say) -> str:
        course = command.course
        students = await self._workspaces.count(course)
        if not students or not command.with_students:
            return f"there is no course {course}" + (_kept(course, students) if students else "")
        closed = await self._workspaces.close(course, "remove", say)
        if closed != CourseClosed():
            raise _refused(closed, None)
        return f"there is no course {course}; the files of {students} students are removed"

    async def _remember(self, place: Place, record: Record) -> None:
        with of_disk():
            await asyncio.to_thread(place.remember, record)


def _there(place: Place, command: SetCourse | RenameCourse | DeleteCourse) -> Record:
    """A course that can be changed, or is being changed by this very command."""
    record = place.record
    if record is None or _is_older(command, record):
        raise CourseError("unknown", f"there is no course {command.course}")
    if record.intention and record.intention.command != command.id:
        doing = "renamed" if record.intention.what == "rename" else "deleted"
        raise CourseError("unknown", f"{command.course} is being {doing}")
    return record


def _is_older(command: SetCourse | RenameCourse | DeleteCourse, record: Record | None) -> bool:
    """Whether a command is about an earlier course of this name: it has come twice."""
    return bool(record and record.created_at and command.at < record.created_at)


def _is_by(command: RenameCourse, record: Record | None) -> bool:
    """Whether this very command has given a course its name, or is about to."""
    if record is None:
        return False
    return command.id in (record.made_by, record.intention and record.intention.command)


def _fate(intention: Intention) -> Fate:
    if intention.what == "rename":
        return "rename"
    return "remove" if intention.with_students else "keep"


def _busy(students: list[str] | tuple[str, ...]) -> CourseError:
    named = ", ".join(students[:_MOST_NAMED])
    more = f" and {len(students) - _MOST_NAMED} more" if len(students) > _MOST_NAMED else ""
    return CourseError("labs-run", f"of {named}{more}; `nbh lab stop` ends one")


def _refused(closed: CourseClosed, intention: Intention | None) -> CourseError:
    if closed.labs:
        return _busy(closed.labs)
    if closed.in_the_way and intention:
        students = ", ".join(closed.in_the_way[:_MOST_NAMED])
        return CourseError("name-taken", f"{students} have files under {intention.to} too")
    return CourseError("internal", f"students' files cannot be moved: {closed.error}")


def _kept(course: str, students: int) -> str:
    remove = f"nbh course delete {course} --with-students"
    return f"; the files of {students} students stay, until `{remove}`"


def _farewell(course: str, intention: Intention) -> str:
    if not intention.workspaces:
        return f"{course} is deleted"
    if intention.with_students:
        return f"{course} is deleted, with the files of {intention.workspaces} students"
    return f"{course} is deleted{_kept(course, intention.workspaces)}"


async def _to_nobody(_line: str) -> None:
    pass
