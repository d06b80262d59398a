"""The life of one lab and of its lease (R-5, R-6). Pure: no clock, no socket, no globals.

absent ──Wanted──▶ leasing ──Leased──▶ starting ──Answered──▶ ready ──Ended, StopAsked──▶ leaving
  ▲                                       └──Failed, Ended──▶ leaving                        │
  └──────────────────────── or failed ◀──────────────────────────Gone────────────────────────┘

From leasing it is `Claimed` instead where the pool has a lab; one that could not be `Unclaimed`
leaves, and whoever waits gets another.

Between ready and ready it may have been frozen: `nbh_provisioner.frost`.
A message about an earlier lab names another capability, and is nothing to the present one.
"""

from datetime import datetime

import msgspec

from nbh_proto import Lab
from nbh_proto.access import Reason
from nbh_proto.lab import StopReason
from nbh_provisioner import frost, lab_events
from nbh_provisioner.lease_messages import (
    Answered,
    Awake,
    Begin,
    BucketLost,
    Claimed,
    DropLease,
    Ended,
    Failed,
    FreezeAsked,
    FreezeOver,
    Frozen,
    Gone,
    Knocked,
    Leased,
    LeaseRefused,
    MakeTheirs,
    Message,
    NotFrozen,
    Placed,
    RanShort,
    Refuse,
    Remove,
    Serve,
    StopAsked,
    Stuck,
    TakeLease,
    Tell,
    Thawed,
    Unclaimed,
    Wanted,
    Write,
)
from nbh_provisioner.lease_state import UP, State, Step, is_there


def step(state: State, message: Message, now: datetime) -> Step:
    """What becomes of a state by a message, and what is to be done, in order."""
    match message:
        case Wanted(lab):
            return _wanted(state, lab, now)
        case Leased(generation):
            return _leased(state, generation)
        case Claimed(lab):
            return _claimed(state, lab)
        case Unclaimed(capability):
            return _unclaimed(state, capability, now)
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
        case RanShort():
            return _ran_short(state, message)
        case FreezeAsked():
            return frost.freeze_asked(state, message, now)
        case Frozen():
            return frost.frozen(state, message, now)
        case NotFrozen():
            return frost.not_frozen(state, message, now)
        case Knocked():
            return frost.knocked(state, message, now)
        case Awake():
            return frost.awake(state, message)
        case Thawed():
            return frost.thawed(state, message, now)
        case StopAsked():
            return _stop_asked(state, message, now)
        case Gone():
            return _gone(state, message)
        case Stuck(capability, reason, detail):
            return _stuck(state, capability, Refuse(reason, detail))
        case BucketLost():
            return state, [Write(state.lab)] if state.lab and state.phase != "leasing" else []


def _wanted(state: State, lab: Lab, now: datetime) -> Step:
    match state.phase:
        case "absent" | "failed":
            return State("leasing", lab), [TakeLease(lab)]
        case "ready" if state.lab:
            return state, [Serve(state.lab, "running")]
        case "thawing" if state.awake and state.lab:
            return state, [frost.serve(state.lab)]
        case _:
            return frost.woken(state, "click", now)


def _leased(state: State, generation: int) -> Step:
    if state.phase != "leasing" or state.lab is None:
        return state, []
    lab = msgspec.structs.replace(state.lab, generation=generation)
    return State("starting", lab), [Begin(lab), Tell(lab_events.starting(lab))]


def _claimed(state: State, lab: Lab) -> Step:
    if state.phase != "leasing":
        return state, []
    return State("starting", lab), [MakeTheirs(lab)]


def _unclaimed(state: State, capability: str, now: datetime) -> Step:
    """Told to nobody: who waits gets another lab, and nobody has heard of this one."""
    if not (lab := is_there(state, capability, "starting")):
        return state, []
    gone = msgspec.structs.replace(lab, state="failed", reason="lab-died", since=now)
    return State("leaving", gone), [Write(gone), Remove(gone, gently=False)]


def _placed(state: State, placed: Placed) -> Step:
    if not (lab := is_there(state, placed.capability, "starting")):
        return state, []
    lab = msgspec.structs.replace(
        lab, container=placed.container, address=placed.address, commit=placed.commit
    )
    return State("starting", lab), [Write(lab)]


def _answered(state: State, answered: Answered, now: datetime) -> Step:
    if not (lab := is_there(state, answered.capability, "starting")):
        return state, []
    ready = msgspec.structs.replace(lab, state="ready", since=now, started=now)
    told = Tell(lab_events.ready(lab, answered.way, (now - lab.since).total_seconds()))
    serve = Serve(ready, answered.way)
    # Told before it is written: a crash between the two tells it again, with the same id.
    if answered.way == "pool":
        # A student does not wait for what others hear (S1).
        return State("ready", ready), [serve, Tell(lab_events.starting(lab)), told, Write(ready)]
    return State("ready", ready), [told, Write(ready), serve]


def _failed(state: State, failed: Failed, now: datetime) -> Step:
    if is_there(state, failed.capability, "freezing"):
        nobody_knows = NotFrozen(failed.capability, "failed", failed.detail)
        return frost.not_frozen(state, nobody_knows, now)
    if is_there(state, failed.capability, "thawing"):
        return _leave(state, "lost", now, gently=True)
    if not (lab := is_there(state, failed.capability, "starting")):
        return state, []
    gone = msgspec.structs.replace(lab, state="failed", reason=failed.reason, since=now)
    return State("leaving", gone), [
        Refuse(failed.reason, failed.detail),
        Tell(lab_events.failed(lab, failed.reason, failed.detail)),
        Write(gone),
        Remove(gone, gently=False),
    ]


def _ended(state: State, ended: Ended, now: datetime) -> Step:
    if is_there(state, ended.capability, "starting"):
        reason: Reason = "out-of-memory" if ended.out_of_memory else "lab-died"
        return _failed(state, Failed(ended.capability, reason, ended.how), now)
    if is_there(state, ended.capability, *UP):
        why: StopReason = "out-of-memory" if ended.out_of_memory else "died"
        return _leave(state, why, now, gently=False)
    return state, []


def _ran_short(state: State, short: RanShort) -> Step:
    if not (lab := is_there(state, short.capability, *UP)):
        return state, []
    return state, [Tell(lab_events.ran_short(lab, short))]


def _stop_asked(state: State, asked: StopAsked, now: datetime) -> Step:
    lab = state.lab
    if lab is None or state.phase not in ("starting", *UP):
        return state, []
    if asked.generation not in (0, lab.generation):
        return state, []
    if asked.reason == "memory" and state.phase != "frozen":
        return state, []
    return _leave(state, asked.reason, now, gently=state.phase != "starting")


def _leave(state: State, why: StopReason, now: datetime, *, gently: bool) -> Step:
    assert state.lab is not None  # who leaves was there
    stopping = msgspec.structs.replace(state.lab, state="stopping", since=now, why=why)
    over = [FreezeOver(state.asked, "nothing", "it has ended")] if state.asked else []
    return State("leaving", stopping, why), [*over, Write(stopping), Remove(stopping, gently)]


def _gone(state: State, gone: Gone) -> Step:
    if not (lab := is_there(state, gone.capability, "leaving")):
        return state, []
    if state.why is None:
        return State("failed", lab), []
    return State(), [Tell(lab_events.stopped(lab, state.why)), DropLease()]


def _stuck(state: State, capability: str, refusal: Refuse) -> Step:
    return state, [refusal] if is_there(state, capability, "leaving", "thawing") else []
