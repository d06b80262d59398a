"""What happens to a student's copy of a notebook.

(absent) ──▶ copied ──▶ reset (the old copy stays beside it, dated) ──▶ restored (so does this one)
"""

from typing import ClassVar

from nbh_proto._message import Event


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
