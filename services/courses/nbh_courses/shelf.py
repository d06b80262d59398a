"""The folder of all courses, ours alone: what lies where, and what a crash may have left there.

::

    <course>/course.json  mirror.git  revisions/<commit>/  current -> revisions/<commit>
    .creating-<course>/   a course that is not there yet
    .removing-<course>/   one that is no more
"""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

import msgspec
import structlog

from nbh_courses import disk
from nbh_courses.record import Record
from nbh_kit import durable
from nbh_kit.one import only_one
from nbh_proto import names

logger = structlog.get_logger(__name__)

_CREATING = ".creating-"
_BUILDING = ".building-"
_REMOVING = ".removing-"


class Place:
    """One course's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mirror = folder / "mirror.git"
        self.current = folder / "current"
        self.hook = folder / "hook.json"
        """The secret of its webhook (`nbh_courses.hooks.secrets`)."""

        self._revisions = folder / "revisions"
        self._record = folder / "course.json"

    @property
    def record(self) -> Record | None:
        """What is known of the course; None if it is not there."""
        try:
            return msgspec.json.decode(self._record.read_bytes(), type=Record)
        except FileNotFoundError:
            return None

    def remember(self, record: Record) -> None:
        """Write down what is known, and have ``current`` follow it."""
        durable.replace_file(self._record, msgspec.json.format(msgspec.json.encode(record)))
        self.follow(record)

    def follow(self, record: Record) -> None:
        """Have ``current`` point to the revision that a record names."""
        if record.commit and self.published != record.commit:
            disk.replace_link(self.current, f"revisions/{record.commit}")

    @property
    def published(self) -> str:
        """The commit that ``current`` points to; empty if there is none."""
        try:
            return self.current.readlink().name
        except FileNotFoundError:
            return ""

    def is_whole(self, commit: str) -> bool:
        """Whether a commit is published here, and its repository is there for clones."""
        return self.published == commit and self.current.exists() and self.mirror.exists()

    def revision(self, commit: str) -> Path:
        """Where a commit's revision is, or would be."""
        return self._revisions / commit

    @contextmanager
    def building(self, commit: str) -> Iterator[Path]:
        """A new folder that becomes a commit's revision if the block ends well; else it goes."""
        self._make(self._revisions)
        new = self._revisions / f"{_BUILDING}{commit}"
        disk.remove(new)
        self._make(new)
        try:
            yield new
            new.rename(self.revision(commit))
            durable.sync_folder(self._revisions)
        except BaseException:
            disk.remove(new)
            raise

    def revisions(self) -> list[str]:
        """The commits of all revisions that are there."""
        if not self._revisions.is_dir():
            return []
        return [each.name for each in self._revisions.iterdir() if each.name[0] != "."]

    def remove_revision(self, commit: str) -> None:
        """Remove a revision: out of reach first, for a half one must never be found."""
        gone = self._revisions / f"{_REMOVING}{commit}"
        self.revision(commit).rename(gone)
        disk.remove(gone)

    def sweep(self) -> None:
        """Remove what was being written, built or removed."""
        disk.remove_unfinished(self.folder)
        for pattern in (f"{_BUILDING}*", f"{_REMOVING}*"):
            for left in self._revisions.glob(pattern):
                disk.remove(left)

    @staticmethod
    def _make(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


class Shelf:
    """All courses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, course: str) -> Place:
        """Where a course is, or would be."""
        return Place(self.folder / names.checked_id("course", course))

    def record(self, course: str) -> Record | None:
        """What is known of a course; None if it is not there, or no course can be so named."""
        return self.place(course).record if names.ID.fullmatch(course) else None

    def records(self) -> list[Record]:
        """All courses that are there, can be read, and are not being renamed or deleted."""
        return [
            record
            for place in self._places()
            if (record := _readable(place)) and not record.intention
        ]

    def unfinished(self) -> list[tuple[Place, Record]]:
        """The courses that were being renamed or deleted, and where they are by now."""
        return [
            (place, record)
            for place in self._places()
            if (record := _readable(place)) and record.intention
        ]

    def is_promised(self, course: str) -> bool:
        """Whether a course is losing this name, or getting it."""
        return any(
            course in (record.course, _name_to_be(record)) for _, record in self.unfinished()
        )

    def rename(self, place: Place, course: str) -> Place:
        """Give a course's folder another name, if it does not have it yet."""
        new = self.place(course)
        if place.folder != new.folder:
            place.folder.rename(new.folder)
            durable.sync_folder(self.folder)
        return new

    def remove(self, place: Place) -> None:
        """Remove a course's folder: out of reach first, then bit by bit."""
        gone = self.folder / f"{_REMOVING}{place.folder.name}"
        disk.remove(gone)
        place.folder.rename(gone)
        durable.sync_folder(self.folder)
        disk.remove(gone)

    def _places(self) -> list[Place]:
        folders = (each for each in sorted(self.folder.iterdir()) if each.is_dir())
        return [Place(each) for each in folders if each.name[0] != "."]

    def sweep(self) -> None:
        """Remove what a crash left, and finish what it interrupted: records stand."""
        for pattern in (f"{_CREATING}*", f"{_REMOVING}*"):
            for left in self.folder.glob(pattern):
                disk.remove(left)
        for place in self._places():
            place.sweep()
            if record := _readable(place):
                place.follow(record)

    @contextmanager
    def creating(self, course: str) -> Iterator[Place]:
        """A place that becomes the course's if the block ends well; else nothing is left of it."""
        new = self.folder / f"{_CREATING}{names.checked_id('course', course)}"
        disk.remove(new)
        new.mkdir()
        new.chmod(0o755)
        try:
            yield Place(new)
            new.rename(self.folder / course)
            durable.sync_folder(self.folder)
        except BaseException:
            disk.remove(new)
            raise

    def owned(self) -> AbstractAsyncContextManager[None]:
        """Have the shelf to ourselves in a block, however long another process has it."""
        return only_one(self.folder / ".lock")


def _readable(place: Place) -> Record | None:
    try:
        record = place.record
    except (msgspec.MsgspecError, OSError):
        logger.exception("a course that cannot be read", folder=str(place.folder))
        return None
    if record and place.folder.name not in (record.course, _name_to_be(record)):
        logger.error("a folder that is another course's copy", folder=str(place.folder))
        return None
    return record


def _name_to_be(record: Record) -> str:
    return record.intention.to if record.intention else ""
