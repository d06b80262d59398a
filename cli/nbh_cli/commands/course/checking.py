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
from nbh_cli.operating import DEFAULT_CONFIG, AsJson, ConfigFile
from nbh_cli.sorry import Sorry
from nbh_proto import CheckCourse, CourseCheck, Problem
from nbh_proto.names import BadName

_COLUMNS = ("level", "where", "key", "what")
_WITHIN = 30.0


def check(
    name: str = "",
    /,
    *,
    folder: Annotated[
        Path | None,
        Parameter(help="Check what is in a folder, such as a checkout, without any service."),
    ] = None,
    json: AsJson = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> int:
    """What is wrong with the published course NAME, or with one in a folder.

    The exit status is 0 if there is no error, 1 if there is one; warnings do not count.
    """
    if bool(name) == (folder is not None):
        raise Sorry("name either a course or a --folder", 2)
    found = _of_folder(folder) if folder else _of_course(name, config)
    if found.error:
        raise Sorry(found.error, 2)
    _show(found, as_json=json)
    return 1 if found.errors else 0


def _of_course(name: str, file: Path) -> CourseCheck:
    try:
        question = CheckCourse(course=name)
    except BadName as e:
        raise Sorry(f"{name!r} is {e}", 2) from e
    config = operating.load(file)

    async def ask() -> CourseCheck:
        async with operating.bus(config) as bus:
            return await bus.ask(question, CourseCheck, within=_WITHIN)

    return asyncio.run(ask())


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


def _show(found: CourseCheck, *, as_json: bool) -> None:
    if as_json:
        output.show(map(msgspec.structs.asdict, found.problems), (), as_json=True, none="")
        return
    output.show(map(_row, found.problems), _COLUMNS, as_json=False, none="Nothing is wrong.")
    left_out = found.errors + found.warnings - len(found.problems)
    if left_out:
        print(f"and {left_out} more")
    print(
        f"{found.notebooks} notebooks at {found.commit[:10] or 'no commit'}: "
        f"{units.counted(found.errors, 'error')}, {units.counted(found.warnings, 'warning')}"
    )


def _row(problem: Problem) -> output.Row:
    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    return {"level": problem.level, "where": where, "key": problem.key, "what": problem.what}
