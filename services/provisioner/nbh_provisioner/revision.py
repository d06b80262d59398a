"""The published revision of a course, as it lies on disk (DESIGN.md, Files on disk)."""

import os
from pathlib import Path
from typing import NamedTuple

import structlog

from nbh_proto import Course
from nbh_provisioner.files.links import Link
from nbh_provisioner.lab_paths import STATIC

logger = structlog.get_logger(__name__)


class Unreadable(Exception):
    """A course has no revision that can be read; ``str()`` is for the operator."""


class Revision(NamedTuple):
    """One commit of a course, never changed once it is there."""

    course: str
    commit: str
    folder: Path
    links: tuple[Link, ...]
    """What stands beside each notebook: only links that lead somewhere."""

    notebooks: Path
    """The originals that students get copies of."""

    @property
    def mirror(self) -> Path:
        """The course's bare repository."""
        return self.folder.parent.parent / "mirror.git"


class Revisions:
    """The current revisions of all courses."""

    def __init__(self, courses: Path) -> None:
        self._courses = courses
        self._last: dict[str, tuple[Course, Revision]] = {}

    def current(self, course: Course) -> Revision:
        """What students of a course get at this instant.

        One link is read for each access, so one access sees one revision.

        Raises:
            Unreadable: nothing is published, or not where it should be.
        """
        current = f"{self._courses}/{course.course}/current"
        try:
            commit = os.path.basename(os.readlink(current))  # noqa: PTH115, PTH119 - the hot path
        except OSError as e:
            raise Unreadable(f"{current}: {e.strerror}") from e
        known = self._last.get(course.course)
        if known and known[0] is course and known[1].commit == commit:
            return known[1]
        revision = _read(course, self._courses / course.course / "revisions" / commit)
        self._last[course.course] = (course, revision)
        return revision


def _read(course: Course, folder: Path) -> Revision:
    if not (folder / "notebooks").is_dir():
        raise Unreadable(f"{folder}: there are no notebooks")
    links = tuple(_links(course, folder / "static"))
    return Revision(course.course, folder.name, folder, links, folder / "notebooks")


def _links(course: Course, static: Path) -> list[Link]:
    links = []
    for source, destination in course.static_mappings:
        if not (_is_below(source) and _is_below(destination)):
            logger.warning("a static mapping leads astray", course=course.course, source=source)
        elif (static / destination).exists():
            links.append(Link(source, f"{STATIC}/{destination}"))
    return links


def _is_below(path: str) -> bool:
    """Whether a path of a course's configuration stays below where it begins."""
    return "\0" not in path and all(p not in ("", ".", "..") for p in path.split("/"))
