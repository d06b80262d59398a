"""An access is one request to open one notebook.

requested ──▶ opened
    │    └──▶ failed
refused
"""

from typing import ClassVar, Literal

from nbh_proto._message import Answer, Event
from nbh_proto.workspace import Full

Workspace = Literal["copy", "git"]
"""How a student gets the course's files: one notebook at a time (S9), or a clone (C1, C2)."""

Action = Literal["open", "reset", "undo"]
"""Open the notebook, or first put the course's original in its place (S9), or what was there
before that (E-19)."""

Way = Literal["running", "thawed", "pool", "cold"]
"""How the lab came to be there."""

Reason = Literal[
    "course-unknown",
    "course-unreadable",
    "notebook-unknown",
    "expired",
    "image-missing",
    "engine-down",
    "disk-full",
    "no-memory",
    "lab-died",
    "out-of-memory",
    "lab-slow",
    "not-isolated",
    "workspace-unusable",
    "workspace-full",
    "internal",
]
"""Why an access failed; each is a sentence and an advice on the router's pages (S16, E-20)."""

RefusalReason = Literal[
    "signature", "expired", "scope", "platform", "replayed", "referer", "capability"
]
"""Why the router let somebody not in; for the log and the statistics, never for the page."""

Stage = Literal["queued", "copying", "starting", "booting"]
"""What is being done for an access that is not ready yet, in order."""


class AccessRequested(Event, frozen=True, kw_only=True):
    """A student who may enter asked for a notebook. Told by the router."""

    subject: ClassVar[str] = "nbh.event.access.requested.{course}"

    access: str
    """The click's id. A router that starts again asks again for the same access."""

    course: str
    student: str
    notebook: str
    """Canonical, as `nbh_proto.names.notebook` makes it; empty where ``page`` is asked for."""

    page: str = ""
    """Another page of Jupyter, below the lab's own address (S15)."""

    workspace: Workspace = "copy"
    action: Action = "open"
    platform: str = ""
    answer_to: str
    """The router's inbox."""


class AccessRefused(Event, frozen=True, kw_only=True):
    """Somebody asked for a notebook and was not let in. Told by the router."""

    subject: ClassVar[str] = "nbh.event.access.refused.{course}"

    access: str
    course: str
    student: str
    notebook: str
    reason: RefusalReason
    platform: str = ""


class AccessOpened(Event, frozen=True, kw_only=True):
    """A lab is ready and the notebook is in it. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.access.opened.{course}"

    access: str
    course: str
    student: str
    notebook: str
    """The file that was opened, with its suffix, relative to the workspace."""

    way: Way
    seconds: float
    """From the request's instant to the answer."""


class AccessForwarded(Event, frozen=True, kw_only=True):
    """A lab is ready for a page of Jupyter that is no notebook (S15). Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.access.forwarded.{course}"

    access: str
    course: str
    student: str
    page: str
    """Its path below the lab's own address."""

    way: Way
    seconds: float
    """From the request's instant to the answer."""


class AccessFailed(Event, frozen=True, kw_only=True):
    """A notebook could not be opened, and why. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.access.failed.{course}"

    access: str
    course: str
    student: str
    notebook: str
    reason: Reason
    detail: str = ""
    """For the operator: what the program below said. Never shown to a student."""

    seconds: float = 0.0


class AccessProgress(Answer, frozen=True, kw_only=True, tag=True):
    """An access is on its way. Told by the provisioner to the router that asked."""

    stage: Stage
    position: int = 0
    """How many starts are before this one, while queued."""


class AccessReady(Answer, frozen=True, kw_only=True, tag=True):
    """An access may be redirected. Told by the provisioner to the router that asked."""

    capability: str
    notebook: str
    """The file to open, with its suffix, relative to the workspace."""

    full: Full | None = None
    """What the student is to know first: nothing that they write may be kept."""

    way: Way | None = None
    """How the lab came to be there; None if a provisioner before this version answers."""


class AccessDenied(Answer, frozen=True, kw_only=True, tag=True):
    """An access failed. Told by the provisioner to the router that asked."""

    reason: Reason
    capability: str = ""
    """The student's lab, in which they can make room; empty where that would not help."""

    full: Full | None = None
    """What their workspace lacks room for, if that is why."""


AccessAnswer = AccessProgress | AccessReady | AccessDenied
"""What a router's inbox hears."""
