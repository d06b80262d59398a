"""Where a course's documentation can be read (G18, G19). Pure."""

from collections.abc import Iterator
from urllib.parse import quote

from nbh_proto import Course, CourseIndex
from nbh_proto.index import Build


def addresses(index: CourseIndex, share: str) -> dict[str, str]:
    """By the id of each build: the latest on the share origin, or elsewhere if none is built."""
    return {build.id: _address(index.course, build, share) for build in index.builds}


def sentences(index: CourseIndex, course: Course, share: str) -> Iterator[str]:
    """A line for each build, for people."""
    known = addresses(index, share)
    for build in index.builds:
        is_there = not build.script or course.docs_build
        yet = "" if is_there else f" once `nbh course build-docs {course.course}` has built it"
        yield f"{build.name} ({build.id}): {known[build.id]}{yet}"


def _address(course: str, build: Build, share: str) -> str:
    if not build.script:
        return build.external_url
    return f"{share}/builds/{course}/{build.id}/latest/{quote(build.entry_point)}"
