"""What is told of a lab. Told twice, after a crash, it has the same id and is stored once."""

import hashlib
from datetime import datetime

from nbh_proto import (
    Lab,
    LabFailed,
    LabFrozen,
    LabRanShort,
    LabReady,
    LabStarting,
    LabStopped,
    LabThawed,
)
from nbh_proto.access import Reason, Way
from nbh_proto.lab import StopReason, ThawReason
from nbh_provisioner.lease_messages import FreezeAsked, RanShort


def starting(lab: Lab) -> LabStarting:
    """Its lease is taken."""
    return LabStarting(
        id=_id(lab, "starting"),
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        image=lab.image,
    )


def ready(lab: Lab, way: Way, seconds: float) -> LabReady:
    """It answers, so many seconds after it was wanted."""
    return LabReady(
        id=_id(lab, "ready"),
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        way=way,
        seconds=seconds,
    )


def failed(lab: Lab, reason: Reason, detail: str) -> LabFailed:
    """It could not be started."""
    return LabFailed(
        id=_id(lab, "failed"),
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        reason=reason,
        detail=detail,
    )


def frozen(lab: Lab, asked: FreezeAsked, seconds: float) -> LabFrozen:
    """It stands still; ``lab`` as it was before."""
    return LabFrozen(
        id=_id(lab, f"frozen {lab.since.isoformat()}"),
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        reason=asked.reason,
        idle_since=asked.idle_since,
        seconds=seconds,
    )


def thawed(lab: Lab, by: ThawReason, seconds: float, now: datetime) -> LabThawed:
    """It goes on; ``lab`` as it was while it was frozen."""
    return LabThawed(
        id=_id(lab, f"thawed {lab.since.isoformat()}"),
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        by=by,
        seconds=seconds,
        frozen_seconds=max((now - lab.since).total_seconds(), 0.0),
    )


def ran_short(lab: Lab, short: RanShort) -> LabRanShort:
    """It wanted more than it may have."""
    return LabRanShort(
        id=_id(lab, f"ran short of {short.of} {short.times}"),
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        of=short.of,
        limit=short.limit,
        times=short.times,
    )


def stopped(lab: Lab, why: StopReason) -> LabStopped:
    """It is gone."""
    return LabStopped(
        id=_id(lab, "stopped"),
        node=lab.node,
        course=lab.course,
        student=lab.student,
        generation=lab.generation,
        reason=why,
    )


def _id(lab: Lab, what: str) -> str:
    """The same id whenever the same thing is told of the same lab; tells no secret."""
    return hashlib.sha256(f"{what} {lab.capability}".encode()).hexdigest()[:32]
