"""What students had in nbhosting 0.59 comes here: one workspace at a time.

A command, for it may take hours: a provisioner that is ended meanwhile goes on with it at its next
start. What it adds is never in the place of anything newer, so it can be asked as often as one
likes.
"""

from typing import ClassVar

import msgspec

from nbh_proto._message import Answer, Command
from nbh_proto.course import CommandFailed

MOST_LEFT_OUT = 100
"""So many of the things that were left out of one workspace are told by name."""


class TakeWorkspace(Command, frozen=True, kw_only=True):
    """Copy into a workspace what its student had in nbhosting 0.59; newer work stays. Asked by
    `nbh import-nbhosting`."""

    subject: ClassVar[str] = "nbh.command.workspace.take.{node}"

    node: str
    course: str
    student: str
    students: str
    """The folder of all students there, as the provisioner sees it: a full path. The workspace is
    ``<student>/<course>`` beneath it."""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was not copied."""

    path: str
    """Relative to the workspace; what is no UTF-8 in it is replaced."""

    why: str


class WorkspaceTaken(Answer, frozen=True, kw_only=True, tag=True):
    """A workspace holds what its student had. Told by the provisioner to who asked."""

    copied: int
    """How many files are new here, or newer."""

    size: int
    """Of what was copied; bytes."""

    known: int
    """How many files had been taken already."""

    beside: tuple[str, ...] = ()
    """Files that were changed both here and there: the old one is beside the new one, under these
    names."""

    left_out: tuple[LeftOut, ...] = ()
    left_out_more: int = 0
    """How many beside these were left out."""


TakeAnswer = WorkspaceTaken | CommandFailed
"""What who asks for a workspace to be taken hears: one of them."""
