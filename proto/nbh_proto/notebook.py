"""What happens to a student's copy of a notebook.

(absent) ──▶ copied ──▶ reset (the old copy stays beside it, dated) ──▶ restored (so does this one)
"""

from typing import ClassVar

from nbh_proto._message import Event, Question
from nbh_proto._reply import Reply


class NotebookCopied(Event, frozen=True, kw_only=True):
    """A student got their own copy of a notebook. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.notebook.copied.{course}"

    course: str
    student: str
    notebook: str
    commit: str
    """The revision it came from."""


class NotebookReset(Event, frozen=True, kw_only=True):
    """A student's copy is the course's original again. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.notebook.reset.{course}"

    course: str
    student: str
    notebook: str
    commit: str
    kept_as: str
    """Where the student's version is now, relative to the workspace; empty if there was none."""


class NotebookRestored(Event, frozen=True, kw_only=True):
    """A student's copy is again what it was before the last reset. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.notebook.restored.{course}"

    course: str
    student: str
    notebook: str
    was_kept_as: str
    """Where it was, relative to the workspace."""

    kept_as: str
    """Where the version is that was there until now; empty if there was none."""


class FindOriginal(Question, frozen=True, kw_only=True):
    """Whether the course has another original of a notebook than the one that a student's copy was
    made of. Asked by the router."""

    subject: ClassVar[str] = "nbh.question.notebooks.original.{node}"

    node: str
    course: str
    student: str
    notebook: str
    """Canonical, as `nbh_proto.names.notebook` makes it."""


class OriginalFound(Reply, frozen=True, kw_only=True):
    """The reply to `FindOriginal`."""

    is_new: bool = False
    """False too where nobody knows what the copy was made of."""

    text: str | None = None
    """The new one, where it can be shown: UTF-8 and not too large for a message."""


class PassOverOriginal(Question, frozen=True, kw_only=True):
    """Let a student keep their copy and hear no more of the course's present original. Asked by
    the router. Asked again, it is as good as once."""

    subject: ClassVar[str] = "nbh.question.notebooks.pass-over.{node}"

    node: str
    course: str
    student: str
    notebook: str
    """Canonical."""


class OriginalPassedOver(Reply, frozen=True, kw_only=True):
    """The reply to `PassOverOriginal`."""

    done: bool
