"""Makes a revision of a commit: read from the mirror, written whole, read-only from then on."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nbh_courses import disk, front_end, layout, settings
from nbh_courses.failure import CourseError, of_disk
from nbh_courses.front_end import FrontEnd
from nbh_courses.layout import AREAS, LAYERS, Placed, Plan
from nbh_courses.nodes import File, Folder, follow
from nbh_courses.settings import Read, Settings
from nbh_courses.shelf import Place
from nbh_courses.tree import Reader

_LFS = b"version https://git-lfs.github.com/spec/"
_MOST_PROBLEMS = 20


class Published(NamedTuple):
    """A revision that is there."""

    notebooks: int
    settings: Settings
    problems: tuple[str, ...]


def publish(
    place: Place,
    reader: Reader,
    commit: str,
    max_bytes: int,
    submodules: frozenset[bytes] = frozenset(),
) -> Published:
    """Have a commit's revision in its place, with those of its submodules; blocking.

    Raises:
        CourseError: the commit cannot be read, holds too much, or the disk is full.
    """
    root = reader.folder(commit, submodules)
    read = _settings(root, reader)
    plan = layout.plan(root, read.settings.static_mappings)
    said = _front_end(plan, reader)
    pointers: list[str] = []
    if not place.revision(commit).exists():
        with of_disk(), place.building(commit) as folder:
            pointers = write(folder, reader, _with(said, plan), max_bytes, AREAS)
    problems = (*read.problems, *plan.problems, *said.problems, *pointers)
    return Published(plan.notebooks, read.settings, _at_most(problems))


def write(
    folder: Path, reader: Reader, plan: Plan, max_bytes: int, areas: Sequence[str] = ()
) -> list[str]:
    """Write a plan's files below a folder, and the folders ``areas`` even if they are empty.

    Returns once all is on the disk, with what is a mere pointer of git-lfs, in sentences.

    Raises:
        CourseError: it is more than ``max_bytes``.
        OSError: the disk does not take it.
    """
    return _Writing(folder, reader, max_bytes).write(plan, areas)


def _settings(root: Folder, reader: Reader) -> Read:
    layers: list[tuple[str, bytes | None]] = []
    for layer in LAYERS:
        name = f"{layer}/{settings.FILE}"
        found = follow((root,), name)
        if found and isinstance(found.node, File):
            layers.append((name, _text(reader, found.node)))
    return settings.read(layers)


def _front_end(plan: Plan, reader: Reader) -> FrontEnd:
    wanted = ((path, file) for path, file in plan.files if front_end.concerns(path))
    texts = {
        path: _text(reader, file, front_end.MAX_BYTES)
        for path, file in wanted
        if isinstance(file, File)
    }
    return front_end.read(texts)


def _with(said: FrontEnd, plan: Plan) -> Plan:
    """The plan, with what a course says to the front end in the one place where it is read."""
    files = tuple(placed for placed in plan.files if placed.path != front_end.OVERRIDES)
    if said.overrides is not None:
        files = (*files, Placed(front_end.OVERRIDES, said.overrides))
    return plan._replace(files=files)


def _text(reader: Reader, file: File, most: int = settings.MAX_BYTES) -> bytes | None:
    if reader.size(file) > most:
        return None
    return b"".join(reader.content(file))


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
        return [f"{path}: is a pointer of git-lfs, not the file" for path in pointers]

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
