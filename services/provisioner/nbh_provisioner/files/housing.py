"""All workspaces of one course at once: counted, moved with its name, taken away.

``students/<student>`` is ours and closed, so no student can plant anything at this level; what is
below a workspace is theirs, and is only entered to be removed, by open folders.
"""

import errno
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbh_provisioner.files import atomic
from nbh_provisioner.files.beneath import folder

_REMOVED = ".removed"
"""Where workspaces wait to be removed; no student is called so."""

_SETTLES_NS = 1_000_000_000
"""A folder that has just changed may change again under the same time: it is listed again."""

_NOTHING = (FileNotFoundError, NotADirectoryError)


class Housing:
    """The folder of all students. The callers see to it that nobody opens the course meanwhile."""

    def __init__(self, students: Path) -> None:
        self._students = students
        self._seen: dict[str, tuple[int, tuple[str, ...]]] = {}
        """The courses of each student, and the instant at which their folder last changed."""

    def counted(self) -> dict[str, int]:
        """How many students have a workspace in each course; blocking."""
        counts: Counter[str] = Counter()
        settled = time.time_ns() - _SETTLES_NS
        seen: dict[str, tuple[int, tuple[str, ...]]] = {}
        for entry in self._entries():
            try:
                changed, courses = self._courses(entry)
            except _NOTHING:
                continue
            counts.update(courses)
            if changed < settled:
                seen[entry.name] = changed, courses
        self._seen = seen
        return dict(counts)

    def of_both(self, course: str, other: str) -> list[str]:
        """The students who have a workspace in both courses."""
        return [
            student
            for student in self._names()
            if self._has(student, course) and self._has(student, other)
        ]

    def rename(self, course: str, to: str) -> None:
        """Have all workspaces of a course be another's; done again, what is left is done.

        Raises:
            OSError: the kernel refuses one; those before it are as they were.
        """
        moved: list[str] = []
        try:
            for student in self._names():
                if self._renamed(student, course, to):
                    moved.append(student)
        except OSError:
            for student in moved:
                self._renamed(student, to, course)
            raise
        finally:
            self._synced()

    def remove(self, course: str) -> None:
        """Take all workspaces of a course out of reach; `sweep` frees their space.

        Raises:
            OSError: the kernel refuses one; done again, what is left is done.
        """
        with self._opened() as students:
            _make_sure_of(students, _REMOVED)
            with folder(students, _REMOVED) as removed:
                for student in self._names():
                    self._take_away(students, student, course, removed)
        self._synced()

    def forget(self, student: str) -> tuple[str, ...]:
        """Take all files of a student out of reach, and say in which courses they had some;
        `sweep` frees their space.

        Raises:
            OSError: the kernel refuses it; nothing is done then.
        """
        with self._opened() as students:
            _make_sure_of(students, _REMOVED)
            try:
                with (
                    folder(students, student, mounts=True) as theirs,
                    os.scandir(theirs) as entries,
                ):
                    courses = tuple(sorted(e.name for e in entries if e.name[0] != "."))
                with folder(students, _REMOVED) as removed:
                    atomic.rename_new(students, student, removed, secrets.token_hex(8))
            except _NOTHING:
                return ()
        self._synced()
        return courses

    def sweep(self) -> None:
        """Remove for good what was taken away, now or before a crash."""
        # rmtree goes by open folders, follows no link (shutil.rmtree.avoids_symlink_attacks)
        shutil.rmtree(self._students / _REMOVED, ignore_errors=True)

    def _courses(self, entry: "os.DirEntry[str]") -> tuple[int, tuple[str, ...]]:
        # A folder whose time stands has the entries it had: a look costs a third of a listing.
        changed = entry.stat(follow_symlinks=False).st_mtime_ns
        known = self._seen.get(entry.name)
        if known and known[0] == changed:
            return known
        with os.scandir(entry.path) as courses:
            return changed, tuple(c.name for c in courses if c.name[0] != "." and _is_folder(c))

    def _entries(self) -> Iterator["os.DirEntry[str]"]:
        try:
            with os.scandir(self._students) as entries:
                yield from (e for e in entries if e.name[0] != "." and _is_folder(e))
        except FileNotFoundError:
            return

    def _names(self) -> list[str]:
        return sorted(entry.name for entry in self._entries())

    def _has(self, student: str, course: str) -> bool:
        return (self._students / student / course).is_dir()

    def _renamed(self, student: str, course: str, to: str) -> bool:
        with self._opened() as students:
            try:
                with folder(students, student, mounts=True) as theirs:
                    atomic.rename_new(theirs, course, theirs, to)
            except _NOTHING:
                return False
        return True

    def _take_away(self, students: int, student: str, course: str, removed: int) -> None:
        try:
            with folder(students, student, mounts=True) as theirs:
                atomic.rename_new(theirs, course, removed, secrets.token_hex(8))
        except _NOTHING:
            return

    def _synced(self) -> None:
        with self._opened() as students:
            atomic.sync_file_system(students)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        self._students.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._students, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    return entry.is_dir(follow_symlinks=False)


def _make_sure_of(students: int, name: str) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=students)
    except OSError as e:
        if e.errno != errno.EEXIST:
            raise
