"""Where one (course, student) stands: what `nbh_provisioner.lease` steps from and to. Pure."""

from datetime import datetime
from typing import Literal

import msgspec

from nbh_proto import Lab
from nbh_proto.lab import StopReason, ThawReason
from nbh_provisioner.lease_messages import Effect, FreezeAsked

Phase = Literal[
    "absent",
    "leasing",
    "starting",
    "ready",
    "freezing",
    "frozen",
    "thawing",
    "leaving",
    "failed",
]

UP: tuple[Phase, ...] = ("ready", "freezing", "frozen", "thawing")
"""The lab has answered, and has its container and its memory."""


class State(msgspec.Struct, frozen=True):
    """Where one (course, student) stands."""

    phase: Phase = "absent"
    lab: Lab | None = None
    """As the bucket has it, or is about to have it; None while absent."""

    why: StopReason | None = None
    """Why it leaves; None if it leaves because it failed."""

    since: datetime | None = None
    """When its freezing was begun, or when it was woken."""

    asked: tuple[FreezeAsked, ...] = ()
    """Who waits for its freezing; the first one's reason is the one that is told."""

    woken: ThawReason | None = None
    """What thaws it; while it freezes, what came in meanwhile."""

    awake: bool = False
    """Whether it goes on already while it is thawed: nobody needs to wait for the rest."""


Step = tuple[State, list[Effect]]


def is_there(state: State, capability: str, *phases: Phase) -> Lab | None:
    """The state's lab, if it is that one and in one of those phases."""
    lab = state.lab
    return lab if lab and state.phase in phases and lab.capability == capability else None
