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
