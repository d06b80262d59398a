"""How a lab that is ready freezes and thaws: the cold half of `nbh_provisioner.lease`. Pure.

ready ──FreezeAsked──▶ freezing ──Frozen──▶ frozen ──Wanted, Knocked──▶ thawing ──Thawed──▶ ready
                          └──NotFrozen, or Frozen after somebody came──▶─┘

What comes in while it freezes wins: it was never told as frozen then. A freezing that failed may
have worked all the same, so it, too, ends with a thaw.
"""

from datetime import datetime

import msgspec

from nbh_proto import Lab
from nbh_proto.lab import ThawReason
from nbh_provisioner import lab_events
from nbh_provisioner.lease_messages import (
    Awake,
    Freeze,
    FreezeAsked,
    FreezeOver,
    Frozen,
    Knocked,
    NotFrozen,
    Serve,
    Tell,
    Thaw,
    Thawed,
    Write,
)
from nbh_provisioner.lease_state import State, Step, is_there


def freeze_asked(state: State, asked: FreezeAsked, now: datetime) -> Step:
    """Somebody wants the lab frozen."""
    lab = state.lab
    if lab is None or asked.generation not in (0, lab.generation):
        return state, [FreezeOver((asked,), "nothing", "there is no such lab")]
    match state.phase:
        case "ready":
            return State("freezing", lab, since=now, asked=(asked,)), [Freeze(lab)]
        case "freezing":
            return msgspec.structs.replace(state, asked=(*state.asked, asked)), []
        case "frozen":
            return state, [FreezeOver((asked,), "frozen")]
        case "thawing":
            return state, [FreezeOver((asked,), "in-use", "somebody has just come to it")]
        case _:
            return state, [FreezeOver((asked,), "nothing", f"it is {state.phase}")]


def frozen(state: State, message: Frozen, now: datetime) -> Step:
    """It stands still."""
    if not (lab := is_there(state, message.capability, "freezing")):
        return state, []
    if state.woken:
        return _undone(state, lab, FreezeOver(state.asked, "in-use", "somebody came to it"), now)
    cold = msgspec.structs.replace(lab, state="frozen", since=now)
    told = lab_events.frozen(lab, state.asked[0], _seconds(state.since, now))
    # Written last: until then, whoever finds it frozen after a crash thaws it, and is asked again.
    return State("frozen", cold), [Tell(told), Write(cold), FreezeOver(state.asked, "frozen")]


def not_frozen(state: State, message: NotFrozen, now: datetime) -> Step:
    """It was not frozen, or nobody knows whether it is."""
    if not (lab := is_there(state, message.capability, "freezing")):
        return state, []
    return _undone(state, lab, FreezeOver(state.asked, message.outcome, message.detail), now)


def knocked(state: State, message: Knocked, now: datetime) -> Step:
    """Somebody begins a connection to it."""
    if is_there(state, message.capability, "freezing", "frozen"):
        return woken(state, "request", now)
    return state, []


def woken(state: State, by: ThawReason, now: datetime) -> Step:
    """A lab that is frozen, or about to be, is to go on."""
    if state.phase == "freezing":
        return msgspec.structs.replace(state, woken=state.woken or by), []
    if state.phase == "frozen" and state.lab:
        return State("thawing", state.lab, since=now, woken=by), [Thaw(state.lab)]
    return state, []


def awake(state: State, message: Awake) -> Step:
    """It answers already: who waits for it need not wait until the engine has said so too."""
    if not (lab := is_there(state, message.capability, "thawing")):
        return state, []
    return msgspec.structs.replace(state, awake=True), [serve(lab)]


def serve(lab: Lab) -> Serve:
    """A lab that was frozen, or was about to be and never told as frozen."""
    return Serve(lab, "running" if lab.state == "ready" else "thawed")


def thawed(state: State, message: Thawed, now: datetime) -> Step:
    """It goes on where it was."""
    if not (lab := is_there(state, message.capability, "thawing")):
        return state, []
    if lab.state == "ready":  # it was never told as frozen
        return State("ready", lab), [Serve(lab, "running")]
    warm = msgspec.structs.replace(lab, state="ready", since=now)
    told = lab_events.thawed(lab, state.woken or "restart", _seconds(state.since, now), now)
    # Who waits is not kept from it: it answers already, and its route was there all the time.
    return State("ready", warm), [Serve(warm, "thawed"), Tell(told), Write(warm)]


def _undone(state: State, lab: Lab, over: FreezeOver, now: datetime) -> Step:
    return State("thawing", lab, since=now, woken=state.woken), [over, Thaw(lab)]


def _seconds(since: datetime | None, now: datetime) -> float:
    """How long ago, whatever clocks do."""
    return max((now - since).total_seconds(), 0.0) if since else 0.0
