"""What can be asked of the statistics."""

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from nbh_proto._message import Command, Question
from nbh_proto._reply import Reply


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


class EventsFound(Reply, frozen=True, kw_only=True):
    """The reply to `FindEvents`."""

    events: tuple[StoredEvent, ...] = ()
    error: str = ""


class ImportLines(Question, frozen=True, kw_only=True):
    """Keep lines that nbhosting 0.59 wrote (T1, T2); those that are kept already are no trouble.
    Asked by `nbh stats import`."""

    subject: ClassVar[str] = "nbh.question.stats.import"

    file: Literal["events", "counts"]
    only_course: str = ""
    """Whose they are; empty for what each line of ``events.raw`` says."""

    first: int
    """The number of the first one in its file."""

    lines: tuple[str, ...]
    """All of a second, if there is one of it: the same line may stand there several times."""


class LineUnreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A line that says nothing, and why."""

    line: int
    why: str


class LinesImported(Reply, frozen=True, kw_only=True):
    """The reply to `ImportLines`."""

    stored: int = 0
    """How many lines are stored now and were not before."""

    known: int = 0
    """How many were stored already."""

    passed_over: int = 0
    """How many say nothing that is counted: comments, labs that were killed."""

    unreadable: tuple[LineUnreadable, ...] = ()
    error: str = ""


class EraseStudent(Command, frozen=True, kw_only=True):
    """Remove all that the statistics know of a student, and let nothing of that time come back
    (S-55). Asked by `nbh stats erase`."""

    subject: ClassVar[str] = "nbh.command.stats.erase"

    student: str


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


class NotebooksUsed(Reply, frozen=True, kw_only=True):
    """The reply to `FindNotebooksUsed`: those that most students opened, first."""

    notebooks: tuple[NotebookUsed, ...] = ()
    error: str = ""


EXPORTED, RESTORED = "export", "restored"
"""Folders in ``<data>/clickhouse``: where the tables are written down for a backup, and where they
are put for the service to take them back when it starts, beside ``tables.json``, a
`TablesExported`."""


class ExportTables(Question, frozen=True, kw_only=True):
    """Write all tables down as files, as they are at one instant. Asked by `nbh backup`."""

    subject: ClassVar[str] = "nbh.question.stats.export"


class TableFile(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a table, in ClickHouse's format Native, compressed by gzip."""

    table: str
    file: str
    """Its name in the folder."""

    rows: int


class StreamMoved(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that was made again of a backup: its messages have the numbers that they had."""

    was: datetime
    """When it was first made, which is its name in the tables."""

    now: datetime


class TablesExported(Reply, frozen=True, kw_only=True):
    """The reply to `ExportTables`."""

    step: int = 0
    """The last migration that the tables went through."""

    files: tuple[TableFile, ...] = ()
    moved: tuple[StreamMoved, ...] = ()
    """Of the streams that the tables were filled from; none where they are written down."""

    error: str = ""
