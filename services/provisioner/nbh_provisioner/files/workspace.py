"""Workspaces: a student's own files for one course, got ready for an access (S8 to S10)."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from nbh_kit import durable
from nbh_provisioner.files import atomic, folders, kept, links, newer, notebooks
from nbh_provisioner.files.atomic import Owner
from nbh_provisioner.files.beneath import folder
from nbh_provisioner.files.failure import NotebookUnknown, if_there_is_room, told
from nbh_provisioner.files.newer import Newer
from nbh_provisioner.revision import Revision


class Ready(NamedTuple):
    """A notebook that a lab can open."""

    notebook: str
    """The file, with its suffix, relative to the workspace."""

    copied: bool = False
    was_reset: bool = False
    kept_as: str = ""
    """Where a reset, or its undoing, put the student's version, relative to the workspace."""

    was_kept_as: str = ""
    """Where the version was that is there again."""


class Wanted(NamedTuple):
    """Whose notebook, from which revision."""

    student: str
    revision: Revision
    name: str
    """Canonical (`nbh_proto.names.notebook`)."""

    @property
    def workspace(self) -> str:
        """The workspace, relative to the folder of all students."""
        return f"{self.student}/{self.revision.course}"


class Workspaces:
    """All students' workspaces. The callers do one thing at a time for one of them."""

    def __init__(
        self,
        students: Path,
        owner: Owner | None,
        making: Callable[[int, str], None] = folders.mkdir,
    ) -> None:
        """Take the folder of all students.

        Args:
            students: made if it is not there; closed to everybody but us.
            owner: who the files belong to; None where we may not give files away.
            making: makes the folder of a new workspace, in an open folder.
        """
        self._students = students
        self._owner = owner
        self._making = making

    def has_files(self, workspace: str) -> bool:
        """Whether something is in a workspace, ``student/course``; a look, as `glance` is."""
        try:
            with self.opened(workspace) as root, os.scandir(root) as entries:
                return any(entries)
        except OSError:
            return False

    def is_there(self, workspace: str) -> bool:
        """Whether there is such a workspace, ``student/course``; a look, as `glance` is."""
        try:
            with self.opened(workspace):
                return True
        except OSError:
            return False

    def glance(self, wanted: Wanted) -> Ready | None:
        """The notebook, if there is nothing left to do for it; None otherwise, for any reason.

        Some twenty system calls, none of which writes or waits for the disk as a rule: fast
        enough to be called in the event loop.
        """
        try:
            with self.opened(wanted.workspace) as root:
                path, _ = _located(root, wanted)
                if self._is_theirs(root) and _stands(root, path, wanted.revision):
                    return Ready(path)
        except (OSError, NotebookUnknown):
            pass
        return None

    def prepare(self, wanted: Wanted) -> Ready:
        """Get a notebook ready: workspace, lazy copy, links. A copy that is there stays as it is.

        Raises:
            FilesError: and nothing is half done.
        """
        with told(), self.made(wanted.workspace) as root:
            path, _ = _located(root, wanted)
            with self._place(root, path) as place:
                copied = self._copied(place, path, wanted.revision, replace=False)
                self._link(place, wanted.revision)
        return Ready(path, copied)

    def reset(self, wanted: Wanted, access: str, at: datetime) -> Ready:
        """Put the course's original in the place of the student's copy, which is kept beside it.

        Twice for one access is as good as once. What the course does not have is only opened.

        Raises:
            FilesError: and the student's copy is where it was.
        """
        with told(), self.made(wanted.workspace) as root:
            path, is_original = _located(root, wanted)
            parent, slash, leaf = path.rpartition("/")
            with self._place(root, path) as place:
                old = kept.Kept("", done=True)
                if is_original:
                    old = kept.keep(place, leaf, access, at)
                if not old.done:
                    self._copied(place, path, wanted.revision, replace=True)
                self._link(place, wanted.revision)
        kept_as = f"{parent}{slash}{old.name}" if old.name else ""
        return Ready(path, was_reset=is_original, kept_as=kept_as)

    def undo(self, wanted: Wanted, access: str, at: datetime) -> Ready:
        """Put what the last reset kept in the place of the student's copy, which is kept as well.

        Where nothing is kept the notebook is only opened.

        Raises:
            FilesError: and the student's copy is where it was.
        """
        with told(), self.made(wanted.workspace) as root:
            path, is_original = _located(root, wanted)
            parent, slash, leaf = path.rpartition("/")
            with self._place(root, path) as place:
                was, now = kept.bring_back(place, leaf, access, at)
                if is_original:
                    self._copied(place, path, wanted.revision, replace=False)
                self._link(place, wanted.revision)
        was, now = (f"{parent}{slash}{name}" if name else "" for name in (was, now))
        return Ready(path, kept_as=now, was_kept_as=was)

    def newer(self, wanted: Wanted) -> Newer | None:
        """The course's original, if it is a newer one than the student's copy was made of.

        Raises:
            FilesError: they have no copy.
        """
        with self._both(wanted) as (root, path, original):
            return newer.look(root, path, original)

    def pass_over(self, wanted: Wanted) -> bool:
        """Let the student keep their copy, and not be told of this original again.

        Returns:
            Whether their file system can note it.

        Raises:
            FilesError: they have no copy.
        """
        with self._both(wanted) as (root, path, original):
            return newer.pass_over(root, path, original)

    @contextmanager
    def _both(self, wanted: Wanted) -> Iterator[tuple[int, str, int]]:
        """A student's open workspace, the notebook's path in it, and the open original."""
        with told(), self.opened(wanted.workspace) as root:
            path, is_original = _located(root, wanted)
            if not is_original:
                raise NotebookUnknown(wanted.name)
            with _original(path, wanted.revision) as original:
                yield root, path, original

    @contextmanager
    def made(self, workspace: str) -> Iterator[int]:
        """Open a workspace, ``student/course``, and make it if it is not there."""
        with self.housed(workspace) as (_, root):
            yield root

    @contextmanager
    def housed(self, workspace: str) -> Iterator[tuple[int, int]]:
        """The same, and before it the folder that it is in, which its student never reaches."""
        student, _, course = workspace.partition("/")
        # The parents stay root's and closed: no lab sees them, no other user of the machine.
        self._students.mkdir(mode=0o700, parents=True, exist_ok=True)
        with durable.opened_folder(self._students) as students:
            _make_closed(students, student)
            with folder(students, student, mounts=True) as parent:
                folders.make(parent, course, self._owner, mounts=True, making=self._making)
                with folder(parent, course, mounts=True) as root:
                    yield parent, root

    @contextmanager
    def opened(self, workspace: str) -> Iterator[int]:
        """Open a workspace, ``student/course``, that is there.

        Raises:
            FileNotFoundError: it is not.
        """
        with (
            durable.opened_folder(self._students) as students,
            folder(students, workspace, mounts=True) as root,
        ):
            yield root

    @contextmanager
    def _place(self, root: int, path: str) -> Iterator[int]:
        """The folder that a file of the workspace is in, made if it is not there."""
        parent, _, _ = path.rpartition("/")
        folders.make(root, parent, self._owner)
        with folder(root, parent) as place:
            yield place

    def _copied(self, place: int, path: str, revision: Revision, *, replace: bool) -> bool:
        leaf = path.rpartition("/")[2]
        there = notebooks.mode_of(place, leaf)
        if there is not None and stat.S_ISDIR(there):
            raise IsADirectoryError(errno.EISDIR, "a folder has the notebook's name", leaf)
        if there is not None and not replace:
            return False
        with _original(path, revision) as source:
            return atomic.put_copy(place, leaf, source, self._owner, replace=replace)

    def _link(self, place: int, revision: Revision) -> None:
        # Without room for them the notebook opens all the same.
        with if_there_is_room():
            for link in revision.links:
                links.make(place, link, self._owner)

    def _is_theirs(self, root: int) -> bool:
        return self._owner is None or os.fstat(root).st_uid == self._owner.uid


def _located(root: int, wanted: Wanted) -> tuple[str, bool]:
    """The file to open, and whether it is the course's; else it is the student's own (S6)."""
    with durable.opened_folder(wanted.revision.notebooks) as originals:
        path = notebooks.original(originals, wanted.name)
    if path is not None:
        return path, True
    path = notebooks.own(root, wanted.name)
    if path is None:
        raise NotebookUnknown(wanted.name)
    return path, False


def _stands(root: int, path: str, revision: Revision) -> bool:
    parent, _, leaf = path.rpartition("/")
    with folder(root, parent) as place:
        mode = notebooks.mode_of(place, leaf)
        there = mode is not None and not stat.S_ISDIR(mode)
        return there and all(links.stands(place, link) for link in revision.links)


@contextmanager
def _original(path: str, revision: Revision) -> Iterator[int]:
    parent, _, leaf = path.rpartition("/")
    with (
        durable.opened_folder(revision.notebooks) as originals,
        folder(originals, parent) as place,
    ):
        source = os.open(leaf, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
        try:
            yield source
        finally:
            os.close(source)


def _make_closed(students: int, student: str) -> None:
    try:
        os.mkdir(student, 0o700, dir_fd=students)
    except FileExistsError:
        return
