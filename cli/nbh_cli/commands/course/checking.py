"""`nbh course check`: what is wrong with a course, before its students find it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from nbh_cli import operating, output, units
from nbh_cli.commands.course import knowing
from nbh_cli.commands.course.knowing import Words
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_kit.config import Config
from nbh_proto import CheckCourse, CourseCheck, Problem

_COLUMNS = ("level", "where", "key", "what")
_WITHIN = 30.0
_AT_ONCE = 8


def check(
    *words: Words,
    all_: Annotated[
        bool, Parameter(name="--all", negative="", help="Every course that is not archived.")
    ] = False,
    folder: Annotated[
        Path | None,
        Parameter(help="Check what is in a folder, such as a checkout, without any service."),
    ] = None,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """What is wrong with the published courses that WORDS mean, or with one in a folder.

    The exit status is 0 if there is no error, 1 if there is one; warnings do not count.
    """
    if bool(words or all_) == (folder is not None):
        raise Sorry("name a course, say --all, or name a --folder", 2)
    if folder:
        return _told({"": _of_folder(folder)}, as_json=json)
    return _told(asyncio.run(_of_courses(words, operating.load(config))), as_json=json)


async def _of_courses(words: tuple[str, ...], config: Config) -> dict[str, CourseCheck]:
    async with operating.bus(config) as bus:
        meant = await knowing.courses(bus, words)
        names = [course.course for course in meant if words or not course.archived]
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(name: str) -> CourseCheck:
            async with places:
                return await bus.ask(CheckCourse(course=name), CourseCheck, within=_WITHIN)

        return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))


def _of_folder(folder: Path) -> CourseCheck:
    if not folder.is_dir():
        raise Sorry(f"{folder} is no folder", 2)
    # The service's own program: nbh does not import what is the services'.
    done = subprocess.run(
        [sys.executable, "-m", "nbh_courses.check", os.fspath(folder.resolve())],
        stdout=subprocess.PIPE,
        check=False,
    )
    try:
        return msgspec.json.decode(done.stdout, type=CourseCheck)
    except msgspec.MsgspecError as e:
        raise Sorry("the folder could not be checked; is nbh-courses installed?", 2) from e


def _told(found: dict[str, CourseCheck], *, as_json: bool) -> int:
    """Print what was found, by course; the exit status."""
    several = len(found) > 1
    for course, one in found.items():
        if one.error and not several:
            raise Sorry(one.error, 2)
        if as_json:
            more = {"course": course} if several else {}
            rows = (more | msgspec.structs.asdict(problem) for problem in one.problems)
            output.show(rows, (), as_json=True, none="")
        else:
            _show(course if several else "", one)
    return 1 if any(one.errors or one.error for one in found.values()) else 0


def _show(course: str, found: CourseCheck) -> None:
    if found.error:
        print(output.bold(course), found.error, "", sep="\n")
        return
    if course:
        print(output.bold(course))
    output.show(map(_row, found.problems), _COLUMNS, as_json=False, none="Nothing is wrong.")
    left_out = found.errors + found.warnings - len(found.problems)
    if left_out:
        print(f"and {left_out} more")
    print(
        f"{units.counted(found.notebooks, 'notebook')} at {found.commit[:10] or 'no commit'}: "
        f"{units.counted(found.errors, 'error')}, {units.counted(found.warnings, 'warning')}"
    )
    if course:
        print()


def _row(problem: Problem) -> output.Row:
    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    return {"level": problem.level, "where": where, "key": problem.key, "what": problem.what}
