"""What can be asked of the statistics."""

from datetime import datetime
from typing import ClassVar

import msgspec

from nbh_proto._message import Question


class FindEvents(Question, frozen=True, kw_only=True):
    """The latest events in ClickHouse, newest first. Asked by `nbh stats events`."""

    subject: ClassVar[str] = "nbh.question.stats.events"

    only_course: str = ""
    """Empty for all courses."""

    only_student: str = ""
    kind: str = ""
    """For example ``access.opened``; empty for all."""

    limit: int = 100


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table of events."""

    at: datetime
    kind: str
    """The noun and the participle of its subject, for example ``lab.ready``."""

    course: str
    student: str
    notebook: str
    detail: dict[str, object]
    """Everything else that the event says."""


class EventsFound(msgspec.Struct, frozen=True, kw_only=True):
    """The reply to `FindEvents`."""

    events: tuple[StoredEvent, ...] = ()
    error: str = ""


class FindNotebooksUsed(Question, frozen=True, kw_only=True):
    """Which notebooks of a course students opened since then. Asked by courses."""

    subject: ClassVar[str] = "nbh.question.stats.notebooks"

    only_course: str
    since: datetime


class NotebookUsed(msgspec.Struct, frozen=True, kw_only=True):
    """One notebook that was opened."""

    notebook: str
    """With its suffix, relative to the workspace; it may be a student's own file (S6)."""

    students: int
    """How many different ones opened it."""

    last: datetime


class NotebooksUsed(msgspec.Struct, frozen=True, kw_only=True):
    """The reply to `FindNotebooksUsed`: those that most students opened, first."""

    notebooks: tuple[NotebookUsed, ...] = ()
    error: str = ""
