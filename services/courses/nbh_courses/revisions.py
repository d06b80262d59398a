"""Revisions: what students see of a course, whole or not at all, never changed (R-6, S-14).

Read from the mirror's objects, without a checkout: no filter, attribute or hook has a say.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import git
import structlog
from git.objects import Blob

from nbh_courses import layout
from nbh_courses.settings import FILES, Settings, merged

logger = structlog.get_logger(__name__)

_MOST_FILES = 100_000
_LONGEST_COMPONENT = 255
_MOST_LINKS = 8
_LINK = 0o120000


class TooBig(Exception):
    """A commit that is not published, and why."""


class Content(NamedTuple):
    """One regular file of a commit."""

    path: str
    blob: Blob
    executable: bool


class Published(NamedTuple):
    """What came of publishing a commit."""

    commit: str
    notebooks: int
    settings: Settings


class Revisions:
    """A course's ``revisions/`` and ``current``."""

    def __init__(self, course: Path, max_bytes: int) -> None:
        self._course = course
        self._max_bytes = max_bytes

    def publish(self, commit: str) -> Published:
        """Make a commit what students see.

        Raises:
            TooBig: it is not.
            OSError: the disk is full; the last revision is still served.
        """
        repository = git.Repo(self._course / "mirror.git", odbt=git.GitCmdObjectDB)
        try:
            contents = {c.path: c for c in _contents(repository, commit)}
            settings = merged(
                {f: contents[f].blob.data_stream.read() for f in FILES if f in contents}
            )
            files = _placed(contents, settings)
            if not (self._course / "revisions" / commit).is_dir():
                self._build(commit, files)
        finally:
            repository.close()
        self._point_to(commit)
        return Published(commit, sum(p.startswith("notebooks/") for p in files), settings)

    def clean(self) -> None:
        """Remove what an interrupted publication left."""
        for left in (self._course / "revisions").glob(".new-*"):
            _remove(left)
        (self._course / ".current").unlink(missing_ok=True)

    def _build(self, commit: str, files: dict[str, Content]) -> None:
        if sum(c.blob.size for c in files.values()) > self._max_bytes:
            raise TooBig(f"more than {self._max_bytes} bytes (courses.max_bytes)")
        new = self._course / "revisions" / f".new-{commit}"
        if new.exists():
            _remove(new)
        try:
            for area in ("notebooks", "modules", "static"):
                (new / area).mkdir(parents=True)
            for path, content in files.items():
                _write(new / path, content)
            _seal(new)
            new.rename(new.with_name(commit))
        except BaseException:
            _remove(new)
            raise
        _sync(new.parent)

    def _point_to(self, commit: str) -> None:
        fresh = self._course / ".current"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(f"revisions/{commit}")
        fresh.rename(self._course / "current")
        _sync(self._course)


def _contents(repository: git.Repo, commit: str) -> Iterator[Content]:
    """The regular files of a commit; a link inside it stands for what it leads to inside it."""
    blobs = {str(b.path): b for b in _blobs(repository, commit)}
    for path, blob in blobs.items():
        found = _followed(path, blob, blobs)
        if found is not None and _is_writable(path):
            yield Content(path, found, bool(found.mode & stat.S_IXUSR))


def _blobs(repository: git.Repo, commit: str) -> Iterator[Blob]:
    for number, item in enumerate(repository.commit(commit).tree.traverse()):
        if number > _MOST_FILES:
            raise TooBig(f"more than {_MOST_FILES} files")
        if isinstance(item, Blob):
            yield item


def _followed(path: str, blob: Blob, blobs: dict[str, Blob]) -> Blob | None:
    """Where a link leads, by the commit's own tree alone: never to this machine's disk (S-14)."""
    for _ in range(_MOST_LINKS):
        if blob.mode != _LINK:
            return blob
        target = blob.data_stream.read(4096).decode(errors="surrogateescape")
        path = os.path.normpath(PurePosixPath(path).parent / target)
        if target.startswith("/") or path not in blobs:
            break
        blob = blobs[path]
    # most are folders, which static mappings bring (S10)
    logger.debug("a link leads to no file of the course", path=path)
    return None


def _is_writable(path: str) -> bool:
    parts = path.split("/")
    plain = all(p not in ("", ".", "..") and p.lower() != ".git" for p in parts)
    return plain and all(len(os.fsencode(p)) <= _LONGEST_COMPONENT for p in parts)


def _placed(contents: dict[str, Content], settings: Settings) -> dict[str, Content]:
    return {
        place: content
        for path, content in contents.items()
        for place in layout.places(path, settings.static_folders)
    }


def _write(path: Path, content: Content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o555 if content.executable else 0o444
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        shutil.copyfileobj(content.blob.data_stream, file)


def _seal(new: Path) -> None:
    """Everything on disk, readable by labs, and not to be changed any more."""
    for folder, _, _ in os.walk(new, topdown=False):
        Path(folder).chmod(0o755)
    _sync_all(new)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_all(new: Path) -> None:
    for folder, _, files in os.walk(new):
        for name in files:
            descriptor = os.open(Path(folder, name), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        _sync(Path(folder))
