"""A lab is the container that serves Jupyter to one student in one course.

absent ──▶ starting ──▶ ready ⇄ frozen ──▶ stopping ──▶ absent
   │           │ └──▶ failed
   └──▶ pooled ┘
"""

from datetime import datetime
from typing import ClassVar, Literal

from nbh_proto._message import Command, Event
from nbh_proto.access import Reason, Way

StopReason = Literal[
    "asked",
    "idle",
    "age",
    "outdated",
    "empty",
    "unreachable",
    "memory",
    "died",
    "out-of-memory",
    "lost",
    "leftover",
    "disk-quota",
]
"""Why a lab ended: an operator asked, the policy of idleness (unused, old, of an image
that was replaced, without anything in it, without an answer), the node's memory ran short, it died
(by itself, or as it needed more memory than it has), it was found dead or unowned, or it wrote far
more than its student has room for."""

FreezeReason = Literal["asked", "idle"]
"""Why a lab is frozen: an operator asked, or nobody has used it for its course's freeze time."""

ThawReason = Literal["click", "request", "restart"]
"""What thawed a lab: a launch URL, a connection to the lab's own URL, or a provisioner that
started again and found it half frozen or half thawed."""

Scarce = Literal["memory", "processes"]
"""What a lab can have too little of."""


class LabStarting(Event, frozen=True, kw_only=True):
    """A lab is being made; its lease is taken. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.lab.starting.{course}"

    node: str
    course: str
    student: str
    generation: int
    """The fencing token: the revision of the lease."""

    image: str


class LabReady(Event, frozen=True, kw_only=True):
    """A lab answers HTTP. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.lab.ready.{course}"

    node: str
    course: str
    student: str
    generation: int
    way: Way
    seconds: float
    """From the wish to the first answer."""


class LabFailed(Event, frozen=True, kw_only=True):
    """A lab could not be started, and why. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.lab.failed.{course}"

    node: str
    course: str
    student: str
    generation: int
    reason: Reason
    detail: str = ""


class LabFrozen(Event, frozen=True, kw_only=True):
    """A lab uses no processor any more; its kernels stay in memory. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.lab.frozen.{course}"

    node: str
    course: str
    student: str
    generation: int
    reason: FreezeReason
    idle_since: datetime | None = None
    """Its last activity, as who asked for it saw it; None if nobody looked."""

    seconds: float
    """How long the freezing took."""


class LabThawed(Event, frozen=True, kw_only=True):
    """A frozen lab goes on where it was. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.lab.thawed.{course}"

    node: str
    course: str
    student: str
    generation: int
    by: ThawReason
    seconds: float
    """From the click or the connection until it ran."""

    frozen_seconds: float
    """How long it was frozen."""


class LabRanShort(Event, frozen=True, kw_only=True):
    """A lab was refused more than it may have, and goes on: a process in it, such as a notebook's
    kernel, was ended for want of memory, or one more could not begin. Told by the provisioner, at
    most every few seconds."""

    subject: ClassVar[str] = "nbh.event.lab.ran-short.{course}"

    node: str
    course: str
    student: str
    generation: int
    of: Scarce
    limit: int
    """What it may have: bytes of memory, or processes and threads together."""

    times: int
    """How often that happened since its container started."""


class LabStopped(Event, frozen=True, kw_only=True):
    """A lab is gone, with its container. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.lab.stopped.{course}"

    node: str
    course: str
    student: str
    generation: int
    reason: StopReason


class LabStopAnnounced(Event, frozen=True, kw_only=True):
    """A lab will be stopped if nothing happens; told again shortly before. Told by the reaper."""

    subject: ClassVar[str] = "nbh.event.lab.stop-announced.{course}"

    node: str
    course: str
    student: str
    generation: int
    reason: StopReason
    """``age`` comes whatever the student does; activity withdraws the others."""

    stops_at: datetime
    """Not before."""

    last: bool = False
    """Whether this is the last time that it is told."""


class LabStopWithdrawn(Event, frozen=True, kw_only=True):
    """A lab that was to be stopped is in use again. Told by the reaper."""

    subject: ClassVar[str] = "nbh.event.lab.stop-withdrawn.{course}"

    node: str
    course: str
    student: str
    generation: int
    reason: StopReason


class FreezeLab(Command, frozen=True, kw_only=True):
    """Freeze a lab that nobody uses. Asked by the reaper and by `nbh lab freeze`.

    It fails, as `in-use`, while somebody has a connection to the lab. Freezing one that is frozen,
    that is not there or that is of another generation is done at once.
    """

    subject: ClassVar[str] = "nbh.command.lab.freeze.{node}"

    node: str
    course: str
    student: str
    generation: int = 0
    """Only this generation; 0 for whichever runs."""

    reason: FreezeReason = "asked"
    idle_since: datetime | None = None
    """Its last activity, as who asks saw it."""


class StopLab(Command, frozen=True, kw_only=True):
    """End a lab, after it had time to save. Asked by the reaper and by `nbh lab stop`."""

    subject: ClassVar[str] = "nbh.command.lab.stop.{node}"

    node: str
    course: str
    student: str
    generation: int = 0
    """Only this generation; 0 for whichever runs."""

    reason: StopReason = "asked"
