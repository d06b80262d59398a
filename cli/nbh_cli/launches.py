"""What launch links are made of, checked: a notebook's place, a course, a platform that signs."""

import sys
from fnmatch import fnmatchcase

from nbh_cli import operating
from nbh_cli.sorry import Sorry
from nbh_kit import links
from nbh_kit.buckets import Bucket
from nbh_kit.config import BadConfig, Config
from nbh_kit.links import Place, SigningPlatform
from nbh_proto import Course, names


def place(course: str, notebook: str, student: str, *, clone: bool = False) -> Place:
    """Whose copy of which notebook.

    Raises:
        Sorry: nothing can have such a name.
    """
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


def platform(config: Config, wanted: str, course: str) -> SigningPlatform:
    """The platform of that name, or the first, that signs links into the course.

    Raises:
        Sorry: there is none.
    """
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


async def check_course(config: Config, course: str) -> None:
    """Say so if the course does not exist; a system that is down keeps nobody from signing."""
    try:
        async with operating.bus(config) as bus:
            held = await Bucket(bus, Course).get(names.token(course))
    except Sorry as e:
        print(f"nbh: not checked whether the course exists: {e}", file=sys.stderr)
        return
    if held is None:
        raise Sorry(f"there is no course {course}; see `nbh course list`")
