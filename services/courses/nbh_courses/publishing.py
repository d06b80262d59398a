"""Makes a revision of a commit: read from the mirror, written whole, read-only from then on."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from nbh_courses import describing, disk, indexing, kept
from nbh_courses.describing import Described
from nbh_courses.failure import CourseError, of_disk
from nbh_courses.indexing import Titles
from nbh_courses.kept import Indexes, Kept
from nbh_courses.layout import AREAS, Plan, printable
from nbh_courses.nodes import File
from nbh_courses.parsing import Parser
from nbh_courses.settings import Settings
from nbh_courses.shelf import Place
from nbh_courses.tree import Reader
from nbh_proto import CourseIndex, Problem

_LFS = b"version https://git-lfs.github.com/spec/"
_LONGEST_POINTER = 1024
_MOST_PROBLEMS = 20


class Wanted(NamedTuple):
    """What is to be published, and what the site says about it."""

    course: str
    commit: str
    local: bytes | None
    """The operator's own layer of the course's settings (G7)."""

    image_is_built: bool
    """The course's image was built of its own Dockerfile."""

    max_bytes: int
    before: str = ""
    """The commit that is published now; empty if there is none."""

    submodules: frozenset[bytes] = frozenset()
    """The commits of those that are there to be read."""

    others: tuple[Problem, ...] = ()
    """What is wrong with the others."""


class Published(NamedTuple):
    """A revision that is there, with its index."""

    notebooks: int
    changed: int
    """How many files of the repository differ from the commit before."""

    settings: Settings
    problems: tuple[str, ...]
    """The errors, in sentences."""


def publish(place: Place, reader: Reader, wanted: Wanted, parser: Parser) -> Published:
    """Have a commit's revision and its index in their place; blocking.

    Raises:
        CourseError: the commit cannot be read, holds too much, or the disk is full.
    """
    described = describe(reader, wanted)
    revision = place.revision(wanted.commit)
    if revision.exists():
        pointers = _pointers_in(revision)
    else:
        with of_disk(), place.building(wanted.commit) as folder:
            pointers = write(folder, reader, described.written, wanted.max_bytes, AREAS)
    index = indexed(place, reader, described, wanted, parser, pointers)
    errors = tuple(problem.sentence for problem in index.problems if problem.level == "error")
    return Published(
        described.plan.notebooks,
        _changed(reader, wanted),
        described.read.settings,
        _at_most(errors),
    )


def describe(reader: Reader, wanted: Wanted) -> Described:
    """What a commit says about itself."""
    root = reader.folder(wanted.commit, wanted.submodules)
    return describing.describe(root, reader, wanted.local)


def indexed(
    place: Place,
    reader: Reader,
    described: Described,
    wanted: Wanted,
    parser: Parser,
    pointers: Iterable[str] = (),
) -> CourseIndex:
    """Make the index of a commit and keep it; what the last one knows is not read again."""
    indexes = Indexes(place.folder)
    before = indexes.newest()
    titles = Titles(parser, reader, before.parsed if before else {})
    index = indexing.index(
        described,
        titles,
        course=wanted.course,
        commit=wanted.commit,
        image_is_built=wanted.image_is_built,
        others=(*wanted.others, *map(_is_pointer, pointers)),
    )
    new = Kept(
        made_by=kept.made_by(),
        local=kept.digest(wanted.local),
        index=index,
        parsed=titles.known,
        submodules=tuple(sorted(each.hex() for each in wanted.submodules)),
        others=wanted.others,
    )
    with of_disk():
        indexes.keep(new)
    return index


def write(
    folder: Path, reader: Reader, plan: Plan, max_bytes: int, areas: Sequence[str] = ()
) -> list[str]:
    """Write a plan's files below a folder, and the folders ``areas`` even if they are empty.

    Returns once all is on the disk, with the paths of what is a mere pointer of git-lfs.

    Raises:
        CourseError: it is more than ``max_bytes``.
        OSError: the disk does not take it.
    """
    return _Writing(folder, reader, max_bytes).write(plan, areas)


def _changed(reader: Reader, wanted: Wanted) -> int:
    try:
        return reader.changes(wanted.before, wanted.commit) if wanted.before else 0
    except CourseError:  # history was rewritten, and the mirror has lost the old one
        return 0


def _is_pointer(path: str) -> Problem:
    file = path.removeprefix("notebooks/").removeprefix("static/")
    return Problem(file=printable(file), what="is a pointer of git-lfs, not the file")


def _pointers_in(revision: Path) -> list[str]:
    """The files of a revision that are mere pointers of git-lfs."""
    small = (
        path
        for path in revision.rglob("*")
        if path.is_file() and path.stat().st_size <= _LONGEST_POINTER
    )
    found = (path for path in small if path.read_bytes().startswith(_LFS))
    return [str(path.relative_to(revision)) for path in found]


def _at_most(problems: tuple[str, ...]) -> tuple[str, ...]:
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    return (*problems[:_MOST_PROBLEMS], f"and {len(problems) - _MOST_PROBLEMS} more")


class _Writing:
    """One revision being written."""

    def __init__(self, folder: Path, reader: Reader, max_bytes: int) -> None:
        self._folder = folder
        self._reader = reader
        self._max = self._left = max_bytes
        self._made: dict[bytes, None] = {}
        """Folders, in the order in which they were made."""

    def write(self, plan: Plan, areas: Sequence[str]) -> list[str]:
        """Write all files and return once they are on the disk; tell those that are pointers."""
        root = os.fsencode(self._folder)
        for area in areas:
            self._make_sure_of(b"%s/%s" % (root, area.encode()))
        pointers = [path for path, file in plan.files if self._write(root, path, file)]
        for folder in (*reversed(self._made), root):
            os.chmod(folder, 0o555)  # noqa: PTH101  # names are bytes, in no encoding
        disk.sync_all(self._folder)
        return pointers

    def _write(self, root: bytes, path: str, file: File | bytes) -> bool:
        """Write one file; whether it is a mere pointer of git-lfs."""
        self._left -= len(file) if isinstance(file, bytes) else self._reader.size(file)
        if self._left < 0:
            raise CourseError("too-big", f"more than {self._max} bytes (courses.max_bytes)")
        folder, _, name = path.encode(errors="surrogateescape").rpartition(b"/")
        if folder:
            self._make_sure_of(b"%s/%s" % (root, folder))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(b"%s/%s/%s" % (root, folder, name), flags, 0o600)
        try:
            is_pointer = self._copy(file, fd)
            os.fchmod(fd, 0o555 if isinstance(file, File) and file.executable else 0o444)
        finally:
            os.close(fd)
        return is_pointer

    def _copy(self, file: File | bytes, fd: int) -> bool:
        first = b""
        for chunk in [file] if isinstance(file, bytes) else self._reader.content(file):
            first = first or chunk
            _write_all(fd, chunk)
        return first.startswith(_LFS)

    def _make_sure_of(self, folder: bytes) -> None:
        if folder not in self._made:
            parent = folder.rpartition(b"/")[0]
            if parent != os.fsencode(self._folder):
                self._make_sure_of(parent)
            os.mkdir(folder, 0o700)  # noqa: PTH102  # names are bytes, in no encoding
            self._made[folder] = None


def _write_all(fd: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(fd, left) :]
