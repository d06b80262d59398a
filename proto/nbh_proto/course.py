"""A course is a git repository of notebooks, known here under a name.

create, pull ──▶ published | failed
"""

from typing import ClassVar, Literal

from nbh_proto._message import Answer, Command, Event

CourseReason = Literal[
    "exists",
    "unknown",
    "url-refused",
    "branch-refused",
    "unreachable",
    "authentication",
    "no-branch",
    "too-big",
    "slow",
    "unreadable",
    "disk-full",
    "internal",
]
"""Why a course could not be published."""


class CreateCourse(Command, frozen=True, kw_only=True):
    """Register a course and publish it for the first time. Asked by `nbh course create`."""

    subject: ClassVar[str] = "nbh.command.course.create.{course}"

    course: str
    giturl: str
    branch: str = ""
    """Empty for the repository's own default branch."""

    image: str = ""
    """Empty for the site's default image."""


class PullCourse(Command, frozen=True, kw_only=True):
    """Fetch a course and publish what is new. Asked by `nbh course pull`."""

    subject: ClassVar[str] = "nbh.command.course.pull.{course}"

    course: str


class CoursePublished(Event, frozen=True, kw_only=True):
    """Students now get this revision of a course. Told by courses."""

    subject: ClassVar[str] = "nbh.event.course.published.{course}"

    course: str
    commit: str
    notebooks: int
    """How many notebooks the revision holds."""

    seconds: float


class CourseFailed(Event, frozen=True, kw_only=True):
    """A course could not be published; the last good revision is still served. Told by courses."""

    subject: ClassVar[str] = "nbh.event.course.failed.{course}"

    course: str
    reason: CourseReason
    detail: str = ""


class CommandProgress(Answer, frozen=True, kw_only=True, tag=True):
    """One line about a command that is being carried out. Told by its handler to the asker."""

    line: str


class CommandDone(Answer, frozen=True, kw_only=True, tag=True):
    """A command was carried out. Told by its handler to the asker."""

    line: str = ""


class CommandFailed(Answer, frozen=True, kw_only=True, tag=True):
    """A command was not carried out, and why. Told by its handler to the asker."""

    reason: str
    detail: str = ""


CommandAnswer = CommandProgress | CommandDone | CommandFailed
"""What the inbox of a command's asker hears; the last two end it."""
