"""`nbh link`: signs a launch URL as a platform would."""

import asyncio
import sys
import time
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import operating
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, CourseName, StudentName
from nbh_cli.sorry import Sorry
from nbh_kit import links
from nbh_kit.buckets import Bucket
from nbh_kit.config import BadConfig, Config
from nbh_kit.links import Link, Place, SigningPlatform
from nbh_proto import Course, names

_LONGEST = timedelta(seconds=links.REUSABLE_SECONDS)


def link(
    course: CourseName,
    notebook: Annotated[str, Parameter(help="Its path in the course, with or without ending.")],
    student: StudentName,
    /,
    *,
    platform: Annotated[str, Parameter(help="Default: the first that signs.")] = "",
    expires: Annotated[timedelta, Parameter(help="From now on, like 45m or 2h.")] = timedelta(
        hours=1
    ),
    reset: Annotated[bool, Parameter(negative="", help="The course's original again.")] = False,
    undo: Annotated[bool, Parameter(negative="", help="What the last reset kept.")] = False,
    clone: Annotated[bool, Parameter(negative="", help="A git clone of the course.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Print a signed link that opens NOTEBOOK of COURSE for STUDENT."""
    settings = operating.load(config)
    if not timedelta(0) < expires <= _LONGEST:
        raise Sorry(f"a link lives at most {_LONGEST}", 2)
    if reset and undo:
        raise Sorry("either --reset or --undo", 2)
    signed = Link(
        place=_place(course, notebook, student, clone=clone),
        action="undo" if undo else "reset" if reset else "open",
        platform=(chosen := _platform(settings, platform, course)).name,
        expires=int(time.time() + expires.total_seconds()),
    )
    asyncio.run(_check_course(settings, course))
    print(settings.origins.content + links.sign(signed, chosen.keys[0]))


def _place(course: str, notebook: str, student: str, *, clone: bool) -> Place:
    try:
        return Place(
            workspace="git" if clone else "copy",
            course=course,
            notebook=names.notebook(notebook),
            student=student,
        )
    except names.BadName as e:
        given = {"course": course, "notebook": notebook, "student": student}
        raise Sorry(f"{given[e.kind]!r} is {e}", 2) from e


def _platform(config: Config, wanted: str, course: str) -> SigningPlatform:
    try:
        all_ = links.signing_platforms(config.platform)
    except BadConfig as e:
        raise Sorry(str(e), 2) from e
    if not all_:
        raise Sorry("the configuration names no platform that signs: see [[platform]]", 2)
    if wanted not in ("", *all_):
        raise Sorry(f"no platform {wanted!r} signs; there is {', '.join(all_)}", 2)
    chosen = all_[wanted] if wanted else next(iter(all_.values()))
    if not any(fnmatchcase(course, pattern) for pattern in chosen.courses):
        raise Sorry(f"the platform {chosen.name} may not open the course {course}")
    return chosen


async def _check_course(config: Config, course: str) -> None:
    """Say so if the course does not exist; a system that is down keeps nobody from signing."""
    try:
        async with operating.bus(config) as bus:
            held = await Bucket(bus, Course).get(names.token(course))
    except Sorry as e:
        print(f"nbh: not checked whether the course exists: {e}", file=sys.stderr)
        return
    if held is None:
        raise Sorry(f"there is no course {course}; see `nbh course list`")
