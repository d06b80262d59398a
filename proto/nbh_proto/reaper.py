"""What can be asked of the reaper."""

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from nbh_proto._message import Question
from nbh_proto._reply import Reply
from nbh_proto.buckets import LabState


class PlanLabs(Question, frozen=True, kw_only=True):
    """What is to become of each lab, as the reaper sees it now. Asked by `nbh reaper plan`."""

    subject: ClassVar[str] = "nbh.question.reaper.plan"

    only_course: str = ""
    """Empty for all courses."""


class LabPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict for one lab."""

    course: str
    student: str
    node: str
    state: LabState
    verdict: Literal["keep", "freeze", "stop"]
    """What is to be done now."""

    reason: str
    """Why it is kept, frozen or stopped: busy, terminal, connected, used, idle, age, …"""

    active: datetime
    """Its last activity, as far as is known."""

    due: datetime | None = None
    """When something becomes of it, if nothing happens until then."""

    then: str = ""
    """What: ``freeze`` or ``stop``, and the reason."""

    announced: datetime | None = None
    """When it will be stopped, if that is announced."""


class LabsPlanned(Reply, frozen=True, kw_only=True):
    """The reply to `PlanLabs`."""

    labs: tuple[LabPlan, ...]
