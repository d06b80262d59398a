"""Has what is in a course's mirror published and indexed, with what the operator says of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from nbh_courses import publishing, settings, submodule_fetching, tree
from nbh_courses.kept import Indexes, digest
from nbh_courses.layout import DOCKERFILES
from nbh_courses.parsing import Parser
from nbh_courses.publishing import Published, Wanted
from nbh_courses.record import Record
from nbh_courses.repositories import FETCHED
from nbh_courses.shelf import Place
from nbh_courses.submodule_fetching import Brought
from nbh_proto import Problem


class _Seen(NamedTuple):
    """An index that is as it should be, and the operator's file when it was made."""

    commit: str
    local: tuple[int, int, int] | None


class Publisher:
    """For any thread, but one at a time for each course; all of it blocks."""

    def __init__(
        self, local: Path, environment: Mapping[str, str], max_bytes: int, parser: Parser
    ) -> None:
        self._local = local
        self.environment = environment
        """What git runs in."""

        self._max_bytes = max_bytes
        self._parser = parser
        self._seen: dict[str, _Seen] = {}

    def publish(self, record: Record, place: Place, brought: Brought) -> tuple[str, Published]:
        """Publish what was fetched last, with what was brought of its submodules.

        Raises:
            CourseError: it cannot be published.
        """
        others = tuple(map(_problem, brought.problems))
        return self._publish(FETCHED, record, place, brought, others)

    def again(self, record: Record, place: Place) -> Record:
        """Make the index of what is published anew, and return what follows from it.

        Raises:
            CourseError: it cannot be read.
        """
        before = Indexes(place.folder).of(record.commit)
        commits = before.submodules if before else ()
        brought = submodule_fetching.found(place, map(bytes.fromhex, commits))
        others = before.others if before else ()
        _, published = self._publish(record.commit, record, place, brought, others)
        return msgspec.structs.replace(
            record,
            static_mappings=published.settings.static_mappings,
            notebook_url_format=published.settings.notebook_url_format,
            problems=published.problems,
        )

    def is_current(self, record: Record, place: Place) -> bool:
        """Whether the index of what is published is the one that would be made now."""
        seen = _Seen(record.commit, _stamp(self._file(record.course)))
        if self._seen.get(record.course) != seen:
            found = Indexes(place.folder).of(record.commit)
            if found is None or found.local != digest(self._said(record.course)):
                return False
            self._seen[record.course] = seen
        return True

    def close(self) -> None:
        """Leave."""
        self._parser.close()

    def _publish(
        self,
        ref: str,
        record: Record,
        place: Place,
        brought: Brought,
        others: tuple[Problem, ...],
    ) -> tuple[str, Published]:
        environment = {**self.environment, **brought.environment}
        with tree.opened(place.mirror, environment) as reader:
            wanted = Wanted(
                course=record.course,
                commit=reader.commit(ref),
                local=self._said(record.course),
                image_is_built=bool(record.own_image) and not self._has_dockerfile(record.course),
                max_bytes=self._max_bytes,
                before=record.commit,
                submodules=brought.commits,
                others=others,
            )
            return wanted.commit, publishing.publish(place, reader, wanted, self._parser)

    def _file(self, course: str) -> Path:
        return self._local / course / settings.FILE

    def _has_dockerfile(self, course: str) -> bool:
        return any((self._local / course / name).is_file() for name in DOCKERFILES)

    def _said(self, course: str) -> bytes | None:
        try:
            with self._file(course).open("rb") as file:
                return file.read(settings.MAX_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None


def _problem(sentence: str) -> Problem:
    file, _, what = sentence.partition(": ")
    return Problem(file=file, what=what)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
