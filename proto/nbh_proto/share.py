"""A share is a notebook of a student as a page that everybody may read who has its link.

(absent) ──▶ shared ──▶ shared again (the same link) ──▶ withdrawn, or expired
"""

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from nbh_proto._message import Answer, Command, Event, Question
from nbh_proto._reply import Reply

ShareReason = Literal[
    "course-unknown",
    "notebook-unknown",
    "workspace-unusable",
    "unreadable",
    "too-large",
    "too-slow",
    "out-of-memory",
    "image-missing",
    "engine-down",
    "disk-full",
    "expired",
    "internal",
]
"""Why a notebook was not shared; each is a sentence of the router's. ``unreadable`` and
``too-large`` are about the notebook, or about the page that would be made of it."""

WithdrawReason = Literal["asked", "expired", "course-removed"]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A page that is there."""

    course: str
    student: str
    notebook: str
    """Canonical, as `nbh_proto.names.notebook` makes it."""

    name: str
    """32 random hexadecimal digits; who knows them may read the page. Kept when it is shared
    again."""

    at: datetime
    """When it was last shared."""

    expires: datetime | None = None
    """When it goes; None for never."""

    size: int
    """Bytes."""


class ShareNotebook(Command, frozen=True, kw_only=True):
    """Make a page of a student's notebook; its link stays if it was shared before. Asked by the
    router."""

    subject: ClassVar[str] = "nbh.command.share.make.{course}"

    course: str
    student: str
    notebook: str
    """Canonical."""


class ShowNotebook(Command, frozen=True, kw_only=True):
    """Make a page of a student's notebook for one reader, which goes by itself soon. What is
    shared stays as it is. Asked by the router and by courses."""

    subject: ClassVar[str] = "nbh.command.share.show.{course}"

    course: str
    student: str
    notebook: str
    """Canonical."""


class WithdrawShares(Command, frozen=True, kw_only=True):
    """Take pages away, and forget their links. Asked by the router and `nbh share withdraw`."""

    subject: ClassVar[str] = "nbh.command.share.withdraw.{course}"

    course: str
    student: str
    notebook: str = ""
    """Canonical; empty for all that the student shared in the course."""


class FindShares(Question, frozen=True, kw_only=True):
    """Which pages are there. Asked by the router and `nbh share list`."""

    subject: ClassVar[str] = "nbh.question.shares.find"

    only_course: str = ""
    only_student: str = ""


class SharesFound(Reply, frozen=True, kw_only=True):
    """The reply to `FindShares`: the newest first, as many as one answer carries."""

    shares: tuple[Share, ...] = ()
    left_out: int = 0


class NotebookShared(Event, frozen=True, kw_only=True):
    """A student's notebook can be read by who has its link. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.notebook.shared.{course}"

    course: str
    student: str
    notebook: str
    """The file, with its suffix, relative to the workspace."""

    again: bool
    """Whether it had a link before, which it keeps."""

    size: int
    """Bytes of the page."""

    seconds: float
    """From the wish to the page."""


class NotebookWithdrawn(Event, frozen=True, kw_only=True):
    """A notebook that was shared cannot be read any more. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.notebook.withdrawn.{course}"

    course: str
    student: str
    notebook: str
    """Canonical."""

    reason: WithdrawReason


class ShareMade(Answer, frozen=True, kw_only=True, tag=True):
    """A page is there. Told by the provisioner to the router that asked."""

    share: Share


class ShareFailed(Answer, frozen=True, kw_only=True, tag=True):
    """A notebook was not shared, and why. Told by the provisioner to the router that asked."""

    reason: ShareReason
    detail: str = ""
    """For the operator. Never shown to a student."""


ShareAnswer = ShareMade | ShareFailed
"""What the inbox of who asked for a page hears."""
