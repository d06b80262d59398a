"""The life of one lab and of its lease (R-5, R-6). Pure: no clock, no socket, no globals.

absent ──Wanted──▶ leasing ──Leased──▶ starting ──Answered──▶ ready ──Ended, StopAsked──▶ leaving
  ▲                                       └──Failed, Ended──▶ leaving                        │
  └──────────────────────── or failed ◀──────────────────────────Gone────────────────────────┘

A message about an earlier lab names another capability, and is nothing to the present one.
"""

from datetime import datetime
from typing import Literal

import msgspec

from nbh_proto import Lab
from nbh_proto.lab import StopReason
from nbh_provisioner import lab_events
from nbh_provisioner.lease_messages import (
    Answered,
    Begin,
    BucketLost,
    DropLease,
    Effect,
    Ended,
    Failed,
    Gone,
    Leased,
    LeaseRefused,
    Message,
    Placed,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    Stuck,
    TakeLease,
    Tell,
    Wanted,
    Write,
)

Phase = Literal["absent", "leasing", "starting", "ready", "leaving", "failed"]


class State(msgspec.Struct, frozen=True):
    """Where one (course, student) stands."""

    phase: Phase = "absent"
    lab: Lab | None = None
    """As the bucket has it, or is about to have it; None while absent."""

    why: StopReason | None = None
    """Why it leaves; None if it leaves because it failed."""


Step = tuple[State, list[Effect]]


def step(state: State, message: Message, now: datetime) -> Step:
    """What becomes of a state by a message, and what is to be done, in order."""
    match message:
        case Wanted(lab):
            return _wanted(state, lab)
        case Leased(generation):
            return _leased(state, generation)
        case LeaseRefused(detail):
            return State(), [Refuse("internal", detail)]
        case Placed():
            return _placed(state, message)
        case Answered():
            return _answered(state, message, now)
        case Failed():
            return _failed(state, message, now)
        case Ended():
            return _ended(state, message, now)
        case StopAsked():
            return _stop_asked(state, message, now)
        case Gone():
            return _gone(state, message)
        case Stuck(capability, reason, detail):
            return state, [Refuse(reason, detail)] if _is(state, capability, "leaving") else []
        case BucketLost():
            return state, [Write(state.lab)] if state.lab and state.phase != "leasing" else []


def _wanted(state: State, lab: Lab) -> Step:
    match state.phase:
        case "absent" | "failed":
            return State("leasing", lab), [TakeLease(lab)]
        case "ready" if state.lab:
            return state, [Serve(state.lab)]
        case _:
            return state, []


def _leased(state: State, generation: int) -> Step:
    if state.phase != "leasing" or state.lab is None:
        return state, []
    lab = msgspec.structs.replace(state.lab, generation=generation)
    return State("starting", lab), [Begin(lab), Tell(lab_events.starting(lab))]


def _placed(state: State, placed: Placed) -> Step:
    if not (lab := _is(state, placed.capability, "starting")):
        return state, []
    lab = msgspec.structs.replace(
        lab, container=placed.container, address=placed.address, commit=placed.commit
    )
    return State("starting", lab), [Write(lab)]


def _answered(state: State, answered: Answered, now: datetime) -> Step:
    if not (lab := _is(state, answered.capability, "starting")):
        return state, []
    ready = msgspec.structs.replace(lab, state="ready", since=now)
    # Told before it is written: a crash between the two tells it again, with the same id.
    told = Tell(lab_events.ready(lab, (now - lab.since).total_seconds()))
    return State("ready", ready), [told, Write(ready), Serve(ready)]


def _failed(state: State, failed: Failed, now: datetime) -> Step:
    if not (lab := _is(state, failed.capability, "starting")):
        return state, []
    gone = msgspec.structs.replace(lab, state="failed", reason=failed.reason, since=now)
    return State("leaving", gone), [
        Refuse(failed.reason, failed.detail),
        Tell(lab_events.failed(lab, failed.reason, failed.detail)),
        Write(gone),
        Remove(gone, gently=False),
    ]


def _ended(state: State, ended: Ended, now: datetime) -> Step:
    if _is(state, ended.capability, "starting"):
        return _failed(state, Failed(ended.capability, "lab-died", ended.how), now)
    if lab := _is(state, ended.capability, "ready"):
        return _leave(lab, "died", now, gently=False)
    return state, []


def _stop_asked(state: State, asked: StopAsked, now: datetime) -> Step:
    lab = state.lab
    if lab is None or state.phase not in ("starting", "ready"):
        return state, []
    if asked.generation not in (0, lab.generation):
        return state, []
    return _leave(lab, asked.reason, now, gently=state.phase == "ready")


def _leave(lab: Lab, why: StopReason, now: datetime, *, gently: bool) -> Step:
    stopping = msgspec.structs.replace(lab, state="stopping", since=now)
    return State("leaving", stopping, why), [Write(stopping), Remove(stopping, gently)]


def _gone(state: State, gone: Gone) -> Step:
    if not (lab := _is(state, gone.capability, "leaving")):
        return state, []
    if state.why is None:
        return State("failed", lab), []
    return State(), [Tell(lab_events.stopped(lab, state.why)), DropLease()]


def _is(state: State, capability: str, phase: Phase) -> Lab | None:
    """The state's lab, if it is that one and in that phase."""
    lab = state.lab
    return lab if lab and state.phase == phase and lab.capability == capability else None
