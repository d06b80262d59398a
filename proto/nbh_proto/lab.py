"""A lab is the container that serves Jupyter to one student in one course.

absent ──▶ starting ──▶ ready ⇄ frozen ──▶ stopping ──▶ absent
               └──▶ failed
"""

from typing import ClassVar, Literal

from nbh_proto._message import Command, Event
from nbh_proto.access import Reason, Way

StopReason = Literal["asked", "idle", "age", "outdated", "died", "lost", "leftover"]
"""Why a lab ended: an operator asked, the policy of idleness, or it was found dead or unowned."""


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


class LabStopped(Event, frozen=True, kw_only=True):
    """A lab is gone, with its container. Told by the provisioner."""

    subject: ClassVar[str] = "nbh.event.lab.stopped.{course}"

    node: str
    course: str
    student: str
    generation: int
    reason: StopReason


class StopLab(Command, frozen=True, kw_only=True):
    """End a lab, after it had time to save. Asked by `nbh lab stop`."""

    subject: ClassVar[str] = "nbh.command.lab.stop.{node}"

    node: str
    course: str
    student: str
    generation: int = 0
    """Only this generation; 0 for whichever runs."""

    reason: StopReason = "asked"
