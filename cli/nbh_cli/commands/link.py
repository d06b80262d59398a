"""`nbh link`: signs a launch URL as a platform would."""

import asyncio
import time
from datetime import timedelta
from typing import Annotated

from cyclopts import Parameter

from nbh_cli import launches, operating
from nbh_cli.operating import DEFAULT_CONFIG, ConfigFile, CourseName, StudentName
from nbh_cli.sorry import Sorry
from nbh_kit import links
from nbh_kit.links import Link

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
        place=launches.place(course, notebook, student, clone=clone),
        action="undo" if undo else "reset" if reset else "open",
        platform=(chosen := launches.platform(settings, platform, course)).name,
        expires=int(time.time() + expires.total_seconds()),
    )
    asyncio.run(launches.check_course(settings, course))
    print(settings.origins.content + links.sign(signed, chosen.keys[0]))
