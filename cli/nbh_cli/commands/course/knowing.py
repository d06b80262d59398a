"""What is known of courses: from the buckets, and from the provisioner that has the files."""

import asyncio
from collections import Counter
from collections.abc import Sequence, Set
from datetime import datetime
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from nbh_cli import operating, patterns
from nbh_cli.sorry import Sorry
from nbh_kit.bus import Bus, BusAway
from nbh_kit.config import Config
from nbh_proto import CountWorkspaces, Course, FindImages, ImagesFound, Lab
from nbh_proto.workspace import WorkspacesCounted

_COUNTED_WITHIN = 5.0
_DO_NOT_RUN = ("failed", "pooled")

Words = Annotated[str, Parameter(help="Names, patterns with * or ?, parts of names.", negative="")]
"""How a person says which courses."""


class Known(NamedTuple):
    """One course, as an operator looks at it."""

    course: Course
    labs: tuple[Lab, ...]
    """Those that run, of students."""

    students: int | None
    """How many have a workspace; None if nobody says."""

    image_made: datetime | None = None
    """Since when the image of its labs exists; None if it does not, or nobody says."""

    image_is_missing: bool = False
    """Certainly."""


async def courses(bus: Bus, words: Sequence[str]) -> list[Course]:
    """The courses that the words mean, by name.

    Raises:
        Sorry: a word means none.
    """
    held = (await operating.all_of(bus, Course)).values()
    known = {one.value.course: one.value for one in held}
    for word in words:
        if not patterns.meant(known, [word]):
            raise Sorry(f"unknown: no course is called {word!r}, nor does any name match it")
    return [known[name] for name in patterns.meant(known, words)]


async def all_about(bus: Bus, config: Config, words: Sequence[str]) -> list[Known]:
    """The courses that the words mean, with their labs and their students."""
    wanted = await courses(bus, words)
    labs = [held.value for held in (await operating.all_of(bus, Lab)).values()]
    if not wanted:
        return []
    students, images = await asyncio.gather(
        _students(bus, config), _images(bus, config, {course.image for course in wanted})
    )
    return [
        Known(
            course,
            tuple(lab for lab in labs if _runs_in(lab, course)),
            None if students is None else students[course.course],
            None if images is None else images.get(course.image),
            images is not None and course.image not in images,
        )
        for course in wanted
    ]


def _runs_in(lab: Lab, course: Course) -> bool:
    return lab.course == course.course and lab.state not in _DO_NOT_RUN


async def _students(bus: Bus, config: Config) -> Counter[str] | None:
    question = CountWorkspaces(node=config.provisioner.node)
    try:
        counted = await bus.ask(question, WorkspacesCounted, within=_COUNTED_WITHIN)
    except BusAway:
        return None
    return Counter(counted.students)


async def _images(bus: Bus, config: Config, names: Set[str]) -> dict[str, datetime] | None:
    """When the images that are there were made; None if nobody knows."""
    question = FindImages(node=config.provisioner.node, images=tuple(sorted(names)))
    try:
        found = await bus.ask(question, ImagesFound, within=_COUNTED_WITHIN)
    except BusAway:
        return None
    return None if found.error else found.made
