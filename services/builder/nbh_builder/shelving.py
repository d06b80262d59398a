"""Takes over what a course's script made, and puts it where the share origin serves it.

The script is the course's and may have left anything: links are not followed, only files and
folders are taken, within bounds. The folder it goes to belongs to the courses service, which has
fewer rights than we: nothing of it is believed either, each step goes by open folders.
"""

import contextlib
import ctypes
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nbh_builder.failure import BuildError

MAX_FILES = 50_000
MAX_DEPTH = 64
_CHUNK = 1024 * 1024
_NEW = ".building"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_RENAME_EXCHANGE = 2


class Taken(NamedTuple):
    """What was published."""

    files: int
    size: int
    """Bytes."""


class Shelves:
    """One course's documentation: ``builds/<id>/<commit>/`` and ``latest``."""

    def __init__(self, course: Path) -> None:
        self._course = course

    def has(self, build: str, commit: str) -> bool:
        """Whether a commit's documentation is there and is the latest."""
        folder = self._course / "builds" / build
        with contextlib.suppress(OSError):
            return str((folder / "latest").readlink()) == commit and (folder / commit).is_dir()
        return False

    def put(
        self, build: str, commit: str, room: Path, result: str, entry: str, max_bytes: int
    ) -> Taken:
        """Publish ``result`` below ``room`` as a commit's documentation, whole or not at all.

        Raises:
            BuildError: it is not there, or too much; what was there before still is.
        """
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(_result(room, result))
            _check_entry(source, entry)
            shelf = stack.enter_context(self._shelf(build))
            _remove(shelf, _NEW)
            try:
                taken = _copy_all(source, shelf, max_bytes)
                _put_in_place(shelf, commit)
            finally:
                _remove(shelf, _NEW)
            _point(shelf, commit)
            _keep_only(shelf, commit)
        return taken

    @contextmanager
    def _shelf(self, build: str) -> Iterator[int]:
        with contextlib.ExitStack() as stack:
            at = stack.enter_context(_opened(os.open(self._course, _FOLDER)))
            owner = os.fstat(at)
            for name in ("builds", build):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=at)
                at = stack.enter_context(_opened(os.open(name, _FOLDER, dir_fd=at)))
                _give(at, owner, 0o755)
            yield at


@contextmanager
def _opened(fd: int) -> Iterator[int]:
    try:
        yield fd
    finally:
        os.close(fd)


def _give(fd: int, owner: os.stat_result, mode: int) -> None:
    """To the courses service, which removes it with the course."""
    os.fchmod(fd, mode)
    os.fchown(fd, owner.st_uid, owner.st_gid)


@contextmanager
def _result(room: Path, result: str) -> Iterator[int]:
    with contextlib.ExitStack() as stack:
        at = stack.enter_context(_opened(os.open(room, _FOLDER)))
        for name in filter(lambda part: part != ".", Path(result).parts):
            try:
                at = stack.enter_context(_opened(os.open(name, _FOLDER, dir_fd=at)))
            except OSError as e:
                raise BuildError("no-result", f"there is no folder {result} afterwards") from e
        yield at


def _check_entry(source: int, entry: str) -> None:
    try:
        is_there = stat.S_ISREG(os.stat(entry, dir_fd=source, follow_symlinks=False).st_mode)
    except OSError:
        is_there = False
    if not is_there:
        raise BuildError("no-result", f"there is no {entry} in its result")


def _copy_all(source: int, shelf: int, max_bytes: int) -> Taken:
    os.mkdir(_NEW, 0o700, dir_fd=shelf)
    with _opened(os.open(_NEW, _FOLDER, dir_fd=shelf)) as new:
        copying = _Copying(os.fstat(shelf), max_bytes)
        copying.folder(source, new, 0)
        os.fsync(new)
        return Taken(copying.files, copying.size)


class _Copying:
    def __init__(self, owner: os.stat_result, max_bytes: int) -> None:
        self._owner = owner
        self._max = max_bytes
        self.files = 0
        self.size = 0

    def folder(self, source: int, target: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise BuildError("too-big", f"its result has folders {MAX_DEPTH} deep")
        _give(target, self._owner, 0o755)
        for name in os.listdir(source):
            kind = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
            if stat.S_ISDIR(kind):
                self._inner(name, source, target, depth)
            elif stat.S_ISREG(kind):
                self._file(name, source, target)

    def _inner(self, name: str, source: int, target: int, depth: int) -> None:
        self._count()
        os.mkdir(name, 0o700, dir_fd=target)
        with (
            _opened(os.open(name, _FOLDER, dir_fd=source)) as inner,
            _opened(os.open(name, _FOLDER, dir_fd=target)) as made,
        ):
            self.folder(inner, made, depth + 1)

    def _file(self, name: str, source: int, target: int) -> None:
        self._count()
        reading = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with (
            _opened(os.open(name, reading, dir_fd=source)) as come,
            _opened(os.open(name, writing, 0o600, dir_fd=target)) as go,
        ):
            while chunk := os.read(come, _CHUNK):
                self.size += len(chunk)
                if self.size > self._max:
                    limit = f"{self._max} bytes (builder.max_docs_bytes)"
                    raise BuildError("too-big", f"its result is larger than {limit}")
                _write(go, chunk)
            _give(go, self._owner, 0o644)
            os.fsync(go)

    def _count(self) -> None:
        self.files += 1
        if self.files > MAX_FILES:
            raise BuildError("too-big", f"its result has more than {MAX_FILES} files")


def _write(fd: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(fd, left) :]


def _put_in_place(shelf: int, commit: str) -> None:
    """The new folder takes the place of one that is there in one step."""
    try:
        os.rename(_NEW, commit, src_dir_fd=shelf, dst_dir_fd=shelf)
    except OSError:
        _exchange(shelf, _NEW, commit)
    os.fsync(shelf)


def _exchange(folder: int, one: str, other: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(folder, one.encode(), folder, other.encode(), _RENAME_EXCHANGE):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), other)


def _point(shelf: int, commit: str) -> None:
    new = ".latest.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new, dir_fd=shelf)
    os.symlink(commit, new, dir_fd=shelf)
    owner = os.fstat(shelf)
    os.chown(new, owner.st_uid, owner.st_gid, dir_fd=shelf, follow_symlinks=False)
    os.rename(new, "latest", src_dir_fd=shelf, dst_dir_fd=shelf)
    os.fsync(shelf)


def _keep_only(shelf: int, commit: str) -> None:
    """Older ones go, but for the one before: a reader may be on its pages."""
    others = [name for name in os.listdir(shelf) if name not in (commit, "latest")]
    dated = sorted(others, key=lambda name: os.stat(name, dir_fd=shelf).st_mtime, reverse=True)
    for name in dated[1:]:
        _remove(shelf, name)


def _remove(shelf: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(name, dir_fd=shelf)
