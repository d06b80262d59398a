"""What happened in a chaos run, and what must never have happened. Pure.

The students' side is written down by the students, the system's side is its own events: a run is
right when both agree (R-2).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal

import msgspec

Event = dict[str, Any]

ANSWERED_WITHIN = 60.0
"""Seconds in which every access ends in a notebook or in a page that says why not."""


class Opened(msgspec.Struct, frozen=True):
    """A student clicked and was answered, or was not."""

    student: str
    seconds: float
    lab: str
    """The lab's base URL; empty if there was no notebook."""

    page: str = ""
    """What a page said that was there instead of a notebook: a clear answer, too."""


class Looked(msgspec.Struct, frozen=True):
    """A student looked for what was in their kernel."""

    student: str
    lab: str
    found: bool
    error: str = ""


class Stopped(msgspec.Struct, frozen=True):
    """A student's lab was to be stopped; the next one is another."""

    student: str
    done: bool = True
    """Whether it was gone in time."""


class Killed(msgspec.Struct, frozen=True):
    """A part of the system was killed."""

    part: str
    after: float
    """Seconds from the beginning."""


Step = Opened | Looked | Stopped | Killed


def complaints(steps: Iterable[Step], events: Sequence[Event]) -> list[str]:
    """Everything that was wrong, in sentences; none is the only good answer.

    Args:
        steps: in the order in which each student did them.
        events: of the stream, as `nbh_proto` has them with their ``kind`` (``lab.ready``), in
            the order of the stream.
    """
    each = list(steps)
    return [
        *_late(each),
        *_lost_work(each),
        *_not_stopped(each),
        *_changed_labs(each),
        *_unanswered(events),
        *_doubled(events),
        *_not_monotone(events),
    ]


def _late(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        if not isinstance(step, Opened):
            continue
        if not (step.lab or step.page) or step.seconds > ANSWERED_WITHIN:
            yield f"{step.student} had no answer after {step.seconds:.0f} s"


def _lost_work(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, Looked) and not step.found:
            yield f"{step.student} lost what was in the kernel: {step.error}"


def _not_stopped(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, Stopped) and not step.done:
            yield f"{step.student}'s lab was not stopped within {ANSWERED_WITHIN:.0f} s"


def _changed_labs(steps: Iterable[Step]) -> Iterator[str]:
    """A student keeps one lab until somebody asks for its end."""
    labs: dict[str, str] = {}
    for step in steps:
        match step:
            case Stopped(student):
                labs.pop(student, None)
            case Opened(student, _, lab) if lab:
                if labs.setdefault(student, lab) != lab:
                    yield f"{student} was given another lab, and nobody had asked for it"
                labs[student] = lab


def _unanswered(events: Iterable[Event]) -> Iterator[str]:
    """Each access that was stored ends (0 lost accesses).

    A router that lost its connection asks again for the same access, which may have ended by then.
    """
    each = list(events)
    ended = {e["access"] for e in each if e["kind"] in ("access.opened", "access.failed")}
    asked = {e["access"]: e for e in each if e["kind"] == "access.requested"}
    for access in asked.keys() - ended:
        event = asked[access]
        yield f"the access of {event['student']} at {event['at']} never ended"


Turn = Literal["lab.ready", "lab.stopped", "lab.failed"]


def _turns(events: Iterable[Event]) -> dict[tuple[str, str], list[tuple[Turn, int]]]:
    turns: dict[tuple[str, str], list[tuple[Turn, int]]] = defaultdict(list)
    for event in events:
        if event["kind"] in ("lab.ready", "lab.stopped", "lab.failed"):
            key = event["course"], event["student"]
            turns[key].append((event["kind"], event["generation"]))
    return turns


def _doubled(events: Iterable[Event]) -> Iterator[str]:
    """A lab is ready only when every earlier one of its student has ended (0 doubled labs)."""
    for (_, student), turns in _turns(events).items():
        alive: set[int] = set()
        for kind, generation in turns:
            if kind != "lab.ready":
                alive.discard(generation)
                continue
            if others := alive - {generation}:
                yield f"{student} had the labs {sorted(others)} and {generation} at once"
            alive.add(generation)


def _not_monotone(events: Iterable[Event]) -> Iterator[str]:
    """Generations only grow: a fencing token that does not is none (R-5)."""
    for (_, student), turns in _turns(events).items():
        ready = [generation for kind, generation in turns if kind == "lab.ready"]
        for earlier, later in pairwise(ready):
            if later < earlier:
                yield f"{student}'s lab {later} came after {earlier}"
