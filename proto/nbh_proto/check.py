"""What is wrong with a published course, found before its students find it."""

from typing import ClassVar

from nbh_proto._message import Event, Question
from nbh_proto._reply import Reply
from nbh_proto.index import Problem


class CourseChecked(Event, frozen=True, kw_only=True):
    """A revision that was published has been looked at. Told by courses."""

    subject: ClassVar[str] = "nbh.event.course.checked.{course}"

    course: str
    commit: str
    notebooks: int
    errors: int
    """How many problems are errors; ``warnings`` the others."""

    warnings: int
    problems: tuple[Problem, ...] = ()
    """The first of them, errors before warnings."""


class CheckCourse(Question, frozen=True, kw_only=True):
    """What is wrong with the published revision of a course. Asked by `nbh course check`."""

    subject: ClassVar[str] = "nbh.question.course.check.{course}"

    course: str


class CourseCheck(Reply, frozen=True, kw_only=True):
    """The reply to `CheckCourse`, and what a check of a folder finds."""

    commit: str = ""
    notebooks: int = 0
    errors: int = 0
    warnings: int = 0
    problems: tuple[Problem, ...] = ()
    """As many as one answer carries, errors first."""

    error: str = ""
    """Why nothing could be checked."""
