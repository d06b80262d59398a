"""A student gets at their work while their lab does not serve it."""

from typing import ClassVar, Literal

import msgspec

from nbh_proto._message import Event, Question
from nbh_proto._reply import Reply

NotReadReason = Literal["notebook-unknown", "workspace-unusable", "too-large", "internal"]

PIECE = 512 * 1024
"""Bytes of a file in one reply; NATS carries 1 MiB, and JSON makes them a third more."""


class ReadNotebook(Question, frozen=True, kw_only=True):
    """A piece of a student's notebook as it was last saved; no lab is needed, and nothing is
    written anywhere. Asked by the router."""

    subject: ClassVar[str] = "nbh.question.notebook.read"

    course: str
    student: str
    notebook: str
    """Canonical."""

    offset: int = 0
    """Bytes."""


class FindFiles(Question, frozen=True, kw_only=True):
    """What a student has in a course; no lab is needed. Asked by the router."""

    subject: ClassVar[str] = "nbh.question.files.find"

    course: str
    student: str


class FileFound(msgspec.Struct, frozen=True, kw_only=True):
    """An ordinary file of a student's."""

    path: str
    """Relative to the workspace."""

    size: int
    """Bytes."""

    changed: int
    """Unix seconds."""


class FilesFound(Reply, frozen=True, kw_only=True):
    """The reply to `FindFiles`: what can be given out, the smallest first; nothing hidden."""

    files: tuple[FileFound, ...] = ()
    left_out: tuple[str, ...] = ()
    """Links, what is no file, and what is beyond a bound; the first of them."""

    is_more: bool = False
    """Whether there is more than was looked at, or more left out than is named."""


class ReadFile(Question, frozen=True, kw_only=True):
    """A piece of one of the files that `FilesFound` names. Asked by the router."""

    subject: ClassVar[str] = "nbh.question.files.read"

    course: str
    student: str
    path: str
    """Relative to the workspace."""

    offset: int = 0
    """Bytes."""


class NotebookRead(Reply, frozen=True, kw_only=True):
    """The reply to `ReadNotebook`, and to `ReadFile`."""

    file: str = ""
    """With its suffix, relative to the workspace."""

    size: int = 0
    """Of the whole file."""

    version: str = ""
    """Another one if the file is another one, or was written to meanwhile."""

    data: bytes = b""
    """At most `PIECE` of them; none at the end."""

    reason: NotReadReason | None = None
    """Why there is nothing."""


class TroubleReported(Event, frozen=True, kw_only=True):
    """A student says that their notebook does not work, and was given an id to quote. Told by the
    router."""

    subject: ClassVar[str] = "nbh.event.trouble.reported.{course}"

    course: str
    student: str
    notebook: str
    """Canonical; empty where none was open."""

    report: str
    """The id."""

    has_lab: bool
    """Whether their lab had a route then."""

    words: str = ""
    """What they say; theirs, so not to be believed."""
