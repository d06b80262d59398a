"""Carries a plan out: each part is asked of the service that owns it, and what came of it noted.

Students' files come first: a course that opens has its students' work.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from nbh_cli import carrying_out, operating, units
from nbh_cli.commands.stats import importing
from nbh_cli.original.plan import Plan
from nbh_cli.original.report import Report
from nbh_cli.sorry import Sorry
from nbh_cli.units import counted
from nbh_kit import commanding
from nbh_kit.bus import Bus, BusAway
from nbh_kit.config import Config
from nbh_proto import (
    CommandFailed,
    CommandProgress,
    CountWorkspaces,
    Course,
    CreateCourse,
    TakeWorkspace,
    WorkspaceTaken,
)
from nbh_proto.course import CommandAnswer
from nbh_proto.moving import TakeAnswer
from nbh_proto.stats import ImportLines, LinesImported
from nbh_proto.workspace import WorkspacesCounted

_AT_ONCE = 2
"""As many as the provisioner takes at once: a command that waits too long is given up."""

_WITHIN = 24 * 3600.0
_TABLES_WITHIN = 60
"""Seconds for which the stats service is waited for."""

_MOST_LINES = 20
"""So many unreadable lines of one file are told by their numbers."""

_THERE_WITHIN = 10.0
_SAID_EVERY = 100

Say = Callable[[str], None]
"""Hears one line about what is going on."""


async def carry_out(bus: Bus, config: Config, plan: Plan, say: Say) -> Report:
    """Take everything over that the plan has.

    Raises:
        Sorry: a service that is needed does not answer; what was taken until then stays so.
    """
    report = Report(plan.not_taken)
    await _check_that_somebody_takes(bus, config)
    _overrides(config, plan, report)
    await _Workspaces(bus, config, plan, report).take(say)
    await _courses(bus, plan, report, say)
    await _statistics(bus, plan, report, say)
    return report


async def _check_that_somebody_takes(bus: Bus, config: Config) -> None:
    question = CountWorkspaces(node=config.provisioner.node)
    try:
        await bus.ask(question, WorkspacesCounted, within=_THERE_WITHIN)
    except BusAway as e:
        raise Sorry(f"the provisioner, which owns students' files, does not answer: {e}") from e


def _overrides(config: Config, plan: Plan, report: Report) -> None:
    """The operator's own files are for the operator to put there."""
    for course, file in plan.overrides:
        below = Path(course, file.relative_to(plan.local / course))
        target = config.site.data / "local" / below
        try:
            how = _override(file, target)
        except OSError as e:
            report.leave(str(file), e.strerror or str(e), f"copy it to {target}")
            continue
        if how:
            report.take(f"local/{below}", how)
        else:
            report.leave(str(file), f"{target} is another one", "compare them")


def _override(file: Path, target: Path) -> str:
    if target.exists():
        return "there already" if target.read_bytes() == file.read_bytes() else ""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    target.chmod(0o644)
    return "copied"


