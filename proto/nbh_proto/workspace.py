"""A workspace is a student's own files for one course; the provisioner of their node owns them.

These are questions, not commands of the work queue: a command that is kept there while a node is
down would move or remove files of a course that has got the same name by then.
"""

from typing import ClassVar, Literal

import msgspec

from nbh_proto._message import Event, Question
from nbh_proto._reply import Reply

Bound = Literal["bytes", "files"]
"""What a workspace may take only so much of; folders are files here."""

Fate = Literal["keep", "rename", "remove"]
"""What becomes of a course's workspaces."""


class Full(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace without room, and of what."""

    of: Bound
    taken: int
    """May be less than the limit, by a little that is of no use; or more, where nothing but being
    watched keeps a student from it."""

    limit: int


class WorkspaceFull(Event, frozen=True, kw_only=True):
    """A student has no room left in a course (S-35). Told by the provisioner, once until there is
    room again, and by one that has just started."""

    subject: ClassVar[str] = "nbh.event.workspace.full.{course}"

    node: str
    course: str
    student: str
    of: Bound
    taken: int
    limit: int


class WorkspaceNearlyFull(Event, frozen=True, kw_only=True):
    """A student has little room left in a course: less than a tenth of it. Told by the
    provisioner, once for each of their labs until there is more again."""

    subject: ClassVar[str] = "nbh.event.workspace.nearly-full.{course}"

    node: str
    course: str
    student: str
    of: Bound
    taken: int
    limit: int


class WorkspaceHasRoom(Event, frozen=True, kw_only=True):
    """A student who had no room left, or little, has some again. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.workspace.has-room.{course}"

    node: str
    course: str
    student: str


class CountWorkspaces(Question, frozen=True, kw_only=True):
    """How many students have files in each course. Asked by courses and by `nbh course list`."""

    subject: ClassVar[str] = "nbh.question.workspaces.count.{node}"

    node: str


class WorkspacesCounted(Reply, frozen=True, kw_only=True):
    """The reply to `CountWorkspaces`."""

    students: dict[str, int]
    """By course; one that nobody has files in is not there."""


class CloseCourse(Question, frozen=True, kw_only=True):
    """Let nobody open a course any more, and do something with its workspaces. Asked by courses.

    The course is not in the bucket COURSES then. Asked again, what was begun is finished.
    """

    subject: ClassVar[str] = "nbh.question.workspaces.close.{node}"

    node: str
    course: str
    workspaces: Fate
    to: str = ""
    """The course's new name, where they are renamed."""


class CourseClosed(Reply, frozen=True, kw_only=True):
    """The reply to `CloseCourse`. If it holds students or an error nothing was done."""

    labs: tuple[str, ...] = ()
    """The students who have a lab, or are about to get one."""

    in_the_way: tuple[str, ...] = ()
    """The students who have files under the new name too."""

    error: str = ""


class EraseWorkspaces(Question, frozen=True, kw_only=True):
    """Remove all files of a student, what resets kept of them, and all pages that they share
    (S-55). Asked by `nbh student erase`. Asked again, what was begun is finished."""

    subject: ClassVar[str] = "nbh.question.workspaces.erase.{node}"

    node: str
    student: str


class WorkspacesErased(Reply, frozen=True, kw_only=True):
    """The reply to `EraseWorkspaces`. If it holds labs or an error nothing was done."""

    labs: tuple[str, ...] = ()
    """The courses in which they have a lab, or are about to get one."""

    courses: tuple[str, ...] = ()
    """Those in which they had files."""

    shares: int = 0
    """How many pages they shared."""

    error: str = ""


class FindRevisions(Question, frozen=True, kw_only=True):
    """Which revisions the labs of a node mount. Asked by courses.

    Answered from the containers, once all of them are known; not before.
    """

    subject: ClassVar[str] = "nbh.question.workspaces.revisions.{node}"

    node: str


class RevisionsFound(Reply, frozen=True, kw_only=True):
    """The reply to `FindRevisions`."""

    commits: dict[str, tuple[str, ...]]
    """By course; an empty one stands for a lab of which nobody knows."""
