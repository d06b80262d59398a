"""What is to become of each lab, for people who ask. Pure: nothing is done about it."""

from collections.abc import Callable, Iterable

from nbh_proto import Lab
from nbh_proto.reaper import LabPlan
from nbh_reaper import policy
from nbh_reaper.known import Instant, Known
from nbh_reaper.policy import Limits


def plan(
    labs: Iterable[tuple[Lab, Known]], limits: Callable[[Lab], Limits], now: Instant
) -> tuple[LabPlan, ...]:
    """One verdict for each lab, by course and student."""
    found = sorted(labs, key=lambda pair: (pair[0].course, pair[0].student))
    return tuple(_plan(lab, known, limits(lab), now) for lab, known in found)


def _plan(lab: Lab, known: Known, limits: Limits, now: Instant) -> LabPlan:
    verdict = policy.verdict(known, limits, now.at)
    due, told = verdict.next, known.announced
    return LabPlan(
        course=lab.course,
        student=lab.student,
        node=lab.node,
        state=known.state,
        verdict=verdict.action,
        reason=verdict.why,
        active=now.day_of(known.active),
        due=now.day_of(due.at) if due else None,
        then=f"{due.action}: {due.reason}" if due else "",
        announced=now.day_of(told.at) if told else None,
    )