class _Workspaces:
    """Those of all students, a few at once."""

    def __init__(self, bus: Bus, config: Config, plan: Plan, report: Report) -> None:
        self._bus = bus
        self._node = config.provisioner.node
        self._plan = plan
        self._report = report
        self._sums: dict[str, _Sum] = {}

    async def take(self, say: Say) -> None:
        waiting = iter(self._plan.workspaces)
        total, done = len(self._plan.workspaces), 0

        async def work() -> None:
            nonlocal done
            for student, course in waiting:
                await self._one(student, course)
                done += 1
                if done % _SAID_EVERY == 0:
                    say(f"workspaces: {done} of {total}")

        workers = [asyncio.create_task(work()) for _ in range(_AT_ONCE)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        for course, sum_ in sorted(self._sums.items()):
            self._report.take(f"students' files of {course}", sum_.said())

    async def _one(self, student: str, course: str) -> None:
        students = str(self._plan.students)
        command = TakeWorkspace(node=self._node, course=course, student=student, students=students)
        try:
            answer = await commanding.carried_out(self._bus, command, TakeAnswer, within=_WITHIN)
        except (BusAway, TimeoutError) as e:
            raise Sorry(f"students/{student}/{course}: {e!r}; import again to go on") from e
        match answer:
            case WorkspaceTaken():
                self._note(student, course, answer)
            case CommandFailed(reason="unseen", detail=detail):
                raise Sorry(detail)
            case CommandFailed(reason=reason, detail=detail):
                what = f"students/{student}/{course}"
                self._report.leave(what, f"{reason}: {detail}", _AT_WORK.get(reason, _AGAIN))

    def _note(self, student: str, course: str, taken: WorkspaceTaken) -> None:
        self._sums.setdefault(course, _Sum()).add(taken)
        where = f"students/{student}/{course}"
        for name in taken.beside:
            self._report.take(
                f"{where}/{name}", "the file was changed here too: this is the old one, beside it"
            )
        for each in taken.left_out:
            self._report.leave(f"{where}/{each.path}", each.why, "its student can do without it")
        if taken.left_out_more:
            what = f"{where}: {counted(taken.left_out_more, 'more file')}"
            self._report.leave(what, "as those before", "as those before")


class _Sum:
    """What came of the workspaces of a course."""

    def __init__(self) -> None:
        self._students = self._copied = self._known = self._size = 0

    def add(self, taken: WorkspaceTaken) -> None:
        self._students += 1
        self._copied += taken.copied
        self._known += taken.known
        self._size += taken.size

    def said(self) -> str:
        size = units.sized(self._size)
        return (
            f"{counted(self._students, 'student')}: {counted(self._copied, 'file')} copied "
            f"({size}), {self._known} taken before"
        )


_AGAIN = "mend what it says and import again"
_AT_WORK = {
    "disk-full": "make room, then import again: it goes on where it ended",
    "workspace-full": "give the course more with `nbh course set … --disk`, then import again",
    "expired": "import again",
}


async def _courses(bus: Bus, plan: Plan, report: Report, say: Say) -> None:
    held = (await operating.all_of(bus, Course)).values()
    there = {one.value.course: one.value for one in held}
    for command in plan.courses:
        if known := there.get(command.course):
            _note_known(command, known, report)
        else:
            await _create(bus, command, report, say)
    for course in plan.builds:
        report.leave(
            f"image of course {course}",
            "images are built here, of the course's Dockerfile",
            f"`nbh course build {course}`",
        )
    for course in plan.documented:
        report.leave(
            f"documentation of course {course}",
            "it is built here, at each push",
            f"`nbh course build-docs {course}` builds it now",
        )


def _note_known(command: CreateCourse, known: Course, report: Report) -> None:
    what = f"course {command.course}"
    if known.giturl == command.giturl:
        report.take(what, "there already; its settings stay as they are here")
    else:
        why = f"here it is another one, of {known.giturl}"
        report.leave(what, why, f"`nbh course set {command.course} --url …` if that is wrong")


async def _create(bus: Bus, command: CreateCourse, report: Report, say: Say) -> None:
    def hear(answer: CommandAnswer) -> None:
        if isinstance(answer, CommandProgress):
            say(f"{command.course}: {answer.line}")

    what = f"course {command.course}"
    try:
        last = await carrying_out.outcome(bus, command, hear)
    except TimeoutError as e:
        raise Sorry("nobody makes courses; does the service courses run?") from e
    if isinstance(last, CommandFailed):
        report.leave(what, carrying_out.why(last), _advice(command, last))
    else:
        report.take(what, last.line)


def _advice(command: CreateCourse, failed: CommandFailed) -> str:
    again = f"`nbh course create {command.course} URL`, then `nbh course set`"
    match failed.reason:
        case "url-refused" | "unreachable" | "authentication" | "no-branch":
            return (
                "if its last state is in courses-git there, push that to a forge that answers, "
                f"mend the URL or the key, and import again; or {again}"
            )
        case _:
            return f"import again when that is mended, or {again}"


async def _statistics(bus: Bus, plan: Plan, report: Report, say: Say) -> None:
    if plan.statistics:
        await _until_they_are_kept(bus, say)
    for course, file in plan.statistics:
        name = f"raw/{course}/{file.name}"
        say(f"{course}: {file.name}")
        try:
            total = await importing.handed_over(bus, file, course)
        except Sorry as e:
            report.leave(name, str(e), "import again when that is mended")
            continue
        report.take(name, importing.said(total))
        _note_unreadable(name, total, report)


async def _until_they_are_kept(bus: Bus, say: Say) -> None:
    """A system that has just started makes its tables first; nobody is waited for for ever."""
    nothing = ImportLines(file="events", first=1, lines=())
    for number in range(_TABLES_WITHIN):
        try:
            await bus.ask(nothing, LinesImported)
            return
        except BusAway:
            if number == 0:
                say("waiting for the stats service")
            await asyncio.sleep(1)


def _note_unreadable(name: str, total: LinesImported, report: Report) -> None:
    for each in total.unreadable[:_MOST_LINES]:
        advice = "it counts for nothing; mend the line and import again if it should"
        report.leave(f"{name}:{each.line}", each.why, advice)
    if (more := len(total.unreadable) - _MOST_LINES) > 0:
        report.leave(f"{name}: {counted(more, 'more line')}", "as those before", "as those before")
